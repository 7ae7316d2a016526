#include "core/retry.hpp"

#include "core/removal.hpp"
#include "core/validate.hpp"
#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace tse::core;
using namespace tse::core::test;

namespace {

NewTask rich_task() {
  NewTask spec = usual_task();
  spec.install_id = "ins_1";
  spec.package_slug = "slug";
  spec.package_version = 7;
  spec.links = {link_to("/a")};
  spec.warnings = {warning_saying("w")};
  spec.max_attempts = 3;
  spec.idempotency_key = "key";
  spec.priority = 50;
  spec.ref = "order 7";
  return spec;
}

Row failed(const NewTask& spec) {
  Context context = at_time(noon);
  context.request_id = "req";
  const Row row = std::get<Row>(create(spec, usual_operations(), status_url(), context));
  return next(next(row, Start{}), failing());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_retry)

BOOST_AUTO_TEST_CASE(a_retry_takes_over_what_the_work_is) {
  NewTask spec = rich_task();
  spec.start_within = 60 * second;
  const NewTask retry = retry_of(failed(spec), "payload");
  BOOST_TEST(retry.zone_id == "z1");
  BOOST_TEST(!retry.id);
  BOOST_TEST(retry.operation == "create");
  BOOST_TEST(retry.install_id.value() == "ins_1");
  BOOST_TEST(retry.package_id.value() == "pkg_1");
  BOOST_TEST(retry.package_slug.value() == "slug");
  BOOST_TEST(retry.package_version.value() == 7);
  BOOST_TEST(retry.payload.value() == "payload");
  BOOST_TEST(retry.start_within.value() == 60 * second);
  BOOST_TEST(retry.max_attempts == 3);
  BOOST_TEST(retry.priority == 50);
  BOOST_TEST(retry.ref.value() == "order 7");
  BOOST_TEST(retry.retry_of.value() == "t1");
}

BOOST_AUTO_TEST_CASE(a_retry_takes_over_nothing_of_the_first_run) {
  NewTask spec = rich_task();
  spec.not_before = noon + second;
  const NewTask retry = retry_of(failed(spec), {});
  BOOST_TEST(retry.links.empty());
  BOOST_TEST(retry.warnings.empty());
  BOOST_TEST(!retry.idempotency_key);
  BOOST_TEST(!retry.not_before);
  BOOST_TEST(!retry.payload);
  BOOST_TEST(!retry.start_within);
}

BOOST_AUTO_TEST_CASE(the_time_to_start_counts_from_creation) {
  NewTask spec = usual_task();
  spec.not_before = noon + 100 * second;
  spec.start_within = 60 * second;
  BOOST_TEST(retry_of(failed(spec), {}).start_within.value() == 160 * second);
  const std::int64_t longest = contract::argument::start_within.most;
  spec.start_within = longest;
  BOOST_TEST(retry_of(failed(spec), {}).start_within.value() == longest);
}

BOOST_AUTO_TEST_CASE(a_retry_can_be_created_and_leads_to_the_failed_one) {
  NewTask retry = retry_of(failed(rich_task()), "payload");
  retry.id = "t2";
  const Row row = std::get<Row>(create(retry, usual_operations(), status_url(), at_time(noon)));
  BOOST_REQUIRE(row.task.links.size() == 1U);
  BOOST_TEST(row.task.links[0].rel == "predecessor");
  BOOST_TEST(row.task.links[0].href == "/zones/z1/catalog_tasks/t1");
}

BOOST_AUTO_TEST_CASE(only_a_failed_task_is_retried) {
  BOOST_TEST(!check_retry(failed_row()));
  BOOST_TEST(!check_retry(next(pending_row(), Cancel{})));
  BOOST_TEST(check_retry(std::nullopt)->code == Code::not_found);
  for (const Row& row : {pending_row(), running_row(), completed_row()}) {
    const Error refused = check_retry(row).value();
    BOOST_TEST(refused.code == Code::illegal_transition);
    BOOST_TEST(refused.message ==
               "only a failed task can be retried, this one is " + std::string(to_string(row.task.status)));
  }
}

BOOST_AUTO_TEST_CASE(the_first_retry_is_kept_under_a_key_that_no_host_can_give) {
  Row row = failed_row();
  row.number = 7;
  std::vector<Detail> details;
  check_name(details, "idempotency_key", retry_key(row));
  BOOST_TEST(lines(details).front() == "idempotency_key: must not contain control characters; has 8 bytes");
  Row other = row;
  other.number = 8;
  BOOST_TEST(retry_key(other) != retry_key(row));
  NewTask retry = retry_of(row, {});
  BOOST_TEST(retry_record(retry).task_id == "");
  retry.id = "t2";
  const Replay record = retry_record(retry);
  BOOST_TEST(record.task_id == "t2");
  BOOST_TEST(record.fingerprint.size() == 16U);
  BOOST_TEST(record.expires_at == kept_with_its_task);
}

BOOST_AUTO_TEST_CASE(a_second_retry_names_the_first) {
  const Error refused = already_retried("t2");
  BOOST_TEST(refused.code == Code::already_exists);
  BOOST_TEST(refused.message == "the task was retried already, by t2; ask for another retry if you want one");
}

BOOST_AUTO_TEST_SUITE_END()
