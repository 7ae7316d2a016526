#include "store/sqlite/backup.hpp"

#include "store/descriptor.hpp"
#include "store/size_signal.hpp"
#include "store/sqlite/backup_target.hpp"
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

using core::Failure;

namespace {

constexpr int pages_at_once = 256;

/// A new, empty file under a name of its own; gone at the end unless it was renamed.
class Temporary {
 public:
  static constexpr std::size_t longest_addition = sizeof "-backup-18446744073709551615" - 1;
  Temporary(const std::string& target, mode_t mode) {
    path_ = target + "-backup-" + random_name();
    for (std::size_t i = 0; i < suffixes.size(); ++i) beside_[i] = path_ + suffixes[i];
    if (!OwnDescriptor(open_high(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode)))
      throw Failure(errno_error(errno, "create the backup"));
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

OwnDescriptor opened(const std::string& path, int flags) {
  OwnDescriptor descriptor(open_high(path.c_str(), flags));
  if (!descriptor) throw Failure(errno_error(errno, "open the backup"));
  return descriptor;
}

void flush(const OwnDescriptor& descriptor) {
  if (::fsync(descriptor.get()) != 0) throw Failure(errno_error(errno, "flush the backup"));
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
    if (code != SQLITE_BUSY && code != SQLITE_LOCKED)
      throw Failure(to_error(target.handle(), code, "copy to the backup", Writes::database));
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
  const NoSizeSignal no_signal;
  const BackupTarget target(path, database.paths, patience);
  refuse_long(target.path(), Temporary::longest_addition);
  const auto original = database.memory ? std::nullopt : look(database.paths.database);
  const Temporary temporary(target.path(), original ? original->st_mode & 0666 : 0600);
  {
    Connection copy(file_uri(temporary.path(), ""), SQLITE_OPEN_READWRITE);
    copy_pages(connection, copy, patience);
    make_its_own(copy);
  }
  flush(opened(temporary.path(), O_RDONLY));
  const auto slash = target.path().rfind('/');
  const OwnDescriptor directory = opened(slash == 0 ? "/" : target.path().substr(0, slash), O_RDONLY | O_DIRECTORY);
  target.take(temporary.path());
  flush(directory);
}

}  // namespace tse::store::sqlite
