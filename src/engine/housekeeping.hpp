// What is due: leases that have ended, pending tasks that nobody started in time, tasks whose not_before has come.
#pragma once

#include "core/apply.hpp"
#include "engine/lease_judge.hpp"
#include "store/store.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace tse::engine {

/// The clocks at one moment.
struct Moment {
  std::int64_t wall = 0;   ///< us UTC
  std::int64_t lease = 0;  ///< us on lease_clock
  std::string lease_clock;
  std::int64_t expiry = 0;  ///< us UTC: what expires by the wall clock has, up to here
};

/// Whether keep_house() would find anything.
[[nodiscard]] bool is_house_due(store::View& view, const Moment& moment, const LeaseJudge& judge);

/// How long until something falls due that is not due yet, as far as it is known now, but at most `most`.
[[nodiscard]] std::chrono::microseconds until_next_due(store::View& view, const Moment& moment,
                                                       std::chrono::microseconds most);

struct Kept {
  std::size_t changed = 0;
  std::size_t damaged = 0;  ///< cannot be read, and were passed over
};

/// Does what is due, for at most `limit` tasks.
Kept keep_house(store::Session& session, const Moment& moment, const LeaseJudge& judge, const core::Context& context,
                std::size_t limit);

struct Incomparable {
  std::int64_t clocks = 0;
  std::int64_t leases = 0;
};

/// Leases whose end cannot be told from here, and the clocks that they are held in.
[[nodiscard]] Incomparable find_incomparable(store::View& view, const Moment& moment, const LeaseJudge& judge);

}  // namespace tse::engine
