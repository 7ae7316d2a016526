// The lock under which every write transaction and every checkpoint runs, across processes: flock() on a file of
// our own beside the database. It dies with its process, and no close() of another descriptor drops it.
//
// Whoever wants it must first pass a turnstile, a second lock which only the next in line holds: otherwise a process
// that writes all the time would take the lock again as soon as it let go, before those that wait had looked. Whoever
// lets go of either wakes the one that has waited longest, through a word of the file, which all map. The words only
// tell when to try: a process that dies leaves nothing behind that anybody would have to clear up.
//
// Whoever may write the file may also shorten it, and then touching the mapping ends the process with SIGBUS. So the
// words are only named to the kernel, which says EFAULT, or read like a file.
#pragma once

#include "store/descriptor.hpp"
#include "store/futex.hpp"
#include "store/sqlite/lineage.hpp"
#include "store/store.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace tse::store::sqlite {

/// One open of the sidecar file. lock() and unlock() by one thread at a time.
class WriteLock {
 public:
  WriteLock() = default;
  ~WriteLock() { close(); }
  WriteLock(const WriteLock&) = delete;
  WriteLock& operator=(const WriteLock&) = delete;

  /// Opens the sidecar; creates it with the mode and owner of `like`, or, if there is none, with `mode`, or not at all.
  /// Throws Failure: access_denied, read_only, unavailable ...
  void open(const std::string& path, const std::string& like, std::uint32_t mode);
  /// Tries as long as the patience lasts, asking `give_up` in between (it throws to stop), and tells how long that was:
  /// 0 if the lock was free. Throws Failure: busy, cancelled; unavailable if the process has closed the descriptor.
  std::chrono::microseconds lock(const Patience& patience, const std::function<void()>& give_up);
  [[nodiscard]] bool try_lock();
  void unlock() noexcept;
  /// Tells those who watch the file that there is a commit to see, and what the content is known by. Under the lock
  /// only; best effort.
  void announce(const Mark& mark) noexcept;
  /// Only closes: in a child of fork() the lock is the parent's, and unlocking would take it from there. A number that
  /// has become another file's is let be.
  void close() noexcept;

  // What the header says; under the lock only.
  /// Checks the header, or writes one into an empty file. Throws Failure(not_a_taskstate_file, schema_too_new).
  void check_header();
  /// Whether the database beside it was once set up: then an empty one has lost its content.
  [[nodiscard]] bool initialised();
  void set_initialised(bool value);
  /// Whether a flush of the log failed since somebody has last written it anew.
  [[nodiscard]] bool in_doubt();
  void set_in_doubt(bool value);
  /// Of the content beside it; none where it cannot be read.
  [[nodiscard]] Mark mark() noexcept;
  /// Sets it for good where the content is another one. Best effort.
  void begin_marks(const Mark& mark) noexcept;

 private:
  [[nodiscard]] bool try_turnstile();
  void leave_turnstile() noexcept;
  void create(const std::string& path, const std::string& like, std::uint32_t mode);
  void write_header();
  void map() noexcept;
  [[nodiscard]] std::int64_t require_ours() const;
  void require_in_place();
  void repair(bool in_use);
  [[nodiscard]] bool try_flock();
  [[nodiscard]] std::optional<std::uint32_t> peek(std::int64_t offset) const noexcept;
  void tell(futex::Word* word) noexcept;
  void write_word(std::int64_t offset, std::uint32_t value);
  [[nodiscard]] std::uint32_t read_word(std::int64_t offset);
  std::string path_;
  OwnDescriptor descriptor_;
  bool checked_ = false;  // the header is there, so that a file which is too short was shortened
  void* mapped_ = nullptr;
  futex::Word* freed_ = nullptr;   // one more whenever the lock is let go
  futex::Word* passed_ = nullptr;  // one more whenever the turnstile is
  std::uint64_t announced_ = 0;
};

}  // namespace tse::store::sqlite
