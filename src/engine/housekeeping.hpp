// What is due: leases that have ended, pending tasks that nobody started in time, tasks whose not_before has come.
#pragma once

#include "core/apply.hpp"
#include "store/store.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace tse::engine {

/// The two clocks at one moment.
struct Moment {
  std::int64_t wall = 0;   ///< us UTC
  std::int64_t lease = 0;  ///< us on lease_clock
  std::string lease_clock;
};

/// Whether keep_house() would find anything. Throws Failure(unsupported) if leases are held in another time namespace
/// of this boot, whose ends cannot be told from here.
[[nodiscard]] bool is_house_due(store::View& view, const Moment& moment);

struct Kept {
  std::size_t changed = 0;
  std::size_t damaged = 0;  ///< cannot be read, and were passed over
};

/// Does what is due, for at most `limit` tasks.
Kept keep_house(store::Session& session, const Moment& moment, const core::Context& context, std::size_t limit);

}  // namespace tse::engine
