#include "store/sqlite/write_lock.hpp"

#include "store/sqlite/failure.hpp"
#include "store/sqlite/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <thread>
#include <type_traits>

namespace tse::store::sqlite {

using core::Code;
using core::Failure;

namespace {

// The layout, in docs/internals/file-format.md: 8 bytes of magic, then 32-bit words in the machine's byte order,
// zeroes up to one page so that it can be mapped.
constexpr std::array<char, 8> magic{'T', 'S', 'K', 'L', 'O', 'C', 'K', '\0'};
constexpr std::int64_t layout_offset = 8;
constexpr std::int64_t state_offset = 12;
constexpr std::int64_t freed_offset = 20;
constexpr std::int64_t passed_offset = 24;
constexpr std::int64_t doubt_offset = 28;
constexpr std::int64_t marks_offset = 32;
constexpr std::uint32_t layout_version = 1;
constexpr std::int64_t file_size = 4096;
constexpr std::int64_t turnstile_offset = file_size;  // nothing is ever written there

/// Written with each commit that others may wait for, in one piece. That it is written counts, too.
struct Marks {
  Mark mark;
  std::uint64_t commits = 0;
};
static_assert(sizeof(Marks) == 56 && std::is_trivially_copyable_v<Marks>);

}  // namespace

void WriteLock::open(const std::string& path, const std::string& like, std::uint32_t mode) {
  path_ = path;
  do {
    descriptor_ = OwnDescriptor(open_high(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK));
    if (!descriptor_ && errno != ENOENT) throw Failure(errno_error(errno, "open the -taskstate file"));
    if (!descriptor_) create(path, like, mode);
  } while (!descriptor_);
  struct stat info {};
  if (::fstat(descriptor_.get(), &info) != 0 || !S_ISREG(info.st_mode))
    throw Failure(Code::not_a_taskstate_file, "the -taskstate file beside the database is no regular file");
}

// Whoever may write the database must be able to take its lock. One that he could not would shut him out for good, so
// rather none is left. No descriptor: another was faster.
void WriteLock::create(const std::string& path, const std::string& like, std::uint32_t mode) {
  const auto model = look(like);
  descriptor_ = OwnDescriptor(open_high(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  if (!descriptor_ && errno == EEXIST) return;
  if (!descriptor_) throw Failure(errno_error(errno, "create the -taskstate file"));
  struct stat made {};
  const auto is_owners = [&] {
    return !model || ::geteuid() != 0 || (made.st_uid == model->st_uid && made.st_gid == model->st_gid) ||
           ::fchown(descriptor_.get(), model->st_uid, model->st_gid) == 0;
  };
  if (::fstat(descriptor_.get(), &made) == 0 &&
      ::fchmod(descriptor_.get(), model ? model->st_mode & 0666 : mode) == 0 && is_owners())
    return;
  const int error = errno;
  ::unlink(path.c_str());
  throw Failure(
      errno_error(error, "give the -taskstate file the database's mode and owner (open the file as its owner)"));
}

// Once a turn: a number that the process has closed and given to another file must be neither locked nor written. Gives
// the file's size.
std::int64_t WriteLock::require_ours() const {
  struct stat info {};
  if (!descriptor_.is_ours(info))
    throw Failure(Code::unavailable,
                  "the process has closed descriptors that it did not open, those of the database among them; open the "
                  "file anew");
  return info.st_size;
}

bool WriteLock::try_lock() {
  (void)require_ours();
  return try_flock();
}

bool WriteLock::try_flock() {
  for (;;) {
    if (::flock(descriptor_.get(), LOCK_EX | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) throw Failure(errno_error(errno, "lock the -taskstate file"));
  }
}

// A lock of the open file description, not of the process: as flock(), it is immune to the close() of other
// descriptors.
bool WriteLock::try_turnstile() {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = turnstile_offset;
  range.l_len = 1;
  for (;;) {
    if (::fcntl(descriptor_.get(), F_OFD_SETLK, &range) == 0) return true;
    if (errno == EAGAIN || errno == EACCES) return false;
    // No such locks here: who is next is then left to chance. What keeps others out is flock().
    if (errno == EINVAL) return true;
    if (errno != EINTR) throw Failure(errno_error(errno, "lock the -taskstate file"));
  }
}

void WriteLock::leave_turnstile() noexcept {
  struct flock range {};
  range.l_type = F_UNLCK;
  range.l_whence = SEEK_SET;
  range.l_start = turnstile_offset;
  range.l_len = 1;
  ::fcntl(descriptor_.get(), F_OFD_SETLK, &range);
  tell(passed_);
}

// Neither lock can be waited for with a deadline or a cancellation, so both are tried, and slept upon in between: until
// whoever lets go says so, who may also die without a word.
std::chrono::microseconds WriteLock::lock(const Patience& patience, const std::function<void()>& give_up) {
  const bool shortened = require_ours() < file_size && checked_;
  std::optional<Deadline> since;
  const auto wait = [&](const auto& attempt, const futex::Word* word, std::int64_t offset) {
    while (!attempt()) {
      if (!since) since = std::chrono::steady_clock::now();
      give_up();
      patience.require("another process was writing until the deadline");
      const std::optional<std::uint32_t> seen = word != nullptr ? peek(offset) : std::nullopt;
      if (seen && attempt()) return;
      const Deadline next = std::min(patience.until, std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
      if (!seen || !futex::wait(*word, *seen, next, futex::Scope::shared)) std::this_thread::sleep_until(next);
    }
  };
  wait([this] { return try_turnstile(); }, passed_, passed_offset);
  const std::unique_ptr<WriteLock, void (*)(WriteLock*)> inside(this, [](WriteLock* lock) { lock->leave_turnstile(); });
  wait([this] { return try_flock(); }, freed_, freed_offset);
  if (shortened) {
    try {
      repair(true);
    } catch (...) {
      unlock();
      throw;
    }
  }
  if (!since) return std::chrono::microseconds(0);
  return std::chrono::ceil<std::chrono::microseconds>(std::chrono::steady_clock::now() - *since);
}

void WriteLock::unlock() noexcept {
  if (!descriptor_) return;
  ::flock(descriptor_.get(), LOCK_UN);
  tell(freed_);
}

void WriteLock::tell(futex::Word* word) noexcept {
  if (word == nullptr) return;
  futex::count_and_wake_one(*word, futex::Scope::shared);
}

void WriteLock::announce(const Mark& mark) noexcept {
  const Marks marks{mark, ++announced_};
  [[maybe_unused]] const ssize_t written = ::pwrite(descriptor_.get(), &marks, sizeof marks, marks_offset);
}

Mark WriteLock::mark() noexcept {
  Mark mark;
  if (::pread(descriptor_.get(), &mark, sizeof mark, marks_offset) != static_cast<ssize_t>(sizeof mark)) return {};
  return mark;
}

// On the disk at once: an older one would be of another content after a power cut.
void WriteLock::begin_marks(const Mark& mark) noexcept {
  const Mark before = this->mark();
  if (before == mark) return;
  announce(mark);
  if (before.generation != mark.generation) ::fdatasync(descriptor_.get());
}

void WriteLock::close() noexcept {
  if (mapped_ != nullptr) ::munmap(mapped_, file_size);
  descriptor_.close();
  checked_ = false;
  mapped_ = nullptr;
  freed_ = passed_ = nullptr;
}

// Where it cannot be mapped, both locks are tried once in a while.
void WriteLock::map() noexcept {
  if (mapped_ != nullptr) return;
  void* const begin = ::mmap(nullptr, file_size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_.get(), 0);
  if (begin == MAP_FAILED) return;
  mapped_ = begin;
  freed_ = reinterpret_cast<futex::Word*>(static_cast<std::byte*>(begin) + freed_offset);
  passed_ = reinterpret_cast<futex::Word*>(static_cast<std::byte*>(begin) + passed_offset);
}

void WriteLock::check_header() {
  require_in_place();
  std::array<char, 8> found{};
  const ssize_t size = ::pread(descriptor_.get(), found.data(), found.size(), 0);
  if (size < 0) throw Failure(errno_error(errno, "read the -taskstate file"));
  // All zeroes, or none: its writer died before the magic.
  if (found == std::array<char, 8>{}) {
    if (::ftruncate(descriptor_.get(), 0) != 0) throw Failure(errno_error(errno, "write the -taskstate file"));
    write_header();
    checked_ = true;
    return map();
  }
  if (!std::equal(found.begin(), found.begin() + size, magic.begin()))
    throw Failure(Code::not_a_taskstate_file, "the -taskstate file beside the database is not ours");
  if (require_ours() < file_size) repair(false);
  if (read_word(layout_offset) != layout_version)
    throw Failure(Code::schema_too_new, "the -taskstate file beside the database has a newer layout");
  checked_ = true;
  map();
}

// Whoever made it may have failed and removed it in between, and two files are no lock.
void WriteLock::require_in_place() {
  const auto named = look(path_);
  struct stat own {};
  if (!descriptor_.is_ours(own) || !named || named->st_dev != own.st_dev || named->st_ino != own.st_ino)
    throw Failure(Code::moved, "the -taskstate file was replaced or removed while it was opened; try again");
}

// On the disk before there is a log: of a file that a power cut has shortened, nobody would know whether a flush had
// failed, and the log would be written anew without need.
void WriteLock::write_header() {
  if (::ftruncate(descriptor_.get(), file_size) != 0) throw Failure(errno_error(errno, "write the -taskstate file"));
  write_word(layout_offset, layout_version);
  const ssize_t written = ::pwrite(descriptor_.get(), magic.data(), magic.size(), 0);  // last: it vouches for the rest
  if (written != static_cast<ssize_t>(magic.size())) throw Failure(errno_error(errno, "write the -taskstate file"));
  ::fdatasync(descriptor_.get());
}

// Another program has shortened the file. What was lost with it is taken as is safe: that there was a database, if we
// have it open, and that a flush may have failed.
void WriteLock::repair(bool in_use) {
  constexpr std::int64_t word = sizeof(std::uint32_t);
  const std::int64_t left = require_ours();
  if (left < state_offset + word) set_initialised(in_use);
  if (left < doubt_offset + word) set_in_doubt(true);
  write_header();
}

bool WriteLock::initialised() { return read_word(state_offset) != 0; }

void WriteLock::set_initialised(bool value) { write_word(state_offset, value ? 1 : 0); }

bool WriteLock::in_doubt() { return read_word(doubt_offset) != 0; }

void WriteLock::set_in_doubt(bool value) { write_word(doubt_offset, value ? 1 : 0); }

void WriteLock::write_word(std::int64_t offset, std::uint32_t value) {
  (void)require_ours();
  if (::pwrite(descriptor_.get(), &value, sizeof value, offset) != static_cast<ssize_t>(sizeof value))
    throw Failure(errno_error(errno, "write the -taskstate file"));
}

std::uint32_t WriteLock::read_word(std::int64_t offset) {
  std::uint32_t value = 0;
  if (::pread(descriptor_.get(), &value, sizeof value, offset) < 0)
    throw Failure(errno_error(errno, "read the -taskstate file"));
  return value;
}

std::optional<std::uint32_t> WriteLock::peek(std::int64_t offset) const noexcept {
  std::uint32_t value = 0;
  if (::pread(descriptor_.get(), &value, sizeof value, offset) != static_cast<ssize_t>(sizeof value)) return {};
  return value;
}

}  // namespace tse::store::sqlite
