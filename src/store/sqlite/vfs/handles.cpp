#include "store/sqlite/vfs/handles.hpp"

#include "store/descriptor.hpp"
#include "store/sqlite/vfs/locks.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <new>

namespace tse::store::sqlite::vfs {
namespace {

// Never destroyed: connections may be closed while the process ends.
constinit Registry all;

void unlink_node(Handle* handle) noexcept {
  for (Handle** at = &all.handles; *at != nullptr; at = &(*at)->next) {
    if (*at != handle) continue;
    *at = handle->next;
    return;
  }
}

void discard(Handle* handle) noexcept {
  if (handle->is_ours()) ::close(handle->descriptor);
  unlink_node(handle);
  delete handle;
}

// What nobody can open by a name any more is nobody else's in this process, and its blocks are wanted back.
void sweep() noexcept {
  for (Handle* at = all.handles; at != nullptr;) {
    Handle* const next = at->next;
    struct stat info {};
    const bool gone = at->idle && (stat_open(at->descriptor, info) != 0 || info.st_nlink == 0 ||
                                   info.st_ino != at->inode || info.st_dev != at->device);
    if (gone) discard(at);
    at = next;
  }
}

// Of many files that were used one after the other, as many descriptors would stay open. The oldest go first. A file
// that nobody has locked has no locks that closing it could drop: only whoever locks it in this process between the
// look and the close() loses that lock, so it is not done without need.
void trim() noexcept {
  constexpr std::size_t most_idle = 64;
  std::size_t idle = 0;
  for (Handle* at = all.handles; at != nullptr;) {
    Handle* const next = at->next;
    if (at->idle && ++idle > most_idle && conflict_at(at->descriptor, 0, 0) == F_UNLCK) discard(at);
    at = next;
  }
}

Handle* find_idle(const Opening& opening) noexcept {
  struct stat info {};
  if (::lstat(opening.path, &info) != 0) return nullptr;
  for (Handle* each = all.handles; each != nullptr; each = each->next) {
    const bool fits =
        each->idle && each->writable == opening.writable && each->device == info.st_dev && each->inode == info.st_ino;
    if (!fits) continue;
    each->idle = false;
    all.counters.reused.fetch_add(1, std::memory_order_relaxed);
    return each;
  }
  return nullptr;
}

int open_regular(const Opening& opening, bool& created) noexcept {
  // O_NONBLOCK: a FIFO would wait for somebody to write. It changes nothing for regular files.
  constexpr int always = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  if (opening.create && opening.writable) {
    const int fresh = open_high(opening.path, O_RDWR | O_CREAT | O_EXCL | always, opening.mode);
    created = fresh >= 0;
    if (created || errno != EEXIST || opening.exclusive) return fresh;
  }
  return open_high(opening.path, (opening.writable ? O_RDWR : O_RDONLY) | always);
}

void before_fork() noexcept { all.mutex.lock(); }
void in_parent() noexcept { all.mutex.unlock(); }

// Closes and unlocks nothing: an unlock would take the lock from the parent. What points at a handle finds it without a
// descriptor; its memory stays, since somebody still points there. Mappings stay, too: a thread of the parent's may
// have been forked in the midst of looking at one.
void in_child() noexcept {
  for (Handle* each = all.handles; each != nullptr; each = each->next) {
    if (each->is_ours()) ::close(each->descriptor);
    each->descriptor = -1;
    each->idle = false;
  }
  all.handles = nullptr;
  all.maps = nullptr;
  all.databases = nullptr;
  all.mutex.unlock();
}

}  // namespace

bool Handle::is_ours() const noexcept {
  if (descriptor < 0) return false;
  struct statx info {};  // without the times, as in size_of()
  if (::statx(descriptor, "", AT_EMPTY_PATH, STATX_INO, &info) == 0)
    return info.stx_ino == inode && ::makedev(info.stx_dev_major, info.stx_dev_minor) == device;
  struct stat plain {};  // where a sandbox refuses the other
  return stat_open(descriptor, plain) == 0 && plain.st_ino == inode && plain.st_dev == device;
}

bool SharedMap::append(void* region) noexcept {
  if (count == most_regions) return false;
  void**& into = chunks[count / chunk];
  if (into == nullptr) into = new (std::nothrow) void* [chunk] {};
  if (into == nullptr) return false;
  into[count % chunk] = region;
  ++count;
  return true;
}

SharedMap::~SharedMap() {
  for (void** each : chunks) delete[] each;
}

Registry& registry() noexcept { return all; }

Handle* open_handle(const Opening& opening, bool* created) noexcept {
  sweep();
  if (opening.kept && !opening.exclusive) {
    if (Handle* const idle = find_idle(opening)) return idle;
  }
  auto* const handle = new (std::nothrow) Handle;
  if (handle == nullptr) {
    errno = ENOMEM;
    return nullptr;
  }
  bool is_new = false;
  const int descriptor = open_regular(opening, is_new);
  struct stat info {};
  if (descriptor < 0 || stat_open(descriptor, info) != 0 || !S_ISREG(info.st_mode)) {
    const int error = descriptor < 0 ? errno : EISDIR;
    if (descriptor >= 0) ::close(descriptor);
    delete handle;
    errno = error;
    return nullptr;
  }
  *handle = {descriptor, info.st_dev, info.st_ino, opening.writable, opening.kept, false, all.handles};
  all.handles = handle;
  all.counters.opened.fetch_add(1, std::memory_order_relaxed);
  if (created != nullptr) *created = is_new;
  return handle;
}

void give_back(Handle* handle) noexcept {
  if (handle == nullptr || handle->descriptor < 0) return;
  struct stat info {};
  const bool named = stat_open(handle->descriptor, info) == 0 && info.st_ino == handle->inode &&
                     info.st_dev == handle->device && info.st_nlink > 0;
  if (!handle->kept || !named) return discard(handle);
  (void)set_lock(handle->descriptor, F_UNLCK, 0, 0);  // what closing would have done
  handle->idle = true;
  trim();
}

bool handle_forks() noexcept { return ::pthread_atfork(before_fork, in_parent, in_child) == 0; }

}  // namespace tse::store::sqlite::vfs
