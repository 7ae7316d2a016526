// The state machine, as one constexpr table. A leaf: the C++ standard library only, so that the
// engine's own rules are built on the very table that users see.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace taskstate {

/// The state of a task as the wire spells it. @since 0.1
enum class Status : std::int32_t { pending = 0, running = 1, completed = 2, failed = 3 };

inline constexpr std::array<Status, 4> all_statuses{Status::pending, Status::running, Status::completed,
                                                    Status::failed};

/// Every legal move; a pair that is not listed is illegal. @since 0.1
struct Move {
  Status from;
  Status to;
};
inline constexpr std::array<Move, 3> legal_moves{
    {{Status::pending, Status::running}, {Status::running, Status::completed}, {Status::running, Status::failed}}};

/// Whether a task may move from one status to the other. Staying is no move. @since 0.1
[[nodiscard]] constexpr bool can_transition(Status from, Status to) noexcept {
  for (const Move& move : legal_moves)
    if (move.from == from && move.to == to) return true;
  return false;
}

/// Whether no move leads out of this status: completed and failed. @since 0.1
[[nodiscard]] constexpr bool is_terminal(Status status) noexcept {
  for (const Move& move : legal_moves)
    if (move.from == status) return false;
  return true;
}

/// The wire's word for a status; empty for a value that is none. @since 0.1
[[nodiscard]] constexpr std::string_view to_string(Status status) noexcept {
  switch (status) {
    case Status::pending: return "pending";
    case Status::running: return "running";
    case Status::completed: return "completed";
    case Status::failed: return "failed";
  }
  return {};
}

/// The status that a wire word names, or nothing. @since 0.1
[[nodiscard]] constexpr std::optional<Status> status_from_string(std::string_view text) noexcept {
  for (Status status : all_statuses)
    if (to_string(status) == text) return status;
  return std::nullopt;
}

}  // namespace taskstate
