#include "store/sqlite/wall_guard.hpp"

#include "core/time.hpp"

#include <taskstate/contract/limits.hpp>

#include <algorithm>
#include <utility>

namespace tse::store::sqlite {
namespace {

namespace pace = taskstate::contract::pace;
/// Smaller steps back are not worth a write.
constexpr std::int64_t worth_noting = 1'000'000;

}  // namespace

WallGuard::WallGuard(ClockSlots& slots, Clock wall, Clock even, bool shared)
    : slots_(slots), wall_(std::move(wall)), even_(std::move(even)), shared_(shared) {
  read_notes();
  (void)is_paused();  // a leap is counted from what is seen first
}

std::int64_t WallGuard::note(WallNote which) const noexcept {
  return notes_[static_cast<std::size_t>(which)].load(std::memory_order_relaxed);
}

void WallGuard::set(WallNote which, std::int64_t value) noexcept {
  notes_[static_cast<std::size_t>(which)].store(value, std::memory_order_relaxed);
  if (shared_) slots_.set_wall_note(which, value);
}

// Each note is written by itself, and what others wrote is taken over.
void WallGuard::read_notes() noexcept {
  if (!shared_) return;
  const auto notes = slots_.wall_notes();
  if (!notes) return;
  for (std::size_t i = 0; i < notes->size(); ++i) notes_[i].store((*notes)[i], std::memory_order_relaxed);
}

bool WallGuard::leaps(std::int64_t distance) const noexcept {
  const std::int64_t lowest = note(WallNote::lowest);
  return lowest != no_note && distance - std::max(lowest, note(WallNote::accepted)) > pace::wall_leap;
}

std::int64_t WallGuard::expired_until(std::int64_t wall) noexcept {
  if (!even_) return wall;
  // Neither clock is beyond what the two can differ by.
  const std::int64_t now = std::clamp(even_(), 2 * core::min_time, 2 * core::max_time);
  const std::int64_t distance = wall - now;
  const std::int64_t lowest = note(WallNote::lowest);
  const bool lower = lowest == no_note || distance < lowest - worth_noting;
  if (!lower && !leaps(distance)) return wall;
  const std::lock_guard judging(mutex_);
  return judge(distance, now) ? core::min_time - 1 : wall;
}

/// Whether what expires by the wall clock is to wait.
bool WallGuard::judge(std::int64_t distance, std::int64_t now) noexcept {
  read_notes();
  const std::int64_t lowest = note(WallNote::lowest);
  if (lowest == no_note || distance < lowest - worth_noting) set(WallNote::lowest, distance);
  if (!leaps(distance)) return false;
  const std::int64_t from = std::max(note(WallNote::lowest), note(WallNote::accepted));
  const std::int64_t noticed = note(WallNote::leap_noticed);
  if (note(WallNote::leap_from) != from || noticed == no_note || noticed > now) {
    set(WallNote::leap_noticed, now);
    set(WallNote::leap_from, from);
    return true;
  }
  if (now - noticed < pace::wall_pause) return true;
  set(WallNote::accepted, distance);
  return false;
}

bool WallGuard::is_paused() noexcept { return expired_until(wall_()) < core::min_time; }

void WallGuard::accept() noexcept {
  if (!even_) return;
  const std::lock_guard judging(mutex_);
  read_notes();
  const std::int64_t now = std::clamp(even_(), 2 * core::min_time, 2 * core::max_time);
  set(WallNote::accepted, wall_() - now);
}

}  // namespace tse::store::sqlite
