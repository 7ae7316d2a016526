// Whether a task has moved for somebody who waits for it.
#pragma once

#include "core/task.hpp"

#include <cstdint>
#include <optional>

namespace tse::core {

/// `seen`: the revision that the waiter knows; none: it waits for the end.
[[nodiscard]] constexpr bool has_moved(bool ended, std::int64_t revision, std::optional<std::int64_t> seen) noexcept {
  return ended || (seen && revision > *seen);
}
[[nodiscard]] constexpr bool has_moved(Status status, std::int64_t revision,
                                       std::optional<std::int64_t> seen) noexcept {
  return has_moved(taskstate::is_terminal(status), revision, seen);
}

}  // namespace tse::core
