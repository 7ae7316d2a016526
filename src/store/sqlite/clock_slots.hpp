// Which clocks processes hold their leases in, and whether one of each lives: a table in the sidecar behind the locks'
// own page, and a shared lock on a byte of its row for as long as a process that uses the clock has the file open. Such
// a lock dies with its process, so what can be seen of it is true. Nothing here is ever waited for.
//
// Whoever finds leases on a clock that it cannot compare with its own measures for how long nobody of that clock has
// been there. The measurement stands in the row of the one who measures, so that short-lived processes can share it,
// and counts as long as nobody has taken the other row again.
#pragma once

#include "store/descriptor.hpp"
#include "store/store.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tse::store::sqlite {

/// What is known of the processes whose leases are held in a clock, and that have the file open.
struct ClockPresence {
  bool living = true;              ///< there is one, or that cannot be told
  std::int64_t absent_for = 0;     ///< us for which there has been none, as those measured who asked with one clock
  std::int64_t longest_lease = 0;  ///< us, of all that were granted in it; 0: not known
};

/// What all processes of one clock remember of the wall clock, as its distance to theirs, in us.
enum class WallNote : std::uint8_t {
  lowest,        ///< the least that was seen
  accepted,      ///< what the host said to be right
  leap_noticed,  ///< when a leap was noticed, on the processes' clock
  leap_from,     ///< and from which distance
};
using WallNotes = std::array<std::int64_t, 4>;
inline constexpr std::int64_t no_note = INT64_MIN;

/// Any thread.
class ClockSlots {
 public:
  ClockSlots() = default;
  ClockSlots(const ClockSlots&) = delete;
  ClockSlots& operator=(const ClockSlots&) = delete;

  /// Takes the clock's row, or makes one, and shows that it lives. Under the write lock. Where the kernel has no locks
  /// of this kind, it is a row without proof. Throws Failure. False: the table is full of living clocks.
  bool join(const std::string& sidecar, std::string_view clock);
  void close() noexcept;
  /// What a child of fork() inherits is the parent's; another thread of it may be at work here.
  void close_in_child() noexcept;

  /// Under the write lock: raises the longest lease of the own clock.
  void note_lease(std::int64_t duration);
  [[nodiscard]] ClockPresence presence(std::string_view clock, std::int64_t now) noexcept;
  [[nodiscard]] std::optional<WallNotes> wall_notes() noexcept;
  void set_wall_note(WallNote which, std::int64_t value) noexcept;

 private:
  /// For how long nobody of a clock has been there. `taken` is that row's when it began.
  struct Absence {
    std::uint64_t clock = 0;  // a hash; 0: none
    std::int64_t taken = 0;
    std::int64_t since = 0;
  };
  static constexpr std::size_t name_room = 128;
  static constexpr std::size_t absences_room = 8;
  /// As it stands in the file, in the machine's byte order.
  struct Row {
    std::array<char, name_room> name{};
    std::int64_t name_size = 0;
    std::int64_t taken = 0;  // one more than any row before, whenever a process takes it
    std::int64_t longest_lease = 0;
    WallNotes wall{no_note, no_note, no_note, no_note};
    std::array<Absence, absences_room> absences{};
    std::array<std::byte, 136> unused{};
    [[nodiscard]] std::string_view clock() const noexcept;
  };
  static constexpr std::size_t row_size = 512;
  static_assert(sizeof(Row) == row_size);
  static constexpr std::size_t rows = 64;
  using Table = std::vector<Row>;

  [[nodiscard]] Table read_table() const;
  [[nodiscard]] static std::optional<std::size_t> find(const Table& table, std::string_view clock) noexcept;
  [[nodiscard]] std::optional<std::size_t> choose(const Table& table, std::string_view clock) const noexcept;
  [[nodiscard]] bool lives(std::size_t row) const noexcept;
  [[nodiscard]] std::int64_t measure(Row& mine, std::string_view clock, std::int64_t taken, std::int64_t now) const;
  [[nodiscard]] ClockPresence look(std::string_view clock, std::int64_t now);
  void lock(std::size_t row);
  [[nodiscard]] bool write(std::size_t row, std::size_t offset, const void* bytes, std::size_t size) const noexcept;

  std::mutex mutex_;  // guards all of it
  OwnDescriptor file_;
  std::optional<std::size_t> own_;
  std::int64_t longest_ = 0;  // lease of the own clock that is noted
};

}  // namespace tse::store::sqlite
