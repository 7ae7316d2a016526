// What the host decides at open.
#pragma once

#include "core/answer.hpp"
#include "engine/clock.hpp"
#include "engine/lease_clock.hpp"
#include "engine/log.hpp"
#include "store/store.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tse::engine {

enum class Mode : std::int32_t { create = 0, read_write = 1, read_only = 2 };

/// Times that are 0: none.
struct Settings {
  Mode mode = Mode::create;
  bool adopt = false;
  bool any_filesystem = false;
  std::chrono::microseconds timeout = std::chrono::seconds(5);
  std::vector<std::string> operations{"create", "delete"};
  core::Policy policy;
  LogSettings log;
  Clock clock;          ///< empty: the system's
  Clock rough_clock{};  ///< for what whole seconds are made of; chosen with the clock
  Clock boot_clock{};   ///< runs evenly, whatever the clock does; empty: the injected clock, else the boot clock
  IdSource ids;         ///< empty: UUIDv7 and UUIDv4
  /// How often the housekeeper looks; 0: never. None: every second, or never with an injected clock.
  std::optional<std::chrono::microseconds> housekeeping;
  std::int64_t running_limit = 0;  ///< tasks of a zone that may run at once; 0: no limit
  std::int64_t pending_limit = 0;  ///< tasks of a zone that may be pending at once; 0: no limit
  std::chrono::microseconds idempotency_retention = std::chrono::hours(24);
  bool adopt_request_id = false;  ///< as the idempotency key
  std::chrono::microseconds retention{0};
  std::chrono::microseconds tombstones{0};
  std::chrono::microseconds feed_retention = std::chrono::hours(24 * 7);
  store::Durability durability = store::Durability::full;
  std::int64_t max_bytes = 0;  ///< of the file; 0: no limit
  std::int64_t checkpoint_bytes = std::int64_t{4} << 20;
  std::uint32_t file_mode = 0600;
  bool refuse_migration = false;
  std::int64_t answer_cache_bytes = std::int64_t{64} << 20;  ///< 0: none
  std::string boot_id;                                       ///< empty: the kernel's
  LeaseClock lease_clock;                                    ///< empty: the injected clocks, else the boot clock
  bool real_time = true;                                     ///< the clocks are the system's; chosen with the clock
};

}  // namespace tse::engine
