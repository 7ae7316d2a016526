// The feed of all changes, and the figures of a file.
#pragma once

#include <taskstate/list.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace taskstate {

/// Which part of the feed Engine::changes() gives. @since 0.1
struct ChangesQuery {
  std::optional<std::string> zone_id{};  ///< absent: all zones
  std::optional<std::string> after{};    ///< a position; absent: from the first event that is still there
  bool latest = false;                   ///< begin here and now; `after` must be absent
  bool allow_gap = false;                ///< go on from `after` although purges behind it are no longer told
  std::optional<std::int64_t> limit{};   ///< events, 1-1000; absent: 100
  std::chrono::microseconds wait{0};     ///< for the first event; 0: not at all
};

/// A part of the feed: events of all tasks in the order in which they were committed. @since 0.1
struct Changes {
  std::vector<Event> events{};  ///< may be empty
  std::string position{};       ///< where the next part begins; opaque, printable ASCII, at most 128 bytes
  std::int64_t purged_through =
      0;  ///< missing sequence numbers up to it belong to purged tasks; above it none is missing
};

/// Which tasks Engine::purge() removes. @since 0.1
struct Purge {
  std::chrono::microseconds older_than{0};  ///< completed or failed at least so long ago, up to 100 years
  std::optional<std::string> zone_id{};     ///< absent: all zones
  std::int64_t limit = 0;                   ///< at most so many; 0: all
};

/// How many tasks of a zone and operation have a status. @since 0.1
struct Count {
  std::string zone_id{};
  std::string operation{};
  Status status = Status::pending;
  std::int64_t count = 0;  ///< 1 and up: a count of 0 is left out
};

/// What claims pass over: a zone, or an operation; exactly one of them. @since 0.2
struct PauseTarget {
  std::optional<std::string> zone_id{};
  std::optional<std::string> operation{};
  bool operator==(const PauseTarget&) const = default;
};

/// What Engine::pause() has paused. @since 0.2
struct Pause {
  PauseTarget what{};
  Time since{};
  std::optional<std::string> actor{};  ///< of the call that paused it
};

/// How many tasks failed, by kind, since the file was made. @since 0.1
struct Failures {
  std::int64_t failed = 0;     ///< their worker said so
  std::int64_t cancelled = 0;  ///< somebody cancelled them
  std::int64_t expired = 0;    ///< nobody started them in time
  std::int64_t lost = 0;       ///< their worker was gone, and no attempt was left
};

/// How often something took how long, since the file was made. @since 0.1
struct Histogram {
  std::vector<std::chrono::microseconds> bounds{};  ///< inclusive upper bounds, ascending; the last bucket has none
  std::vector<std::int64_t> counts{};               ///< of each bucket: one more than there are bounds
  std::int64_t count = 0;                           ///< of all buckets
  std::chrono::microseconds sum{0};                 ///< of all that was measured
};

/// Figures of a file, and of the engine that read them since it was opened. @since 0.1
struct Stats {
  std::int64_t pending = 0;  ///< tasks of all zones
  std::int64_t running = 0;
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::vector<Count> counts{};
  std::vector<Pause> pauses{};  ///< of the whole file: zones, then operations
  std::int64_t file_bytes = 0;  ///< of the database file
  std::int64_t free_bytes = 0;  ///< of these, unused
  std::int64_t wal_bytes = 0;
  std::int64_t last_sequence = 0;  ///< of the newest event
  std::int64_t commits = 0;        ///< transactions of this engine
  std::int64_t changes = 0;        ///< what they held: changes / commits is the mean size of a group
  std::int64_t largest_group = 0;
  std::int64_t checkpoints = 0;
  std::int64_t lock_waits = 0;  ///< commits that had to wait for another process
  std::chrono::microseconds lock_wait{0};
  std::int64_t waiters = 0;        ///< registrations of watches and waiting calls, now
  std::int64_t cache_hits = 0;     ///< answers of decide() that were kept and current
  std::int64_t cache_misses = 0;   ///< those that were read
  std::int64_t cache_entries = 0;  ///< answers that are kept, now
  std::int64_t cache_bytes = 0;
  bool durable = true;         ///< a change is on the disk when its call returns
  std::string lease_clock{};   ///< what leases are held in: "boot", "wall" or "host"
  std::string answer_proof{};  ///< how kept answers are proven current: "wal_index", "own_commits", or "none" are kept
  std::string sqlite_version{};
  std::int64_t leases_incomparable = 0;        ///< whose end cannot be told from here, by their clock or ours
  std::int64_t lease_clocks_incomparable = 0;  ///< the clocks of these
  bool expiry_paused = false;                  ///< the wall clock has leapt, and nothing expires by it: clock_ok()
  std::string locks{};                         ///< "ofd", "posix" (weaker: see taskstate.h), or "none" in memory
  std::int64_t leases_lost = 0;                ///< leases that ended without their holder, by any process
  Failures failures{};                         ///< by any process
  Histogram waiting_time{};                    ///< from a task's creation, or its not_before, to its start
  Histogram running_time{};                    ///< from the start of its latest attempt to its end
  std::string text{};                          ///< all of it as OpenMetrics text 1.0.0
};

}  // namespace taskstate
