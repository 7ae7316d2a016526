// RFC 3339 from and to microseconds UTC. No clock is read here.
#pragma once

#include <taskstate/contract/limits.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tse::core {

/// The times that RFC 3339 can spell: years 0000 to 9999.
inline constexpr std::int64_t min_time = taskstate::contract::limit::time.least;
inline constexpr std::int64_t max_time = taskstate::contract::limit::time.most;

/// "2019-12-27T18:11:19.117Z": UTC, exactly three fractional digits, rounded down. `us` must lie in
/// [min_time, max_time]; values beyond are clamped.
[[nodiscard]] std::string format_time(std::int64_t us);
void append_time(std::string& out, std::int64_t us);

/// Any RFC 3339 date-time (section 5.6), any offset, 0 to 9 fractional digits (beyond microseconds cut
/// off); nothing if it is none or outside [min_time, max_time]. A leap second counts as the next second's start.
[[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text) noexcept;

}  // namespace tse::core
