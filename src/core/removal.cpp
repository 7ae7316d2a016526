#include "core/removal.hpp"

#include "core/admit.hpp"

#include <string>

namespace tse::core {

bool may_purge(const Task& task, std::optional<std::int64_t> key_kept_until, const PurgeTerms& terms) noexcept {
  if (!taskstate::is_terminal(task.status) || task.updated_at > terms.ended_until) return false;
  return !key_kept_until || !is_in_force(*key_kept_until, terms.expired_until);
}

std::optional<Error> check_erasure(const Task& task) {
  if (taskstate::is_terminal(task.status)) return std::nullopt;
  return Error{Code::illegal_transition,
               "a " + std::string(to_string(task.status)) + " task cannot be erased; cancel it first"};
}

}  // namespace tse::core
