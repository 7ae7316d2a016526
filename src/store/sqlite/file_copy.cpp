#include "store/sqlite/file_copy.hpp"

#include "store/sqlite/failure.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <thread>

namespace tse::store::sqlite {

using core::Failure;

namespace {

constexpr int pages_at_once = 256;

OwnDescriptor opened(const std::string& path, int flags) {
  OwnDescriptor descriptor(open_high(path.c_str(), flags));
  if (!descriptor) throw Failure(errno_error(errno, "open the copy"));
  return descriptor;
}

}  // namespace

// The source's transaction is open, so nothing makes the copy begin anew.
void copy_pages(Connection& source, Connection& target, const Patience& patience,
                const std::function<void(int done, int all)>& told) {
  const std::unique_ptr<sqlite3_backup, int (*)(sqlite3_backup*)> copy(
      sqlite3_backup_init(target.handle(), "main", source.handle(), "main"), &sqlite3_backup_finish);
  if (!copy) raise(target.handle(), sqlite3_errcode(target.handle()), "begin the copy");
  for (;;) {
    patience.require("the copy was not done by the deadline");
    const int code = sqlite3_backup_step(copy.get(), pages_at_once);
    const int all = sqlite3_backup_pagecount(copy.get());
    if (told && (code == SQLITE_OK || code == SQLITE_DONE)) told(all - sqlite3_backup_remaining(copy.get()), all);
    if (code == SQLITE_DONE) return;
    if (code == SQLITE_OK) continue;
    if (code != SQLITE_BUSY && code != SQLITE_LOCKED)
      throw Failure(to_error(target.handle(), code, "copy the file", Writes::database));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

OwnDescriptor open_file(const std::string& path) { return opened(path, O_RDONLY); }

OwnDescriptor open_directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return opened(slash == 0 ? "/" : path.substr(0, slash), O_RDONLY | O_DIRECTORY);
}

void flush(const OwnDescriptor& file) {
  if (::fsync(file.get()) != 0) throw Failure(errno_error(errno, "flush the copy"));
}

}  // namespace tse::store::sqlite
