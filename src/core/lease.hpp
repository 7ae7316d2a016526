// Leases: the token that names one, and the clock that its end is held in.
#pragma once

#include "core/task.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tse::core {

/// What a worker shows to prove that it holds a task. The generation is the file's: a lease of one file is none in a
/// copy of it.
struct LeaseToken {
  std::string generation;
  Key key;
  std::int64_t epoch = 0;
  std::int64_t duration = 0;  ///< us; what a heartbeat prolongs it by
  bool operator==(const LeaseToken&) const = default;
};

/// Printable ASCII, at most 512 bytes.
[[nodiscard]] std::string format_lease(const LeaseToken& token);
/// Nothing for text that no format_lease() made.
[[nodiscard]] std::optional<LeaseToken> parse_lease(std::string_view text);

/// A clock that leases are held in, as a name that is stored beside each lease's end. The boot clock ("boot:<boot
/// id>:<time namespace>") runs evenly whatever happens to the wall clock; an end on the clock of another boot is in the
/// past, since no process outlives its boot. The wall clock ("wall") is for systems that do not tell their boot.
[[nodiscard]] std::string boot_clock_name(std::string_view boot_id, std::string_view time_namespace);
/// The same where something else stands in the place of the kernel's boot id ("boot:?<boot id>:<time namespace>"), as
/// containers mount it: it tells its own clock from others, and nothing of boots.
[[nodiscard]] std::string masked_boot_clock_name(std::string_view boot_id, std::string_view time_namespace);
inline constexpr std::string_view wall_clock_name = "wall";

/// Whether two different names of this clock's kind are of two boots.
[[nodiscard]] bool tells_boot(std::string_view clock) noexcept;

/// How an end that is held in clock `theirs` is judged by whoever reads clock `ours`.
enum class Comparable {
  same,          ///< compare with our clock
  wall,          ///< compare with the wall clock
  another_boot,  ///< it is over
  unknown,       ///< another time namespace of this boot, a boot id that is hidden or masked, or another kind of clock
};
[[nodiscard]] Comparable compare_clocks(std::string_view ours, std::string_view theirs) noexcept;

/// Whether tse_claim() may hand the task out again: running, and held by nobody, after it was held.
[[nodiscard]] bool is_offered_again(const Row& row) noexcept;

}  // namespace tse::core
