// Lets a program be a release to come: one whose schema has a step more than this one's.
#pragma once

#include "store/sqlite/migrations.hpp"

namespace tse::test {

enum class Release {
  current,
  additive,  ///< schema 3, which engines of schema 2 can go on with
  breaking,  ///< schema 3, which they cannot
  endless,   ///< schema 3, by a step that does not end
  failing,   ///< schema 3, by a step that fails at its end
};

/// What the whole process is, while it lives.
class As {
 public:
  explicit As(Release release) noexcept;
  ~As();
  As(const As&) = delete;
  As& operator=(const As&) = delete;

 private:
  Release before_;
};

}  // namespace tse::test
