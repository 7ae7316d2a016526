// RFC 3339 times of warnings, from and to moments. In C++20 without <format>, which g++ 12 has not.
#pragma once

#include <taskstate/contract/limits.hpp>
#include <taskstate/error.hpp>
#include <taskstate/link.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace taskstate::detail {

/// The moments that RFC 3339 can spell: years 0000 to 9999.
inline constexpr std::int64_t min_time_us = contract::limit::time.least;
inline constexpr std::int64_t max_time_us = contract::limit::time.most;

inline void append_digits(std::string& out, std::int64_t value, std::size_t width) {
  const std::string digits = std::to_string(value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

/// "2019-12-27T18:11:19.117000Z", or nothing for a moment beyond those years.
[[nodiscard]] inline std::optional<std::string> format_time(Time moment) {
  const std::int64_t us = moment.time_since_epoch().count();
  if (us < min_time_us || us > max_time_us) return std::nullopt;
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(moment - day);
  std::string out;
  append_digits(out, static_cast<int>(date.year()), 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_digits(out, clock.hours().count(), 2);
  out += ':';
  append_digits(out, clock.minutes().count(), 2);
  out += ':';
  append_digits(out, clock.seconds().count(), 2);
  out += '.';
  append_digits(out, clock.subseconds().count(), 6);
  out += 'Z';
  return out;
}

/// Reads the library's own form, "2019-12-27T18:11:19.117Z". Throws Error internal for any other.
[[nodiscard]] inline Time read_time(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00.000Z";
  const auto bad = [] { return Error(Errc::internal, "a time of the library's JSON cannot be read"); };
  if (text.size() != form.size()) throw bad();
  std::array<int, 7> parts{};
  std::size_t part = 0;
  for (std::size_t index = 0; index < form.size(); ++index) {
    const char c = text[index];
    if (form[index] != '0') {
      if (c != form[index]) throw bad();
      ++part;
    } else {
      if (c < '0' || c > '9') throw bad();
      parts[part] = parts[part] * 10 + (c - '0');
    }
  }
  const auto month = static_cast<unsigned>(parts[1]);
  const auto day = static_cast<unsigned>(parts[2]);
  const std::chrono::year_month_day date{std::chrono::year(parts[0]), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok()) throw bad();
  return std::chrono::sys_days(date) + std::chrono::hours(parts[3]) + std::chrono::minutes(parts[4]) +
         std::chrono::seconds(parts[5]) + std::chrono::milliseconds(parts[6]);
}

}  // namespace taskstate::detail
