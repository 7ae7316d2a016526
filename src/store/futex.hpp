// Waiting for a word of memory to change: the kernel's futex, with a deadline. Nothing is allocated, and nothing is
// kept anywhere once nobody waits, so that a word may lie on a stack, or in a file that processes map.
#pragma once

#include "store/store.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdint>
#include <ctime>

namespace tse::store::futex {

using Word = std::atomic<std::uint32_t>;
static_assert(sizeof(Word) == sizeof(std::uint32_t) && Word::is_always_lock_free);

/// Who can wait for a word: threads of this process, or all processes that map it.
enum class Scope : int { process = FUTEX_PRIVATE_FLAG, shared = 0 };

/// Returns once the word is no longer `seen`, after a wake(), at the deadline, or for no reason: look again. False: the
/// word cannot be waited for.
inline bool wait(const Word& word, std::uint32_t seen, Deadline until, Scope scope) noexcept {
  const auto since_boot = until.time_since_epoch();  // steady_clock is CLOCK_MONOTONIC
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
  const timespec time{static_cast<time_t>(seconds.count()),
                      static_cast<long>(std::chrono::nanoseconds(since_boot - seconds).count())};
  return ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | static_cast<int>(scope), seen,
                   until == Deadline::max() ? nullptr : &time, nullptr, FUTEX_BITSET_MATCH_ANY) == 0 ||
         errno != EFAULT;
}

/// Wakes who has waited longest. The word is only named, never read: it may be gone already.
inline void wake_one(const Word& word, Scope scope) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAKE | static_cast<int>(scope), 1, nullptr, nullptr, 0);
}

/// Counts the word up and wakes who has waited longest, all of it in the kernel: a page that is gone is an error there
/// and a signal here.
inline void count_and_wake_one(const Word& word, Scope scope) noexcept {
  constexpr int add_one = FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_LT, 0);
  constexpr long also_woken = 0;
  ::syscall(SYS_futex, &word, FUTEX_WAKE_OP | static_cast<int>(scope), 1, also_woken, &word, add_one);
}

}  // namespace tse::store::futex
