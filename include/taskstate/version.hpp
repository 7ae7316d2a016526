// Which library is linked.
#pragma once

#include <taskstate.h>
#include <taskstate/state_machine.hpp>

#include <cstdint>
#include <string_view>

namespace taskstate {

/// The linked library's version, "major.minor.patch". Static; any thread; does not block. @since 0.1
[[nodiscard]] inline std::string_view version() noexcept { return tse_version(); }

/// The linked library's ABI number. Any thread; does not block. @since 0.1
[[nodiscard]] inline std::int32_t abi() noexcept { return tse_abi(); }

/// Whether the linked library is one that these headers were written for: the same ABI number, and the
/// same state machine as state_machine.hpp has at compile time. Any thread; does not block. @since 0.1
[[nodiscard]] inline bool compatible() noexcept {
  if (abi() != TSE_ABI) return false;
  for (const Status from : all_statuses) {
    const char* name = tse_status_name(static_cast<std::int32_t>(from));
    if (name == nullptr || name != to_string(from)) return false;
    for (const Status to : all_statuses) {
      const bool legal = tse_can_transition(static_cast<std::int32_t>(from), static_cast<std::int32_t>(to)) != 0;
      if (legal != can_transition(from, to)) return false;
    }
  }
  return true;
}

}  // namespace taskstate
