#include "core/file_settings.hpp"

#include "core/check.hpp"
#include "unit/core/support.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace tse::core;
using namespace std::chrono_literals;

namespace {

StoredSettings written(const Settings& settings) { return std::get<StoredSettings>(settle(settings, {})); }

/// Each other than its default.
Settings unusual() {
  Settings settings;
  settings.operations = {"delete", "create", "report", "b"};
  settings.policy.location = PathTemplate("/a/{zone_id}/{task_id}/{install_id}?b=c", "location");
  settings.policy.status_url = PathTemplate("/{task_id}", "status_url", PathTemplate::Install::refused);
  settings.policy.completed = Completed::ok;
  settings.policy.retry_after_min = 2;
  settings.policy.retry_after_max = 7;
  settings.policy.ignore_bad_request_id = true;
  settings.running_limit = 3;
  settings.pending_limit = 4;
  settings.idempotency_retention = 5s;
  settings.adopt_request_id = true;
  settings.retention = 6s;
  settings.tombstones = 7s;
  settings.result_retention = 9s;
  settings.feed_retention = 8s;
  return settings;
}

std::string refusal(const StoredSettings& stored) {
  const auto read = read_settings(stored, {});
  const auto* const refused = std::get_if<Error>(&read);
  if (refused == nullptr) return "";
  BOOST_TEST((refused->code == Code::corrupt));
  return refused->message;
}

using Lines = std::vector<std::string>;

std::string refusal(const std::string& name, const std::string& value) { return refusal({{name, value}}); }

}  // namespace

BOOST_AUTO_TEST_SUITE(settings_of_the_file)

BOOST_AUTO_TEST_CASE(each_has_its_name_and_spelling) {
  const StoredSettings stored = written(unusual());
  const StoredSettings expected{{"operations", "b create delete report"},
                                {"location", "/a/{zone_id}/{task_id}/{install_id}?b=c"},
                                {"status_url", "/{task_id}"},
                                {"completed", "ok"},
                                {"retry_after", "2 7"},
                                {"ignore_bad_request_id", "1"},
                                {"running_limit", "3"},
                                {"pending_limit", "4"},
                                {"idempotency_retention", "5000000"},
                                {"adopt_request_id", "1"},
                                {"retention", "6000000"},
                                {"tombstones", "7000000"},
                                {"result_retention", "9000000"},
                                {"feed_retention", "8000000"}};
  BOOST_TEST((stored == expected));
  BOOST_TEST(stored.size() == file_setting_count);
  for (std::size_t index = 0; index < file_setting_count; ++index)
    BOOST_TEST(stored.contains(name_of(static_cast<FileSetting>(index))));
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
  for (const Settings& settings : {Settings(), unusual()}) {
    const auto read = std::get<FileSettings>(read_settings(written(settings), {}));
    Settings again;
    static_cast<FileSettings&>(again) = read;
    BOOST_TEST((written(again) == written(settings)));
    BOOST_TEST(!check(again).has_value());
  }
}

BOOST_AUTO_TEST_CASE(what_the_file_does_not_say_is_as_before) {
  FileSettings base = unusual();
  base.policy.longest_wait = 9;
  const auto read = std::get<FileSettings>(read_settings({{"pending_limit", "12"}, {"of_a_later_version", "x"}}, base));
  BOOST_TEST(read.pending_limit == 12);
  BOOST_TEST(read.running_limit == 3);
  BOOST_TEST(read.policy.longest_wait == 9);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_named) {
  BOOST_TEST(refusal("retention", "7") ==
             "the file's setting retention is none: 7; give it at open, with reconfigure, to replace it");
  for (const char* text : {"", "-1", "007", "x", "99999999999999999999"})
    for (const char* name : {"running_limit", "pending_limit", "idempotency_retention", "retention", "result_retention",
                             "tombstones", "feed_retention"})
      BOOST_TEST(refusal(name, text) != "");
  for (const char* text : {"", "2", "true"})
    for (const char* name : {"adopt_request_id", "ignore_bad_request_id"}) BOOST_TEST(refusal(name, text) != "");
  for (const char* text : {"", "a  b", " a", "a ", "A", "a,b"}) BOOST_TEST(refusal("operations", text) != "");
  for (const char* text : {"", "1", "1 ", " 1", "1 x", "x 1", "7 2", "1 86401"})
    BOOST_TEST(refusal("retry_after", text) != "");
  BOOST_TEST(refusal("location", "//evil") != "");
  BOOST_TEST(refusal("status_url", "/{install_id}") != "");
  BOOST_TEST(refusal("completed", "maybe") != "");
  BOOST_TEST(refusal("completed", "see_other") == "");
  BOOST_TEST(refusal("adopt_request_id", "0") == "");
  BOOST_TEST(refusal("location", std::string("/\n")).find("is none: 2 bytes;") != std::string::npos);
  BOOST_TEST(refusal("location", std::string(201, '/')).find("is none: 201 bytes;") != std::string::npos);
  BOOST_TEST(refusal("location", std::string("/\x7f")).find("is none: 2 bytes;") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_not_given_is_the_files) {
  Settings settings;
  settings.pending_limit = 99;  // a default of a later version, say
  BOOST_TEST(std::get<StoredSettings>(settle(settings, written(unusual()))).empty());
}

BOOST_AUTO_TEST_CASE(what_the_file_lacks_is_added) {
  StoredSettings stored = written(unusual());
  stored.erase("tombstones");
  Settings settings;
  settings.tombstones = 3s;
  BOOST_TEST((std::get<StoredSettings>(settle(settings, stored)) == StoredSettings{{"tombstones", "3000000"}}));
}

BOOST_AUTO_TEST_CASE(what_is_given_must_be_what_the_file_holds) {
  Settings settings = unusual();
  settings.given = GivenSettings::all();
  StoredSettings stored = written(settings);
  BOOST_TEST(std::get<StoredSettings>(settle(settings, stored)).empty());
  stored.at("operations") = "report delete create b";  // the same, written by others
  BOOST_TEST(std::get<StoredSettings>(settle(settings, stored)).empty());

  settings.running_limit = 5;
  settings.policy.location = PathTemplate("/b", "location");
  const auto refused = std::get<Error>(settle(settings, stored));
  BOOST_TEST((refused.code == Code::invalid_argument));
  BOOST_TEST((test::lines(refused.details) ==
              Lines{"location: must be left out or what the file holds, /a/{zone_id}/{task_id}/{install_id}?b=c, "
                    "is /b; with reconfigure it is changed for all who use the file",
                    "running_limit: must be left out or what the file holds, 3, is 5; with reconfigure it is "
                    "changed for all who use the file"}));
  settings.reconfigure = true;
  BOOST_TEST((std::get<StoredSettings>(settle(settings, stored)) ==
              StoredSettings{{"location", "/b"}, {"running_limit", "5"}}));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_replaced_by_reconfigure_alone) {
  StoredSettings stored = written({});
  stored.at("retention") = "x\n";
  Settings settings;
  BOOST_TEST((std::get<Error>(settle(settings, stored)).code == Code::corrupt));
  settings.reconfigure = true;
  BOOST_TEST((std::get<Error>(settle(settings, stored)).code == Code::corrupt));
  settings.given.add(FileSetting::retention);
  BOOST_TEST((std::get<StoredSettings>(settle(settings, stored)) == StoredSettings{{"retention", "0"}}));
  settings.reconfigure = false;
  const auto refused = std::get<Error>(settle(settings, stored));
  BOOST_TEST((refused.code == Code::invalid_argument));
  BOOST_TEST(refused.message.find("the file holds, 2 bytes, is 0;") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(given_settings_are_kept_apart) {
  GivenSettings given;
  for (std::size_t index = 0; index < file_setting_count; ++index) {
    const auto setting = static_cast<FileSetting>(index);
    BOOST_TEST(!given.has(setting));
    given.add(setting);
    BOOST_TEST(given.has(setting));
    BOOST_TEST(GivenSettings::all().has(setting));
  }
}

BOOST_AUTO_TEST_CASE(a_stamp_is_a_number) {
  BOOST_TEST(stamp_of({}) == 0);
  BOOST_TEST(stamp_of({{"stamp", "12"}}) == 12);
  BOOST_TEST(stamp_of({{"stamp", "x"}}) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
