// In which order one thread takes the locks of a store, asserted in debug builds. Whoever held two of them the other
// way round could wait for somebody who waits for it; ThreadSanitizer sees that of mutexes, and these are none.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>

namespace tse::store {

/// Each before those below it.
enum class Rank : std::uint8_t {
  lead,         ///< of the commit group: the changes of this process
  write_lock,   ///< of the file: the changes of all processes
  transaction,  ///< of this process: no fork() and no checkpoint falls into it
  readers,      ///< the list of reading connections
};

#ifdef NDEBUG

inline void enter(Rank /*rank*/) noexcept {}
inline void leave(Rank /*rank*/) noexcept {}

#else

namespace lock_order {
inline thread_local std::uint32_t held[4] = {};  // several stores may be at work in one thread
}

/// Before a lock is waited for, and after it was let go, by one thread.
inline void enter(Rank rank) noexcept {
  const auto place = static_cast<std::size_t>(rank);
  for (std::size_t later = place + 1; later < 4; ++later)
    assert(lock_order::held[later] == 0 && "a lock is waited for while one is held that comes after it");
  ++lock_order::held[place];
}
inline void leave(Rank rank) noexcept { --lock_order::held[static_cast<std::size_t>(rank)]; }

#endif

/// Beside a lock from before it is waited for until it is let go.
class Ordered {
 public:
  explicit Ordered(Rank rank) noexcept : rank_(rank) { enter(rank_); }
  ~Ordered() { leave(rank_); }
  Ordered(const Ordered&) = delete;
  Ordered& operator=(const Ordered&) = delete;

 private:
  const Rank rank_;
};

}  // namespace tse::store
