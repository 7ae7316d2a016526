// Whether a new task may come in: what an idempotency key, a predecessor, a tombstone and the zone's limit say to it.
#pragma once

#include "core/apply.hpp"
#include "core/error.hpp"
#include "core/idempotency.hpp"
#include "core/task.hpp"

#include <cstdint>
#include <optional>
#include <variant>

namespace tse::core {

/// What the store holds that bears on one creation. What the request does not ask about need not be looked for.
struct Surroundings {
  std::optional<Replay> replay{};           ///< under the request's idempotency key, also when its time is over
  std::optional<Row> first{};               ///< the task that a replay in force names
  std::optional<Row> predecessor{};         ///< the task that retry_of names
  std::optional<std::int64_t> tombstone{};  ///< until when that of the id stands, also when that is over
  std::int64_t pending = 0;                 ///< tasks of the zone; looked for if there is a limit
};

struct AdmissionTerms {
  std::int64_t expired_until = 0;  ///< us UTC; what ends then or before has ended
  std::int64_t pending_limit = 0;  ///< 0: no limit
};

enum class Admission {
  insert,       ///< the task is new
  replace_key,  ///< it is new, and what is kept under its key is over: that goes first
  replay,       ///< it was made before: the answer is the first task
};

/// Whether what is kept under a key still speaks for it.
[[nodiscard]] constexpr bool is_in_force(std::int64_t expires_at, std::int64_t expired_until) noexcept {
  return expires_at > expired_until;
}

/// The verdict, in this order: idempotency_mismatch, replay; not_found or illegal_transition of the predecessor;
/// already_exists by a tombstone; limit_exceeded. That the id is free is for the insertion to find: `id_taken`.
[[nodiscard]] std::variant<Admission, Error> admit(const NewTask& spec, const Surroundings& found,
                                                   const AdmissionTerms& terms);

inline constexpr FixedError id_taken{Code::already_exists, "id: a task with this id exists in the zone"};

}  // namespace tse::core
