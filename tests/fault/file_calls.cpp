// The program's own definitions stand before those of the C library, for SQLite's shared library too.
#include "fault/file_calls.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <cstdio>

namespace fault {

namespace {

std::atomic<FileObserver*> observer{nullptr};
thread_local bool telling = false;

template <typename Tell>
void tell(Tell what) {
  FileObserver* const to = observer.load(std::memory_order_acquire);
  if (to == nullptr || telling) return;
  telling = true;
  what(*to);
  telling = false;
}

/// What the C library, or a sanitizer before it, has under this name.
template <typename Function>
Function* next(Function*, const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

int open_and_tell(decltype(&::open) call, const char* path, int flags, mode_t mode) {
  struct stat info {};
  const bool creates = (flags & O_CREAT) != 0 && observer != nullptr && ::stat(path, &info) != 0;
  const int descriptor = call(path, flags, mode);
  if (creates && descriptor >= 0) tell([&](FileObserver& to) { to.created(path, descriptor); });
  return descriptor;
}

ssize_t write_and_tell(decltype(&::pwrite) call, int descriptor, const void* data, std::size_t size, off_t offset) {
  const ssize_t written = call(descriptor, data, size, offset);
  if (written > 0)
    tell([&](FileObserver& to) {
      to.wrote(descriptor, offset, {static_cast<const char*>(data), static_cast<std::size_t>(written)});
    });
  return written;
}

int truncate_and_tell(decltype(&::ftruncate) call, int descriptor, off_t size) {
  const int code = call(descriptor, size);
  if (code == 0) tell([&](FileObserver& to) { to.truncated(descriptor, size); });
  return code;
}

int sync_and_tell(decltype(&::fsync) call, int descriptor) {
  const int code = call(descriptor);
  if (code == 0) tell([&](FileObserver& to) { to.synced(descriptor); });
  return code;
}

int remove_and_tell(decltype(&::remove) call, const char* path) {
  const int code = call(path);
  if (code == 0) tell([&](FileObserver& to) { to.removed(path); });
  return code;
}

}  // namespace

void observe(FileObserver* to) { observer = to; }

}  // namespace fault

// SQLite asks for the names with 64 where the engine asks for those without; off_t has 64 bits in both.
#define NEXT(name)                                          \
  ([] {                                                     \
    static auto* const found = fault::next(&::name, #name); \
    return found;                                           \
  }())

#pragma GCC visibility push(default)
extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return fault::open_and_tell(NEXT(open), path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return fault::open_and_tell(NEXT(open64), path, flags, mode);
}
ssize_t pwrite(int descriptor, const void* data, size_t size, off_t offset) {
  return fault::write_and_tell(NEXT(pwrite), descriptor, data, size, offset);
}
ssize_t pwrite64(int descriptor, const void* data, size_t size, off64_t offset) {
  return fault::write_and_tell(NEXT(pwrite64), descriptor, data, size, offset);
}
int ftruncate(int descriptor, off_t size) noexcept {
  return fault::truncate_and_tell(NEXT(ftruncate), descriptor, size);
}
int ftruncate64(int descriptor, off64_t size) noexcept {
  return fault::truncate_and_tell(NEXT(ftruncate64), descriptor, size);
}
int fsync(int descriptor) { return fault::sync_and_tell(NEXT(fsync), descriptor); }
int fdatasync(int descriptor) { return fault::sync_and_tell(NEXT(fdatasync), descriptor); }
int unlink(const char* path) noexcept { return fault::remove_and_tell(NEXT(unlink), path); }
int remove(const char* path) noexcept { return fault::remove_and_tell(NEXT(remove), path); }
int rename(const char* from, const char* to) noexcept {
  const int code = NEXT(rename)(from, to);
  if (code == 0) fault::tell([&](fault::FileObserver& observer) { observer.renamed(from, to); });
  return code;
}
int renameat2(int from_directory, const char* from, int to_directory, const char* to, unsigned flags) noexcept {
  const int code = NEXT(renameat2)(from_directory, from, to_directory, to, flags);
  if (code == 0) fault::tell([&](fault::FileObserver& observer) { observer.renamed(from, to); });
  return code;
}

}  // extern "C"
#pragma GCC visibility pop
