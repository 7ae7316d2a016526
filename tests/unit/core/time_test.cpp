#include "core/time.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

using namespace tse::core;

BOOST_AUTO_TEST_SUITE(core_time)

namespace {

/// The time as it is written again, or "none".
std::string through(std::string_view text) {
  const auto us = parse_time(text);
  return us ? format_time(*us) : "none";
}

}  // namespace

BOOST_AUTO_TEST_CASE(known_times_are_written) {
  BOOST_TEST(format_time(0) == "1970-01-01T00:00:00.000Z");
  BOOST_TEST(format_time(1577470279117000) == "2019-12-27T18:11:19.117Z");
  BOOST_TEST(format_time(951782400000000) == "2000-02-29T00:00:00.000Z");
  BOOST_TEST(format_time(min_time) == "0000-01-01T00:00:00.000Z");
  BOOST_TEST(format_time(max_time) == "9999-12-31T23:59:59.999Z");
}

BOOST_AUTO_TEST_CASE(microseconds_are_rounded_down_on_both_sides_of_1970) {
  BOOST_TEST(format_time(999) == "1970-01-01T00:00:00.000Z");
  BOOST_TEST(format_time(1000) == "1970-01-01T00:00:00.001Z");
  BOOST_TEST(format_time(-1) == "1969-12-31T23:59:59.999Z");
  BOOST_TEST(format_time(-1000) == "1969-12-31T23:59:59.999Z");
  BOOST_TEST(format_time(-1001) == "1969-12-31T23:59:59.998Z");
}

BOOST_AUTO_TEST_CASE(times_beyond_the_range_are_clamped) {
  BOOST_TEST(format_time(min_time - 1) == "0000-01-01T00:00:00.000Z");
  BOOST_TEST(format_time(max_time + 1) == "9999-12-31T23:59:59.999Z");
  BOOST_TEST(format_time(std::numeric_limits<std::int64_t>::min()) == "0000-01-01T00:00:00.000Z");
  BOOST_TEST(format_time(std::numeric_limits<std::int64_t>::max()) == "9999-12-31T23:59:59.999Z");
}

BOOST_AUTO_TEST_CASE(append_time_leaves_what_stands_before) {
  std::string text = "at ";
  append_time(text, 0);
  BOOST_TEST(text == "at 1970-01-01T00:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(each_day_of_the_calendar_survives_a_round_trip) {
  constexpr std::int64_t day = 86400000000;
  std::string before = "0000";
  for (std::int64_t us = min_time; us <= max_time; us += 37 * day) {
    const std::string text = format_time(us);
    BOOST_REQUIRE(parse_time(text) == us);
    BOOST_REQUIRE(before < text);
    before = text;
  }
}

BOOST_AUTO_TEST_CASE(offsets_are_taken_out) {
  BOOST_TEST(through("2019-12-27T18:11:19.117Z") == "2019-12-27T18:11:19.117Z");
  BOOST_TEST(through("2019-12-27t18:11:19.117z") == "2019-12-27T18:11:19.117Z");
  BOOST_TEST(through("2019-12-27T20:11:19.117+02:00") == "2019-12-27T18:11:19.117Z");
  BOOST_TEST(through("2019-12-27T12:41:19.117-05:30") == "2019-12-27T18:11:19.117Z");
  BOOST_TEST(through("2019-12-27T18:11:19.117-00:00") == "2019-12-27T18:11:19.117Z");
  BOOST_TEST(through("2019-12-31T23:59:59+23:59") == "2019-12-31T00:00:59.000Z");
}

BOOST_AUTO_TEST_CASE(fractions_have_one_to_nine_digits_and_are_cut_at_microseconds) {
  BOOST_TEST(parse_time("1970-01-01T00:00:00.5Z").value() == 500000);
  BOOST_TEST(parse_time("1970-01-01T00:00:00.000001Z").value() == 1);
  BOOST_TEST(parse_time("1970-01-01T00:00:00.000001999Z").value() == 1);
  BOOST_TEST(parse_time("1969-12-31T23:59:59.999999Z").value() == -1);
  BOOST_TEST(parse_time("1969-12-31T23:59:59.5Z").value() == -500000);
  BOOST_TEST(through("1970-01-01T00:00:00.Z") == "none");
  BOOST_TEST(through("1970-01-01T00:00:00.0000000001Z") == "none");
}

BOOST_AUTO_TEST_CASE(a_leap_second_is_the_start_of_the_next) {
  BOOST_TEST(through("1990-12-31T23:59:60Z") == "1991-01-01T00:00:00.000Z");
  BOOST_TEST(through("1990-12-31T23:59:60.750Z") == "1991-01-01T00:00:00.000Z");
  BOOST_TEST(through("1990-12-31T15:59:60-08:00") == "1991-01-01T00:00:00.000Z");
  BOOST_TEST(through("2015-06-30T23:59:60Z") == "2015-07-01T00:00:00.000Z");
  BOOST_TEST(through("2015-06-29T23:59:60Z") == "none");
  BOOST_TEST(through("1990-12-31T22:59:60Z") == "none");
  BOOST_TEST(through("1991-01-01T05:59:60Z") == "none");
  BOOST_TEST(through("1990-12-31T23:59:61Z") == "none");
  BOOST_TEST(through("9999-12-31T23:59:60Z") == "none");
}

BOOST_AUTO_TEST_CASE(the_years_end_where_rfc_3339_ends) {
  BOOST_TEST(parse_time("0000-01-01T00:00:00Z").value() == min_time);
  BOOST_TEST(parse_time("9999-12-31T23:59:59.999999Z").value() == max_time);
  BOOST_TEST(through("0000-01-01T00:00:00+00:01") == "none");
  BOOST_TEST(through("9999-12-31T23:59:59-00:01") == "none");
  BOOST_TEST(through("0000-02-29T00:00:00Z") == "0000-02-29T00:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(days_that_are_not_in_the_month_are_refused) {
  BOOST_TEST(through("2019-02-28T00:00:00Z") != "none");
  BOOST_TEST(through("2019-02-29T00:00:00Z") == "none");
  BOOST_TEST(through("2020-02-29T00:00:00Z") != "none");
  BOOST_TEST(through("1900-02-29T00:00:00Z") == "none");
  BOOST_TEST(through("2000-02-29T00:00:00Z") != "none");
  BOOST_TEST(through("2019-04-30T00:00:00Z") != "none");
  BOOST_TEST(through("2019-04-31T00:00:00Z") == "none");
  BOOST_TEST(through("2019-12-31T00:00:00Z") != "none");
}

BOOST_AUTO_TEST_CASE(everything_else_is_no_time) {
  for (const char* text : {"",
                           "2019",
                           "2019-12-27",
                           "2019-12-27T18:11:19",
                           "2019-12-27 18:11:19Z",
                           "2019-12-27T18:11Z",
                           "2019-00-27T18:11:19Z",
                           "2019-13-27T18:11:19Z",
                           "2019-12-00T18:11:19Z",
                           "2019-12-32T18:11:19Z",
                           "2019-12-27T24:00:00Z",
                           "2019-12-27T18:60:19Z",
                           "2019-12-27T18:11:19+24:00",
                           "2019-12-27T18:11:19+00:60",
                           "2019-12-27T18:11:19+0000",
                           "2019-12-27T18:11:19+00",
                           "2019-12-27T18:11:19Zx",
                           " 2019-12-27T18:11:19Z",
                           "2019-12-27T18:11:19,5Z",
                           "19-12-27T18:11:19Z",
                           "+2019-12-27T18:11:19Z",
                           "-001-12-27T18:11:19Z",
                           "2019/12/27T18:11:19Z",
                           "2019-12-27T1a:11:19Z",
                           "2019-12-27T18:11:19.5"})
    BOOST_TEST(through(text) == "none", text);
}

BOOST_AUTO_TEST_SUITE_END()
