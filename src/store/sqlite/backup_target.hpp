// Where a backup may get its name: a name that is free, or that an earlier backup has. Nothing else is ever replaced.
#pragma once

#include "store/sqlite/files.hpp"

#include <string>

namespace tse::store::sqlite {

/// The name that a backup is to have.
class BackupTarget {
 public:
  /// `source`: the database that is copied; none of it for one in memory. Throws Failure(invalid_argument) for a name
  /// that is or belongs to the database, and for what is no regular file; already_exists where something stands, or
  /// lies beside, that a backup must not take the place of.
  BackupTarget(const std::string& path, const Paths& source, const Patience& patience);

  [[nodiscard]] const std::string& path() const noexcept { return target_.database; }
  /// Gives the finished file its name, if that still is as it was judged. Throws Failure.
  void take(const std::string& finished) const;

 private:
  void refuse_companions() const;
  void judge_earlier(const struct stat& found, const Patience& patience) const;

  Paths target_;
  bool replaces_ = false;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace tse::store::sqlite
