// A SQLite VFS over the engine's own whose calls fail on demand, and whose writes can be watched.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace fault {

enum class Operation { none, write, sync, truncate, read, open };

/// What fails from now on. Any thread; one plan for the whole process.
struct Plan {
  std::atomic<Operation> operation{Operation::none};
  std::atomic<std::int64_t> after{0};   ///< so many calls of the operation succeed first
  std::atomic<std::int64_t> times{-1};  ///< so many fail then; -1: all
  std::atomic<int> result{0};           ///< the SQLite result code that they give
  /// A bit mask of the files concerned: 1 the database, 2 the -wal.
  std::atomic<int> files{3};
  std::atomic<std::int64_t> calls{0};  ///< calls of the operation since it was set
};
Plan& plan();

/// Lets `operation` fail with `result` after so many calls. Operation::none ends it.
void set(Operation operation, int result = 0, std::int64_t after = 0, std::int64_t times = -1, int files = 3);

/// Is told in order what has been done to the database (1) and the -wal (2), in the thread that did it.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void wrote(int kind, std::int64_t offset, std::string_view bytes) = 0;
  virtual void truncated(int kind, std::int64_t size) = 0;
  virtual void synced(int kind) = 0;
};
/// From now on; nullptr ends it.
void observe(Observer* observer);

/// Whoever maps a file's first region of shared memory after SQLite itself, which does it once, is given a copy with
/// this byte changed. -1 ends it.
void change_mapped(int byte);

/// The VFS stands before the engine's own while an object lives.
class Installed {
 public:
  Installed();
  ~Installed();
  Installed(const Installed&) = delete;
  Installed& operator=(const Installed&) = delete;
};

}  // namespace fault
