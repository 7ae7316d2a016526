#include "store/sqlite/backup.hpp"

#include "store/sqlite/failure.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

namespace tse::store::sqlite {

using core::Code;
using core::Failure;

namespace {

constexpr int pages_at_once = 256;

/// A new, empty file under a name of its own; gone at the end unless it was renamed.
class Temporary {
 public:
  Temporary(const std::string& target, mode_t mode) {
    path_ = target + "-backup-" + random_name();
    for (std::size_t i = 0; i < suffixes.size(); ++i) beside_[i] = path_ + suffixes[i];
    const int descriptor = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (descriptor < 0) throw Failure(errno_error(errno, "create the backup"));
    ::close(descriptor);
  }
  ~Temporary() {
    std::remove(path_.c_str());
    for (const std::string& path : beside_) std::remove(path.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  static std::string random_name() {
    std::uint64_t number = 0;
    sqlite3_randomness(sizeof number, &number);
    return std::to_string(number);
  }
  static constexpr std::array suffixes{"-journal", "-wal", "-shm"};
  std::string path_;
  std::array<std::string, suffixes.size()> beside_;  // made beforehand: removing them must not need memory
};

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC)) {
    if (descriptor_ < 0) throw Failure(errno_error(errno, "open the backup"));
  }
  ~Descriptor() { ::close(descriptor_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void flush() const {
    if (::fsync(descriptor_) != 0) throw Failure(errno_error(errno, "flush the backup"));
  }

 private:
  int descriptor_;
};

void refuse_target(const Database& database, const Paths& target) {
  if (!database.memory && target.database == database.paths.database)
    throw Failure(core::invalid("path", "must not be the file itself"));
  if (look(target.sidecar))
    throw Failure(Code::already_exists, "path: at the place of the backup stands a database that an engine has opened");
}

/// All pages, of one snapshot: the source's transaction is open, so nothing makes the copy begin anew.
void copy_pages(Connection& source, Connection& target, const Patience& patience) {
  const std::unique_ptr<sqlite3_backup, int (*)(sqlite3_backup*)> copy(
      sqlite3_backup_init(target.handle(), "main", source.handle(), "main"), &sqlite3_backup_finish);
  if (!copy) raise(target.handle(), sqlite3_errcode(target.handle()), "begin the backup");
  for (;;) {
    patience.require("the backup was not done by the deadline");
    const int code = sqlite3_backup_step(copy.get(), pages_at_once);
    if (code == SQLITE_DONE) return;
    if (code == SQLITE_OK) continue;
    if (code != SQLITE_BUSY && code != SQLITE_LOCKED) throw Failure(to_error(nullptr, code, "copy to the backup"));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

// The copy is a file of its own: what was given out by the original is nothing to it. Whatever a crash leaves of it has
// not got the name yet, so nothing is flushed until the end.
void make_its_own(Connection& copy) {
  copy.execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = DELETE", "detach the backup");
  copy.execute("UPDATE taskstate_meta SET generation = lower(hex(randomblob(16)))", "rename the backup's generation");
}

}  // namespace

void back_up(Connection& connection, const Database& database, const std::string& path, const Patience& patience) {
  const Paths target = resolve(path);
  refuse_target(database, target);
  const auto original = database.memory ? std::nullopt : look(database.paths.database);
  const Temporary temporary(target.database, original ? original->st_mode & 0666 : 0600);
  {
    Connection copy(file_uri(temporary.path(), ""), SQLITE_OPEN_READWRITE);
    copy_pages(connection, copy, patience);
    make_its_own(copy);
  }
  Descriptor(temporary.path(), O_RDONLY).flush();
  const auto slash = target.database.rfind('/');
  const Descriptor directory(slash == 0 ? "/" : target.database.substr(0, slash), O_RDONLY | O_DIRECTORY);
  if (std::rename(temporary.path().c_str(), target.database.c_str()) != 0)
    throw Failure(errno_error(errno, "give the backup its name"));
  directory.flush();
}

}  // namespace tse::store::sqlite
