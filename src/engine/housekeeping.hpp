// What falls due is done: leases that have ended, pending tasks that nobody started in time, tasks whose not_before has
// come.
#pragma once

#include "core/apply.hpp"
#include "store/store.hpp"

#include <cstddef>

namespace tse::engine {

/// Whether keep_house() would find anything.
[[nodiscard]] bool is_house_due(store::View& view);

struct Kept {
  std::size_t changed = 0;
  std::size_t damaged = 0;  ///< cannot be read, and were passed over
  bool more = false;        ///< there may be more to do
};

/// Does what is due, for at most `limit` tasks of each kind.
Kept keep_house(store::Session& session, std::size_t limit);

}  // namespace tse::engine
