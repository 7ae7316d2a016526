#include "store/sqlite/clock_slots.hpp"

#include "core/hash.hpp"
#include "store/sqlite/failure.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <type_traits>

namespace tse::store::sqlite {

using core::Failure;

namespace {

constexpr std::int64_t table_offset = 8192;  // the locks' page and the turnstile's byte come before

constexpr std::int64_t offset_of(std::size_t row, std::size_t row_size, std::size_t within = 0) noexcept {
  return table_offset + static_cast<std::int64_t>(row * row_size + within);
}

struct flock range_of(std::int64_t at, short type) noexcept {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = at;
  range.l_len = 1;
  return range;
}

/// Never 0, which stands for none.
std::uint64_t hash_of(std::string_view clock) noexcept { return core::hash64(clock) | 1; }

}  // namespace

std::string_view ClockSlots::Row::clock() const noexcept {
  return {name.data(), static_cast<std::size_t>(std::clamp<std::int64_t>(name_size, 0, name_room))};
}

// A file that is shorter has no more rows.
ClockSlots::Table ClockSlots::read_table() const {
  static_assert(std::is_trivially_copyable_v<Row>);
  Table table(rows);
  const ssize_t size = ::pread(file_.get(), static_cast<void*>(table.data()), rows * row_size, table_offset);
  if (size < 0) throw Failure(errno_error(errno, "read the -taskstate file"));
  table.resize(static_cast<std::size_t>(size) / row_size);
  return table;
}

std::optional<std::size_t> ClockSlots::find(const Table& table, std::string_view clock) noexcept {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Row& row) { return row.clock() == clock; });
  if (found == table.end()) return std::nullopt;
  return static_cast<std::size_t>(found - table.begin());
}

/// The clock's own row, a free one, or that of the clock which was used longest ago and has nobody left.
std::optional<std::size_t> ClockSlots::choose(const Table& table, std::string_view clock) const noexcept {
  if (const auto own = find(table, clock)) return own;
  if (const auto unused = find(table, {})) return unused;
  if (table.size() < rows) return table.size();
  std::optional<std::size_t> oldest;
  for (std::size_t row = 0; row < rows; ++row)
    if ((!oldest || table[row].taken < table[*oldest].taken) && !lives(row)) oldest = row;
  return oldest;
}

// What cannot be looked at may live. Locks of our own are not seen, but our own clock is never asked for.
bool ClockSlots::lives(std::size_t row) const noexcept {
  struct flock range = range_of(offset_of(row, row_size), F_WRLCK);
  if (::fcntl(file_.get(), F_OFD_GETLK, &range) != 0) return errno != EINVAL;
  return range.l_type != F_UNLCK;
}

void ClockSlots::lock(std::size_t row) {
  struct flock range = range_of(offset_of(row, row_size), F_RDLCK);
  while (::fcntl(file_.get(), F_OFD_SETLK, &range) != 0) {
    if (errno == EINVAL) return;  // a kernel without them
    if (errno != EINTR) throw Failure(errno_error(errno, "lock the -taskstate file"));
  }
}

bool ClockSlots::write(std::size_t row, std::size_t offset, const void* bytes, std::size_t size) const noexcept {
  if (!file_.is_ours()) return false;
  return ::pwrite(file_.get(), bytes, size, offset_of(row, row_size, offset)) == static_cast<ssize_t>(size);
}

bool ClockSlots::join(const std::string& sidecar, std::string_view clock) {
  const std::lock_guard guard(mutex_);
  file_ = OwnDescriptor(open_high(sidecar.c_str(), O_RDWR | O_NOFOLLOW));
  if (!file_) throw Failure(errno_error(errno, "open the -taskstate file"));
  const Table table = read_table();
  const auto place = choose(table, clock);
  if (!place || clock.size() > name_room) return false;
  Row row;
  std::copy(clock.begin(), clock.end(), row.name.begin());
  row.name_size = static_cast<std::int64_t>(clock.size());
  for (const Row& each : table) row.taken = std::max(row.taken, each.taken);
  ++row.taken;
  lock(*place);  // before the row says so: who sees it taken sees it live
  // Others of the same clock write to what else is in the row.
  const bool known = *place < table.size() && table[*place].clock() == clock;
  const bool written =
      known ? write(*place, offsetof(Row, taken), &row.taken, sizeof row.taken) : write(*place, 0, &row, sizeof row);
  if (!written) throw Failure(errno_error(errno, "write the -taskstate file"));
  own_ = place;
  return true;
}

void ClockSlots::close() noexcept {
  const std::lock_guard guard(mutex_);
  close_in_child();
}

void ClockSlots::close_in_child() noexcept { file_.close(); }

void ClockSlots::note_lease(std::int64_t duration) {
  const std::lock_guard guard(mutex_);
  if (!own_ || duration <= longest_ || !file_.is_ours()) return;
  constexpr std::size_t at = offsetof(Row, longest_lease);
  std::int64_t longest = 0;
  const ssize_t size = ::pread(file_.get(), &longest, sizeof longest, offset_of(*own_, row_size, at));
  if (size != static_cast<ssize_t>(sizeof longest)) longest = 0;
  if (longest < duration && !write(*own_, at, &duration, sizeof duration))
    throw Failure(errno_error(errno, "write the -taskstate file"));
  longest_ = std::max(longest, duration);
}

// First it was seen that nobody is there, then which row that was: who has taken it since has made it another.
std::int64_t ClockSlots::measure(Row& mine, std::string_view clock, std::int64_t taken, std::int64_t now) const {
  auto& all = mine.absences;
  const std::uint64_t hash = hash_of(clock);
  auto place = std::find_if(all.begin(), all.end(), [&](const Absence& each) { return each.clock == hash; });
  if (place != all.end() && place->taken == taken && place->since <= now) return now - place->since;
  const auto earlier = [](const Absence& one, const Absence& other) {
    return (one.clock != 0 ? one.since : INT64_MIN) < (other.clock != 0 ? other.since : INT64_MIN);
  };
  if (place == all.end()) place = std::min_element(all.begin(), all.end(), earlier);
  *place = {hash, taken, now};
  const std::size_t at = offsetof(Row, absences) + static_cast<std::size_t>(place - all.begin()) * sizeof(Absence);
  (void)write(*own_, at, &*place, sizeof(Absence));
  return 0;
}

ClockPresence ClockSlots::presence(std::string_view clock, std::int64_t now) noexcept {
  try {
    const std::lock_guard guard(mutex_);
    return look(clock, now);
  } catch (...) {  // a look that failed finds nothing
    return {};
  }
}

ClockPresence ClockSlots::look(std::string_view clock, std::int64_t now) {
  if (!own_ || !file_.is_ours()) return {};
  Table table = read_table();
  if (*own_ >= table.size()) return {};
  ClockPresence found{false, 0, 0};
  std::int64_t taken = 0;
  if (const auto row = find(table, clock)) {
    taken = table[*row].taken;
    found.longest_lease = table[*row].longest_lease;
    found.living = lives(*row);
  }
  if (!found.living) found.absent_for = measure(table[*own_], clock, taken, now);
  return found;
}

std::optional<WallNotes> ClockSlots::wall_notes() noexcept {
  const std::lock_guard guard(mutex_);
  WallNotes notes{};
  if (!own_ || !file_.is_ours()) return std::nullopt;
  const std::int64_t at = offset_of(*own_, row_size, offsetof(Row, wall));
  if (::pread(file_.get(), notes.data(), sizeof notes, at) != static_cast<ssize_t>(sizeof notes)) return std::nullopt;
  return notes;
}

void ClockSlots::set_wall_note(WallNote which, std::int64_t value) noexcept {
  const std::lock_guard guard(mutex_);
  if (!own_) return;
  (void)write(*own_, offsetof(Row, wall) + static_cast<std::size_t>(which) * sizeof value, &value, sizeof value);
}

}  // namespace tse::store::sqlite
