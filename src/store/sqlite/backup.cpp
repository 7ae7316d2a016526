#include "store/sqlite/backup.hpp"

#include "store/descriptor.hpp"
#include "store/size_signal.hpp"
#include "store/sqlite/backup_target.hpp"
#include "store/sqlite/failure.hpp"
#include "store/sqlite/file_copy.hpp"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace tse::store::sqlite {

using core::Failure;

namespace {

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
  flush(open_file(temporary.path()));
  const OwnDescriptor directory = open_directory_of(target.path());
  target.take(temporary.path());
  flush(directory);
}

}  // namespace tse::store::sqlite
