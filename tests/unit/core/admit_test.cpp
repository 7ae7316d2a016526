#include "core/admit.hpp"

#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <variant>

using namespace tse::core;
using namespace tse::core::test;

namespace {

constexpr AdmissionTerms unlimited{noon, 0};

std::string verdict(const NewTask& spec, const Surroundings& found, const AdmissionTerms& terms = unlimited) {
  const auto result = admit(spec, found, terms);
  if (const auto* const refused = std::get_if<Error>(&result)) {
    BOOST_TEST((refused->outcome == Outcome::not_done));
    return std::string(to_string(refused->code));
  }
  switch (std::get<Admission>(result)) {
    case Admission::insert: return "insert";
    case Admission::replace_key: return "replace_key";
    case Admission::replay: return "replay";
  }
  return "";
}

Replay replay_of(const NewTask& spec, std::int64_t expires_at = noon + second) {
  return {fingerprint_version, fingerprint(spec), *spec.id, expires_at};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_admit)

BOOST_AUTO_TEST_CASE(a_task_that_nothing_speaks_against_is_new) {
  BOOST_TEST(verdict(usual_task(), {}) == "insert");
  BOOST_TEST(verdict(usual_task(), {{}, {}, {}, {}, 1000000}) == "insert");
}

BOOST_AUTO_TEST_CASE(a_repetition_is_answered_with_the_first_task) {
  Surroundings found;
  found.replay = replay_of(usual_task());
  found.first = failed_row();
  BOOST_TEST(verdict(usual_task(), found) == "replay");
  NewTask other = usual_task();
  other.package_id = "pkg_2";
  BOOST_TEST(verdict(other, found) == "idempotency_mismatch");
  found.first.reset();  // it was removed, and the key with it but for a foreign writer's doing
  BOOST_TEST(verdict(other, found) == "idempotency_mismatch");
  BOOST_TEST(verdict(usual_task(), found) == "replace_key");
}

BOOST_AUTO_TEST_CASE(a_key_ends_at_its_end) {
  NewTask other = usual_task();
  other.package_id = "pkg_2";
  Surroundings found;
  found.first = failed_row();
  found.replay = replay_of(usual_task(), noon + 1);
  BOOST_TEST(verdict(other, found) == "idempotency_mismatch");
  found.replay->expires_at = noon;
  BOOST_TEST(verdict(other, found) == "replace_key");
}

BOOST_AUTO_TEST_CASE(only_a_failed_task_is_tried_again) {
  NewTask spec = usual_task();
  spec.retry_of = "t0";
  Surroundings found;
  BOOST_TEST(verdict(spec, found) == "not_found");
  found.predecessor = completed_row();
  BOOST_TEST(verdict(spec, found) == "illegal_transition");
  found.predecessor = failed_row();
  BOOST_TEST(verdict(spec, found) == "insert");
}

BOOST_AUTO_TEST_CASE(a_tombstone_keeps_the_id_until_its_end) {
  Surroundings found;
  found.tombstone = noon + 1;
  BOOST_TEST(verdict(usual_task(), found) == "already_exists");
  found.tombstone = noon;
  BOOST_TEST(verdict(usual_task(), found) == "insert");
}

BOOST_AUTO_TEST_CASE(a_zone_has_so_many_pending_tasks) {
  Surroundings found;
  found.pending = 1;
  BOOST_TEST(verdict(usual_task(), found, {noon, 2}) == "insert");
  found.pending = 2;
  BOOST_TEST(verdict(usual_task(), found, {noon, 2}) == "limit_exceeded");
}

BOOST_AUTO_TEST_CASE(reasons_against_it_are_judged_in_one_order) {
  NewTask spec = usual_task();
  spec.retry_of = "t0";
  Surroundings found{replay_of(usual_task()), failed_row(), pending_row(), noon + 1, 5};
  const AdmissionTerms terms{noon, 5};
  BOOST_TEST(verdict(spec, found, terms) == "idempotency_mismatch");
  found.replay = replay_of(spec);
  BOOST_TEST(verdict(spec, found, terms) == "replay");
  found.first.reset();
  BOOST_TEST(verdict(spec, found, terms) == "illegal_transition");
  found.predecessor = failed_row();
  BOOST_TEST(verdict(spec, found, terms) == "already_exists");
  found.tombstone.reset();
  BOOST_TEST(verdict(spec, found, terms) == "limit_exceeded");
  found.pending = 4;
  BOOST_TEST(verdict(spec, found, terms) == "replace_key");
}

BOOST_AUTO_TEST_SUITE_END()
