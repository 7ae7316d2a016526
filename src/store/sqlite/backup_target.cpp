#include "store/sqlite/backup_target.hpp"

#include "store/sqlite/failure.hpp"
#include "store/sqlite/probe.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>

namespace tse::store::sqlite {

using core::Code;
using core::Failure;

namespace {

constexpr unsigned no_replace = 1;  // RENAME_NOREPLACE, which not every C library names

// Not every C library has it.
int rename_to_free_name(const char* from, const char* to) noexcept {
#ifdef __GLIBC__
  return ::renameat2(AT_FDCWD, from, AT_FDCWD, to, no_replace);
#else
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, no_replace));
#endif
}

/// As look(), but of a symbolic link itself.
std::optional<struct stat> look_at_name(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) return info;
  if (errno == ENOENT) return std::nullopt;
  throw Failure(errno_error(errno, "look at the place of the backup"));
}

const char* kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFLNK: return "a symbolic link";
    case S_IFDIR: return "a directory";
    case S_IFIFO: return "a FIFO";
    case S_IFSOCK: return "a socket";
    default: return "a device";
  }
}

void refuse_other_kinds(const struct stat& found) {
  if (!S_ISREG(found.st_mode))
    throw Failure(core::invalid("path", std::string("must name a regular file or none, is ") + kind_of(found.st_mode)));
}

bool is_same(const struct stat& found, const std::string& path) {
  const auto other = look(path);
  return other && other->st_dev == found.st_dev && other->st_ino == found.st_ino;
}

/// Also under another name: a hard link, or a second mount of the directory.
void refuse_own(const std::string& path, const std::optional<struct stat>& found, const Paths& source) {
  if (source.database.empty()) return;
  if (path == source.database || (found && is_same(*found, source.database)))
    throw Failure(core::invalid("path", "must not be the file itself"));
  for (const std::string* each : {&source.wal, &source.shm, &source.journal, &source.sidecar})
    if (path == *each || (found && is_same(*found, *each)))
      throw Failure(core::invalid("path", "must not be the -wal, -shm, -journal or -taskstate file of the database"));
}

/// What belongs to another database would be taken for that one's.
void refuse_companion_of_others(const std::string& path) {
  constexpr std::array<std::string_view, 4> suffixes{"-wal", "-shm", "-journal", "-taskstate"};
  for (const std::string_view suffix : suffixes)
    if (path.ends_with(suffix) && look(path.substr(0, path.size() - suffix.size())))
      throw Failure(
          core::invalid("path", "must not end in " + std::string(suffix) +
                                    " where the file without it is there: it would be taken for a part of it"));
}

}  // namespace

BackupTarget::BackupTarget(const std::string& path, const Paths& source, const Patience& patience) {
  if (path.find('\0') == std::string::npos)
    if (const auto named = look_at_name(path)) refuse_other_kinds(*named);
  target_ = resolve(path);
  const auto found = look_at_name(target_.database);
  if (found) refuse_other_kinds(*found);
  refuse_own(target_.database, found, source);
  refuse_companion_of_others(target_.database);
  refuse_companions();
  if (!found) return;
  judge_earlier(*found, patience);
  replaces_ = true;
  device_ = found->st_dev;
  inode_ = found->st_ino;
}

// SQLite would take them for the backup's own: what they hold would be written into it, or it would be called damaged.
void BackupTarget::refuse_companions() const {
  if (look_at_name(target_.sidecar))
    throw Failure(Code::already_exists, "path: at the place of the backup stands a database that an engine has opened");
  constexpr std::array<const char*, 3> names{"-wal", "-shm", "-journal"};
  const std::array<const std::string*, 3> paths{&target_.wal, &target_.shm, &target_.journal};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (look_at_name(*paths[i]))
      throw Failure(Code::already_exists, std::string("path: beside the place of the backup lies a ") + names[i] +
                                              " file, which would be taken for the backup's; remove it, or choose "
                                              "another name");
}

// An empty file holds nothing: it is how a name is reserved.
void BackupTarget::judge_earlier(const struct stat& found, const Patience& patience) const {
  const auto is_earlier = [&] {
    try {
      const Content content = probe(target_, Intent::read, patience);
      return content == Content::ours || (content == Content::empty && found.st_size == 0);
    } catch (const Failure& failure) {
      const Code code = failure.error().code;
      if (code == Code::not_a_taskstate_file || code == Code::corrupt || code == Code::schema_too_new) return false;
      throw;
    }
  };
  if (!is_earlier())
    throw Failure(Code::already_exists,
                  "path: at the place of the backup stands a file that is no earlier backup; remove it, or choose "
                  "another name");
}

void BackupTarget::take(const std::string& finished) const {
  const char* const doing = "give the backup its name";
  refuse_companions();
  const auto now = look_at_name(target_.database);
  const bool same = replaces_ ? now && now->st_dev == device_ && now->st_ino == inode_ : !now;
  if (!same) throw Failure(Code::already_exists, "path: something else was put at the place of the backup meanwhile");
  if (!replaces_) {
    if (rename_to_free_name(finished.c_str(), target_.database.c_str()) == 0) return;
    if (errno == EEXIST)
      throw Failure(Code::already_exists, "path: something was put at the place of the backup meanwhile");
    // Neither the kernel nor every file system knows how not to replace.
    if (errno != EINVAL && errno != ENOSYS && errno != EPERM) throw Failure(errno_error(errno, doing));
  }
  if (std::rename(finished.c_str(), target_.database.c_str()) != 0) throw Failure(errno_error(errno, doing));
}

}  // namespace tse::store::sqlite
