#include "core/time.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace tse::core {

namespace {

constexpr std::int64_t us_per_second = 1000000;
constexpr std::int64_t us_per_minute = 60 * us_per_second;
constexpr std::int64_t us_per_hour = 60 * us_per_minute;
constexpr std::int64_t us_per_day = 24 * us_per_hour;

struct Date {
  std::int64_t year;
  std::int64_t month;
  std::int64_t day;
};

// Both directions count in eras of 400 years that begin on 1 March, so that a leap day ends its year
// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
std::int64_t days_from_date(Date date) noexcept {
  const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

Date date_from_days(std::int64_t days) noexcept {
  const std::int64_t shifted = days + 719468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const std::int64_t day_of_era = shifted - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

std::int64_t days_in_month(std::int64_t year, std::int64_t month) noexcept {
  constexpr std::array<std::int64_t, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return days[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

std::int64_t floor_to_day(std::int64_t us) noexcept {
  const std::int64_t rest = us % us_per_day;
  return us - (rest < 0 ? rest + us_per_day : rest);
}

void write_digits(char* to, std::int64_t value, std::size_t width) noexcept {
  for (std::size_t place = width; place-- > 0; value /= 10) to[place] = static_cast<char>('0' + value % 10);
}

// Reads the text from its front. Once something is missing, ok() stays false.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : rest_(text) {}

  std::int64_t number(std::size_t width, std::int64_t least, std::int64_t most) noexcept {
    std::int64_t value = 0;
    for (std::size_t place = 0; place < width; ++place) {
      if (!at_digit()) return fail();
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value < least || value > most ? fail() : value;
  }

  /// Consumes one of the characters and says which.
  char any_of(std::string_view characters) noexcept {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) {
      fail();
      return 0;
    }
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }

  /// The optional fraction of a second, 1 to 9 digits, in microseconds.
  std::int64_t fraction() noexcept {
    if (rest_.empty() || rest_.front() != '.') return 0;
    rest_.remove_prefix(1);
    std::int64_t nanoseconds = 0;
    std::size_t places = 0;
    for (; at_digit(); ++places, rest_.remove_prefix(1)) {
      if (places == 9) return fail();
      nanoseconds = nanoseconds * 10 + (rest_.front() - '0');
    }
    if (places == 0) return fail();
    for (; places < 9; ++places) nanoseconds *= 10;
    return nanoseconds / 1000;
  }

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

 private:
  [[nodiscard]] bool at_digit() const noexcept {
    return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
  }
  std::int64_t fail() noexcept {
    ok_ = false;
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

std::int64_t scan_offset(Scanner& in) noexcept {
  const char sign = in.any_of("Zz+-");
  if (sign != '+' && sign != '-') return 0;
  const std::int64_t hours = in.number(2, 0, 23);
  in.any_of(":");
  const std::int64_t offset = hours * us_per_hour + in.number(2, 0, 59) * us_per_minute;
  return sign == '-' ? -offset : offset;
}

}  // namespace

void append_time(std::string& out, std::int64_t us) {
  us = std::clamp(us, min_time, max_time);
  const std::int64_t midnight = floor_to_day(us);
  const Date date = date_from_days(midnight / us_per_day);
  const std::int64_t time = us - midnight;
  char text[] = "0000-00-00T00:00:00.000Z";
  write_digits(text, date.year, 4);
  write_digits(text + 5, date.month, 2);
  write_digits(text + 8, date.day, 2);
  write_digits(text + 11, time / us_per_hour, 2);
  write_digits(text + 14, time / us_per_minute % 60, 2);
  write_digits(text + 17, time / us_per_second % 60, 2);
  write_digits(text + 20, time / 1000 % 1000, 3);
  out.append(text, sizeof text - 1);
}

std::string format_time(std::int64_t us) {
  std::string text;
  text.reserve(24);
  append_time(text, us);
  return text;
}

std::optional<std::int64_t> parse_time(std::string_view text) noexcept {
  Scanner in(text);
  Date date{};
  date.year = in.number(4, 0, 9999);
  in.any_of("-");
  date.month = in.number(2, 1, 12);
  in.any_of("-");
  date.day = in.number(2, 1, 31);
  in.any_of("Tt");
  const std::int64_t hour = in.number(2, 0, 23);
  in.any_of(":");
  const std::int64_t minute = in.number(2, 0, 59);
  in.any_of(":");
  const std::int64_t second = in.number(2, 0, 60);
  const std::int64_t fraction = in.fraction();
  const std::int64_t offset = scan_offset(in);
  if (!in.ok() || !in.at_end() || date.day > days_in_month(date.year, date.month)) return std::nullopt;

  std::int64_t us =
      days_from_date(date) * us_per_day + hour * us_per_hour + minute * us_per_minute + second * us_per_second - offset;
  if (second < 60) {
    us += fraction;
  } else if (us != floor_to_day(us) || date_from_days(us / us_per_day).day != 1) {
    return std::nullopt;  // a leap second can only end a month, in UTC (RFC 3339, section 5.7)
  }
  if (us < min_time || us > max_time) return std::nullopt;
  return us;
}

}  // namespace tse::core
