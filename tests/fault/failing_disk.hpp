// A SQLite VFS over the engine's own in which the nth operation fails, whatever it is: once, or it and all that follow.
// A failed flush does what it does on Linux: what it should have written is never written, although it can still be
// read, the next flush through each other open descriptor fails, too, and later ones succeed.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace fault {

/// What a broken disk does. The numbers are for messages.
enum class Defect {
  error,        ///< every operation can fail: opening, deleting, sizes, locks and shared memory, too
  no_room,      ///< writes, flushes and the growth of shared memory fail for want of room
  half_a_write  ///< a write fails after its first half
};
[[nodiscard]] const char* to_string(Defect defect) noexcept;

/// The VFS stands before the engine's own while it lives. Any thread; one for the whole process.
class FailingDisk {
 public:
  FailingDisk();
  ~FailingDisk();
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;

  /// From now on: `after` operations that can fail succeed, then so many fail; -1: all.
  static void fail(Defect defect, std::int64_t after, std::int64_t times);
  /// Nothing fails any more.
  static void heal();
  /// Since fail().
  [[nodiscard]] static bool has_failed();
  [[nodiscard]] static bool is_flush_failed();
  /// For messages.
  [[nodiscard]] static std::string failures();

  /// Follows from now on what of a file has reached the disk; it is closed and all of it there.
  static void follow(const std::string& path);
  /// What a power cut leaves of the file.
  [[nodiscard]] static std::string durable(const std::string& path);
  /// From now on: after so many writes, truncations and flushes, what a power cut may leave then is kept: what is on
  /// the disk, and of what is not there yet each page by chance.
  static void cut(std::int64_t after, std::uint64_t seed);
  /// The followed files' contents by path, empty if it did not come to the cut. No cut comes any more.
  [[nodiscard]] static std::map<std::string, std::string> left_by_cut();
};

}  // namespace fault
