// A number judged by its range in the contract, and the default that the contract gives it.
#pragma once

#include "core/error.hpp"

#include <taskstate/contract/range.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tse::core {

namespace contract = taskstate::contract;

/// Appends what is wrong, if anything is: "must be 1 ms to 30 days, is 0 us".
void check_range(std::vector<Detail>& out, std::string_view field, std::int64_t value, const contract::Range& range);
inline void check_range(std::vector<Detail>& out, std::int64_t value, const contract::Range& range) {
  check_range(out, range.name, value, range);
}
inline void check_range(std::vector<Detail>& out, std::chrono::microseconds value, const contract::Range& range) {
  check_range(out, value.count(), range);
}

/// What a value is that nobody gave.
[[nodiscard]] constexpr std::int64_t usual(const contract::Range& range) noexcept { return range.usual.value_or(0); }
[[nodiscard]] constexpr std::chrono::microseconds usual_duration(const contract::Range& range) noexcept {
  return std::chrono::microseconds(usual(range));
}

}  // namespace tse::core
