// Which tasks may be removed. A store that selects them by itself restates may_purge().
#pragma once

#include "core/error.hpp"
#include "core/task.hpp"

#include <cstdint>
#include <limits>
#include <optional>

namespace tse::core {

/// What a purge removes. Times in us UTC, inclusive.
struct PurgeTerms {
  std::int64_t ended_until = 0;    ///< tasks that ended then or before
  std::int64_t expired_until = 0;  ///< an idempotency key that is kept beyond it keeps its task
};

/// Of a key that goes with its task, and does not keep it.
inline constexpr std::int64_t kept_with_its_task = std::numeric_limits<std::int64_t>::max();

/// `key_kept_until`: the latest end of an idempotency key that names the task, apart from keys that are kept with it;
/// none: no key does.
[[nodiscard]] bool may_purge(const Task& task, std::optional<std::int64_t> key_kept_until,
                             const PurgeTerms& terms) noexcept;

/// illegal_transition unless the task has ended. An erasure minds neither age nor keys.
[[nodiscard]] std::optional<Error> check_erasure(const Task& task);

}  // namespace tse::core
