// Whether the files are still those that were opened.
//
// A look asks for the directory and the database; a directory whose change time stands still holds the same names as
// before, so the others are asked for when it has moved, and once a second. What a look needs may be taken away after
// opening: by a sandbox that refuses statx(2), by setuid(2), by chroot(2). Then it is done another way, from
// descriptors that were opened before, and where that does not do either, nothing is found out: that the files moved is
// only said when it was seen.
#pragma once

#include "core/error.hpp"
#include "store/descriptor.hpp"
#include "store/sqlite/files.hpp"

#include <sys/stat.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace tse::store::sqlite {

/// What a look found out.
enum class Standing {
  same,
  moved,
  unknown,  ///< the system refuses to tell; see refusal()
};

/// Any thread.
class Identity {
 public:
  /// The directory, and those of the files that exist. Those that come later are known from the next look on.
  void record(const Paths& paths);
  /// Whether the same files stand there still, with as many links.
  [[nodiscard]] Standing look() noexcept;
  /// Why the last look found nothing out: access_denied, unsupported ...
  [[nodiscard]] core::Error refusal() const;
  void close() noexcept;
  /// Closes in a child of fork(), where another thread may have been in the middle of a look.
  void close_inherited() noexcept;

 private:
  struct Seen {
    dev_t device = 0;
    ino_t inode = 0;
    std::uint64_t links = 0;
    std::int64_t changed_at = 0;  ///< ns; of the directory only
    [[nodiscard]] bool is_same_file(const Seen& other) const { return device == other.device && inode == other.inode; }
  };
  enum class Answer { found, absent, refused };
  struct Entry {
    std::string path;
    std::string name;
    std::optional<Seen> seen;
  };

  [[nodiscard]] Answer ask(int directory, const char* name, bool times, Seen& seen) noexcept;
  [[nodiscard]] Answer ask_descriptor(const OwnDescriptor& descriptor, bool times, Seen& seen) noexcept;
  [[nodiscard]] bool may_root_be_another() noexcept;
  [[nodiscard]] Standing look_at_directory(Seen& now, bool& by_path) noexcept;
  [[nodiscard]] Standing look_at(Entry& entry, bool by_path, bool unmoved) noexcept;

  mutable std::mutex mutex_;
  std::string directory_path_;
  std::optional<Seen> root_, directory_;
  OwnDescriptor directory_descriptor_, database_descriptor_;  // O_PATH: closing one drops no lock
  std::array<Entry, 4> files_;                                // the database first
  bool names_are_known_ = false;   // those of all files, as long as the directory's change time is the same
  std::int64_t all_again_at_ = 0;  // steady, ns
  int refused_with_ = 0;
};

}  // namespace tse::store::sqlite
