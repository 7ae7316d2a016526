// A number with its bounds, and how it is told.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace taskstate::contract {

/// What a number is. Durations are microseconds unless the unit says seconds.
enum class Unit { number, items, bytes, microseconds, seconds };

inline constexpr std::int64_t unbounded = std::numeric_limits<std::int64_t>::max();

/// Which values a length, number or duration may have.
struct Range {
  std::string_view name;  ///< of the field, option or argument, as errors spell it
  Unit unit = Unit::number;
  std::int64_t least = 0;
  std::int64_t most = unbounded;
  std::optional<std::int64_t> usual{};  ///< where it is not given; none: it is required, or then absent
  bool or_zero = false;                 ///< 0 is allowed, too, and switches off what it limits

  [[nodiscard]] constexpr bool allows(std::int64_t value) const noexcept {
    return (value >= least && value <= most) || (or_zero && value == 0);
  }
};

inline constexpr std::int64_t millisecond = 1000;
inline constexpr std::int64_t second = 1000 * millisecond;
inline constexpr std::int64_t minute = 60 * second;
inline constexpr std::int64_t hour = 60 * minute;
inline constexpr std::int64_t day = 24 * hour;
inline constexpr std::int64_t year = 366 * day;  ///< the longest, so that a bound in years holds for any
inline constexpr std::int64_t kibibyte = 1024;
inline constexpr std::int64_t mebibyte = 1024 * kibibyte;
inline constexpr std::int64_t gibibyte = 1024 * mebibyte;

namespace detail {

struct Scale {
  std::int64_t size;
  std::int64_t from;  ///< smaller values are told in a smaller unit
  std::string_view unit;
};

inline constexpr Scale durations[] = {
    {year, 2 * year, " years"}, {day, 2 * day, " days"},           {hour, hour, " h"}, {minute, minute, " min"},
    {second, second, " s"},     {millisecond, millisecond, " ms"}, {1, 1, " us"}};
inline constexpr Scale sizes[] = {
    {gibibyte, gibibyte, " GiB"}, {mebibyte, mebibyte, " MiB"}, {kibibyte, kibibyte, " KiB"}, {1, 0, " bytes"}};
inline constexpr Scale seconds[] = {{1, 1, " s"}};

struct Told {
  std::string number;
  std::string_view unit;
};

/// In the largest unit that leaves a whole number.
[[nodiscard]] inline Told tell(std::int64_t value, std::span<const Scale> scales) {
  for (const Scale& scale : scales)
    if (value >= scale.from && value % scale.size == 0) return {std::to_string(value / scale.size), scale.unit};
  return {std::to_string(value), {}};
}

[[nodiscard]] constexpr std::span<const Scale> scales_of(Unit unit) noexcept {
  switch (unit) {
    case Unit::number:
    case Unit::items: break;
    case Unit::bytes: return sizes;
    case Unit::microseconds: return durations;
    case Unit::seconds: return seconds;
  }
  return {};
}

}  // namespace detail

/// "30 days", "64 KiB", "86400 s", "1000".
[[nodiscard]] inline std::string tell(std::int64_t value, Unit unit) {
  const auto [number, of] = detail::tell(value, detail::scales_of(unit));
  return number + std::string(of);
}

/// What a value must be: "1 ms to 30 days", "0, or 64 KiB and up", "at most 1 MiB", "1 to 512 bytes".
[[nodiscard]] inline std::string tell(const Range& range) {
  const std::string zero = range.or_zero ? "0, or " : "";
  if (range.most == unbounded) return zero + tell(range.least, range.unit) + " and up";
  if (range.most == range.least) return zero + tell(range.most, range.unit);
  const bool counts = range.unit == Unit::items || range.unit == Unit::bytes;
  if (counts && range.least == 0) return zero + "at most " + tell(range.most, range.unit);
  const std::span<const detail::Scale> scales = detail::scales_of(range.unit);
  const detail::Told least = detail::tell(range.least, scales);
  const detail::Told most = detail::tell(range.most, scales);
  if (least.unit == most.unit || least.unit.empty())
    return zero + least.number + " to " + most.number + std::string(most.unit);
  if (range.unit == Unit::bytes && range.least % kibibyte != 0)
    return zero + least.number + " to " + std::to_string(range.most) + " bytes";
  return zero + least.number + std::string(least.unit) + " to " + most.number + std::string(most.unit);
}

}  // namespace taskstate::contract
