// For programs that run their tests once more with TSE_GUARDS set: then the schema's own rules judge every write of the
// store, and refuse an engine's mistake.
#include "store/sqlite/guards.hpp"

#include <cstdlib>

namespace tse::store::sqlite {

bool guards_by_default() noexcept { return std::getenv("TSE_GUARDS") != nullptr; }

}  // namespace tse::store::sqlite
