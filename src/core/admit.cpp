#include "core/admit.hpp"

#include <string>

namespace tse::core {

std::variant<Admission, Error> admit(const NewTask& spec, const Surroundings& found, const AdmissionTerms& terms) {
  const bool in_force = found.replay && is_in_force(found.replay->expires_at, terms.expired_until);
  if (in_force) {
    if (auto refused = check_same(*found.replay, spec)) return *std::move(refused);
    if (found.first) return Admission::replay;
  }
  if (spec.retry_of)
    if (auto refused = check_predecessor(found.predecessor)) return *std::move(refused);
  if (found.tombstone && is_in_force(*found.tombstone, terms.expired_until))
    return Error{Code::already_exists, "id: a task with this id was purged from the zone"};
  if (terms.pending_limit > 0 && found.pending >= terms.pending_limit)
    return Error{Code::limit_exceeded,
                 "zone_id: as many tasks of the zone are pending as may be, " + std::to_string(terms.pending_limit)};
  return found.replay ? Admission::replace_key : Admission::insert;
}

}  // namespace tse::core
