#include "store/sqlite/identity.hpp"

#include "store/sqlite/failure.hpp"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>

namespace tse::store::sqlite {

namespace {

constexpr std::int64_t second = 1'000'000'000;  // ns
constexpr std::int64_t longer_than_a_tick = 20'000'000;

std::int64_t now(clockid_t clock) noexcept {
  timespec time{};
  ::clock_gettime(clock, &time);
  return time.tv_sec * second + time.tv_nsec;
}

bool is_absent(int error) noexcept { return error == ENOENT || error == ENOTDIR; }

}  // namespace

void Identity::record(const Paths& paths) {
  const std::lock_guard lock(mutex_);
  const auto slash = paths.database.rfind('/');
  directory_path_ = slash == 0 ? "/" : paths.database.substr(0, slash);
  std::size_t i = 0;
  for (const std::string& path : {paths.database, paths.wal, paths.shm, paths.sidecar})
    files_.at(i++) = {path, path.substr(slash + 1), std::nullopt};
  directory_descriptor_ = OwnDescriptor(open_high(directory_path_.c_str(), O_PATH | O_DIRECTORY));
  database_descriptor_ = OwnDescriptor(open_high(paths.database.c_str(), O_PATH | O_NOFOLLOW));
  Seen seen;
  if (ask(AT_FDCWD, "/", false, seen) == Answer::found) root_ = seen;
  if (ask(AT_FDCWD, directory_path_.c_str(), true, seen) == Answer::found) directory_ = seen;
  for (Entry& entry : files_)
    if (ask(AT_FDCWD, entry.path.c_str(), false, seen) == Answer::found) entry.seen = seen;
  names_are_known_ = false;
}

// Before and after each commit, so the times of files are not asked for: since Linux 6.13 the next write to a file
// whose times somebody has seen gives it new ones, and its fdatasync must then write the inode, too, which takes half
// as long again. Those of the directory cost commits nothing.
Identity::Answer Identity::ask(int directory, const char* name, bool times, Seen& seen) noexcept {
  const bool itself = *name == '\0';
  struct statx info {};
  if (::statx(directory, name, itself ? AT_EMPTY_PATH : 0, STATX_INO | STATX_NLINK | (times ? STATX_CTIME : 0U),
              &info) == 0) {
    seen = {makedev(info.stx_dev_major, info.stx_dev_minor), info.stx_ino, info.stx_nlink,
            info.stx_ctime.tv_sec * second + info.stx_ctime.tv_nsec};
    return Answer::found;
  }
  if (is_absent(errno)) return Answer::absent;
  struct stat old {};
  if ((itself ? stat_open(directory, old) : ::fstatat(directory, name, &old, 0)) == 0) {
    seen = {old.st_dev, old.st_ino, old.st_nlink, old.st_ctim.tv_sec * second + old.st_ctim.tv_nsec};
    return Answer::found;
  }
  if (is_absent(errno)) return Answer::absent;
  refused_with_ = errno;
  return Answer::refused;
}

Identity::Answer Identity::ask_descriptor(const OwnDescriptor& descriptor, bool times, Seen& seen) noexcept {
  return descriptor ? ask(descriptor.get(), "", times, seen) : Answer::refused;
}

// After chroot(2) a path leads somewhere else, or nowhere, and says nothing.
bool Identity::may_root_be_another() noexcept {
  Seen seen;
  return ask(AT_FDCWD, "/", false, seen) != Answer::found || !root_ || !seen.is_same_file(*root_);
}

Standing Identity::look_at_directory(Seen& now, bool& by_path) noexcept {
  const Answer answer = ask(AT_FDCWD, directory_path_.c_str(), true, now);
  by_path = answer == Answer::found && directory_ && now.is_same_file(*directory_);
  if (by_path) return Standing::same;
  if (answer != Answer::refused && directory_ && !may_root_be_another()) return Standing::moved;
  // The number may have been closed by the host, and be another file's.
  const bool is_held =
      ask_descriptor(directory_descriptor_, true, now) == Answer::found && directory_ && now.is_same_file(*directory_);
  return is_held ? Standing::same : Standing::unknown;
}

/// `unmoved`: the directory's change time is that of the last look at all.
Standing Identity::look_at(Entry& entry, bool by_path, bool unmoved) noexcept {
  Seen now;
  const Answer answer = by_path ? ask(AT_FDCWD, entry.path.c_str(), false, now)
                                : ask(directory_descriptor_.get(), entry.name.c_str(), false, now);
  if (answer == Answer::absent) return entry.seen ? Standing::moved : Standing::same;
  if (answer == Answer::found) {
    if (!entry.seen) entry.seen = now;
    return now.is_same_file(*entry.seen) && now.links == entry.seen->links ? Standing::same : Standing::moved;
  }
  const bool is_database = &entry == files_.data();
  if (is_database && entry.seen && ask_descriptor(database_descriptor_, false, now) == Answer::found &&
      now.is_same_file(*entry.seen) && now.links != entry.seen->links)
    return Standing::moved;
  return unmoved && (entry.seen || !is_database) ? Standing::same : Standing::unknown;
}

Standing Identity::look() noexcept {
  const std::lock_guard lock(mutex_);
  refused_with_ = 0;
  const std::int64_t at = now(CLOCK_MONOTONIC_COARSE);
  const std::int64_t wall = now(CLOCK_REALTIME_COARSE);
  Seen directory;
  bool by_path = false;
  if (const Standing standing = look_at_directory(directory, by_path); standing != Standing::same) return standing;
  const bool unmoved = directory.changed_at == directory_->changed_at;
  const std::size_t count = unmoved && names_are_known_ && at < all_again_at_ ? 1 : files_.size();
  for (std::size_t i = 0; i < count; ++i)
    if (const Standing standing = look_at(files_.at(i), by_path, unmoved); standing != Standing::same) return standing;
  if (count == 1) return Standing::same;
  // A change within the same tick of the kernel's clock would leave the directory's time as it is.
  names_are_known_ = directory.changed_at + longer_than_a_tick <= wall;
  directory_->changed_at = directory.changed_at;
  all_again_at_ = at + second;
  return Standing::same;
}

core::Error Identity::refusal() const {
  const std::lock_guard lock(mutex_);
  core::Error error = errno_error(refused_with_, "look whether the files are still the same");
  if (refused_with_ == ENOSYS) error.code = core::Code::unsupported;
  return error;
}

void Identity::close() noexcept {
  const std::lock_guard lock(mutex_);
  close_inherited();
}

void Identity::close_inherited() noexcept {
  directory_descriptor_.close();
  database_descriptor_.close();
}

}  // namespace tse::store::sqlite
