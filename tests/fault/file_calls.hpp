// Every call with which this process changes files or directories can be watched: SQLite's, the engine's own, the
// host's.
#pragma once

#include <cstdint>
#include <string_view>

namespace fault {

/// Is told in order what has been done, in the thread that did it; not of what it does itself meanwhile.
class FileObserver {
 public:
  virtual ~FileObserver() = default;
  virtual void created(const char* path, int descriptor) = 0;
  virtual void wrote(int descriptor, std::int64_t offset, std::string_view bytes) = 0;
  virtual void truncated(int descriptor, std::int64_t size) = 0;
  virtual void synced(int descriptor) = 0;  ///< a file or a directory
  virtual void removed(const char* path) = 0;
  virtual void renamed(const char* from, const char* to) = 0;
};
/// From now on; nullptr ends it.
void observe(FileObserver* observer);

}  // namespace fault
