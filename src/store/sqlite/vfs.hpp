// SQLite's files under locks that only we can drop, and a commit's frames written at once.
//
// POSIX locks belong to a process and file: whoever closes any descriptor of the file drops them, be it another copy of
// SQLite, a host that reads the file with open() and close(), or a child of fork(). Open file description locks
// (fcntl(2), F_OFD_SETLK) conflict with the POSIX locks of every other SQLite and stay until we let go of them.
// docs/internals/vfs.md has the design, what it relies on, and its limits.
#pragma once

#include <cstdint>

namespace tse::store::sqlite::vfs {

enum class Locks {
  ofd,   ///< those of our own files
  posix  ///< SQLite's own, where the kernel or a sandbox has no others
};

/// What connections are opened with; nullptr: SQLite's own. Registers ours at the first call, never as the process's
/// default: the host's connections are not ours. Any thread.
[[nodiscard]] const char* name() noexcept;
[[nodiscard]] Locks locks() noexcept;

/// For SQLite's own locks, which a child of fork() cannot tell from its own: whether this process may open files. Not a
/// child that inherited an open one.
[[nodiscard]] bool may_open() noexcept;
/// One more (1) or one less (-1) is open.
void count_open(int difference) noexcept;

/// What was done since the process began.
struct Counts {
  std::uint64_t flushes = 0;    ///< writes of collected frames
  std::uint64_t frames = 0;     ///< what they held
  std::uint64_t passed = 0;     ///< writes to a -wal that were none of a frame to collect
  std::uint64_t discarded = 0;  ///< collections that were given up with their transaction
  std::uint64_t early = 0;      ///< flushes before the frame that commits
  std::uint64_t opened = 0;     ///< descriptors of databases and companions
  std::uint64_t reused = 0;     ///< those that were idle and taken again
  std::uint64_t idle = 0;       ///< those that nobody uses now; see handles.hpp
};
[[nodiscard]] Counts counts() noexcept;

}  // namespace tse::store::sqlite::vfs
