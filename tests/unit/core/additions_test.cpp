#include "core/additions.hpp"

#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace tse::core;
using namespace tse::core::test;

BOOST_AUTO_TEST_SUITE(core_additions)

namespace {

Additions all_fields() {
  Additions additions;
  additions.install_id = "ins_1";
  additions.package_id = "pkg_1";
  additions.package_slug = "slug";
  additions.package_version = 3;
  additions.links = {link_to("/a")};
  additions.warnings = {warning_saying("w")};
  return additions;
}

std::string broken_by(const Additions& additions) {
  std::vector<Detail> details;
  check_additions(details, additions);
  return fields(details);
}

std::string refused_by(const Task& task, const Additions& additions) {
  std::vector<Detail> details;
  check_write_once(details, task, additions);
  return fields(details);
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_field_has_its_rule_and_all_are_reported) {
  BOOST_TEST(broken_by({}) == "");
  BOOST_TEST(broken_by(all_fields()) == "");
  Additions wrong;
  wrong.install_id = "..";
  wrong.links = {link_to("x")};
  wrong.package_id = "";
  wrong.package_slug = "\n";
  wrong.package_version = -1;
  wrong.warnings = {warning_saying("\xff")};
  BOOST_TEST(broken_by(wrong) ==
             "install_id links[0].href package_id package_slug package_version warnings[0].message");
}

BOOST_AUTO_TEST_CASE(three_fields_are_set_once_and_may_be_said_again) {
  Task task;
  BOOST_TEST(refused_by(task, all_fields()) == "");
  BOOST_TEST(merge(task, all_fields()));
  BOOST_TEST(refused_by(task, all_fields()) == "");
  BOOST_TEST(refused_by(task, {}) == "");
  Additions others = all_fields();
  others.install_id = "ins_2";
  others.package_id = "pkg_2";
  others.package_slug = "other";
  others.package_version = 4;
  BOOST_TEST(refused_by(task, others) == "install_id package_id package_slug");
}

BOOST_AUTO_TEST_CASE(merging_sets_fields_and_appends_what_is_new) {
  Task task;
  BOOST_TEST(merge(task, all_fields()));
  BOOST_TEST(task.install_id.value() == "ins_1");
  BOOST_TEST(task.package_id.value() == "pkg_1");
  BOOST_TEST(task.package_slug.value() == "slug");
  BOOST_TEST(task.package_version.value() == 3);
  BOOST_TEST(task.links.size() == 1U);
  BOOST_TEST(task.warnings.size() == 1U);
  Additions more;
  more.package_version = 4;
  more.links = {link_to("/a"), link_to("/b")};
  BOOST_TEST(merge(task, more));
  BOOST_TEST(task.package_version.value() == 4);
  BOOST_REQUIRE(task.links.size() == 2U);
  BOOST_TEST(task.links[1].href == "/b");
}

BOOST_AUTO_TEST_CASE(merging_what_is_there_changes_nothing) {
  Task task;
  BOOST_TEST(merge(task, all_fields()));
  const Task before = task;
  BOOST_TEST(!merge(task, all_fields()));
  BOOST_TEST(!merge(task, {}));
  BOOST_TEST((task == before));
}

BOOST_AUTO_TEST_SUITE_END()
