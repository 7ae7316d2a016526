#include "store/sqlite/guards.hpp"

namespace tse::store::sqlite {

// Weak, so that tests/guards.cpp can take its place.
[[gnu::weak]] bool guards_by_default() noexcept { return false; }

}  // namespace tse::store::sqlite
