// Trying a failed task again: what the new task takes over, and how the first retry is found again.
#pragma once

#include "core/apply.hpp"
#include "core/error.hpp"
#include "core/idempotency.hpp"
#include "core/task.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace tse::core {

/// Whether the task may be retried: not_found, illegal_transition if it did not fail.
[[nodiscard]] std::optional<Error> check_retry(const std::optional<Row>& row);

/// A task like the failed one: its operation, install id, package fields, payload, priority, attempts, ref and the time
/// to start within; not its links, warnings, idempotency key, not_before and tracing.
[[nodiscard]] NewTask retry_of(const Row& failed, Text payload);

/// The key under which the zone keeps which task was the first to retry this one, like a request's idempotency key. No
/// host can give such a key, and no other task ever has the number in it.
[[nodiscard]] std::string retry_key(const Row& failed);
/// What is kept under it: as long as the new task, which it does not keep from a purge.
[[nodiscard]] Replay retry_record(const NewTask& retry);

/// Why a task that was retried is not retried again.
[[nodiscard]] Error already_retried(std::string_view first_id);

}  // namespace tse::core
