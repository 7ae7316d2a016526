// Why a task failed, and what an event of its history tells.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace taskstate::contract {

/// Why a task failed.
enum class FailureKind : std::int32_t {
  failed,     ///< its worker said so
  cancelled,  ///< somebody cancelled it
  expired,    ///< nobody started it in time
  lost,       ///< its worker is gone, and no attempt is left
};

/// By number.
inline constexpr std::array<std::string_view, 4> failure_kinds{"failed", "cancelled", "expired", "lost"};

/// The word for a kind, NUL-terminated; empty for a value that is none.
[[nodiscard]] constexpr std::string_view to_string(FailureKind kind) noexcept {
  const auto index = static_cast<std::size_t>(kind);
  return index < failure_kinds.size() ? failure_kinds[index] : std::string_view();
}

/// The kind that a word names, or nothing.
[[nodiscard]] constexpr std::optional<FailureKind> failure_kind_from_string(std::string_view text) noexcept {
  for (std::size_t index = 0; index < failure_kinds.size(); ++index)
    if (failure_kinds[index] == text) return static_cast<FailureKind>(index);
  return std::nullopt;
}

/// The kinds of event. Words, since a file may hold events of a newer engine.
namespace event {
inline constexpr std::string_view created = "created";                    ///< -> pending
inline constexpr std::string_view started = "started";                    ///< an attempt began
inline constexpr std::string_view annotated = "annotated";                ///< links, warnings or fields were added
inline constexpr std::string_view progress = "progress";                  ///< a heartbeat told progress
inline constexpr std::string_view cancel_requested = "cancel_requested";  ///< its worker is to stop
inline constexpr std::string_view reprioritized = "reprioritized";  ///< claims take it sooner or later than before
inline constexpr std::string_view released = "released";            ///< its worker gave it back
inline constexpr std::string_view lost = "lost";                    ///< its lease ended
inline constexpr std::string_view cancelled = "cancelled";          ///< somebody cancelled it
inline constexpr std::string_view expired = "expired";              ///< nobody started it in time
inline constexpr std::string_view completed = "completed";          ///< its outcome
inline constexpr std::string_view failed = "failed";                ///< its outcome
inline constexpr std::string_view external = "external";            ///< another SQL client changed it
inline constexpr std::string_view purged = "purged";                ///< it was removed; in the feed only
}  // namespace event

inline constexpr std::array event_kinds{
    event::created,       event::started,  event::annotated, event::progress,  event::cancel_requested,
    event::reprioritized, event::released, event::lost,      event::cancelled, event::expired,
    event::completed,     event::failed,   event::external,  event::purged};

}  // namespace taskstate::contract
