// Settings: of an engine at open, and of one call.
#pragma once

#include <taskstate.h>
#include <taskstate/cancel_token.hpp>
#include <taskstate/statement.hpp>
#include <taskstate/task.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace taskstate {

/// What opening may do to the file. @since 0.1
enum class Mode : std::int32_t {
  create = TSE_MODE_CREATE,          ///< read and write; a missing file is created
  read_write = TSE_MODE_READ_WRITE,  ///< read and write; a missing file is an error
  read_only = TSE_MODE_READ_ONLY,    ///< look-ups only; changes throw Errc::read_only
};

/// How a completed task is answered. @since 0.1
enum class Completed : std::int32_t {
  see_other = TSE_COMPLETED_SEE_OTHER,  ///< 303 with Location
  ok = TSE_COMPLETED_OK,                ///< 200 with Link rel="related", for clients that cannot take a 303
};

/// @since 0.1
enum class LogLevel : std::int32_t {
  trace = TSE_LOG_TRACE,
  debug = TSE_LOG_DEBUG,
  info = TSE_LOG_INFO,
  warn = TSE_LOG_WARN,
  error = TSE_LOG_ERROR,
  off = TSE_LOG_OFF,
};

/// When a change has reached the disk. @since 0.1
enum class Durability : std::int32_t {
  full = TSE_DURABILITY_FULL,        ///< when its call returns
  relaxed = TSE_DURABILITY_RELAXED,  ///< it outlives the process at once, a power cut only some moments later
};

/// What becomes of a file of an older schema. @since 0.1
enum class Migrate : std::int32_t {
  automatic = TSE_MIGRATE_AUTO,  ///< opening it for writing migrates it, as migrate() does, within the timeout
  manual = TSE_MIGRATE_MANUAL,   ///< opening it is Errc::schema_too_old; only migrate() migrates it
  refuse = TSE_MIGRATE_REFUSE,   ///< Errc::schema_too_old, and it stays as it is, also for migrate()
};

/// What an id is for. @since 0.1
enum class IdKind : std::int32_t {
  task = TSE_ID_TASK,        ///< a task that the host did not name
  request = TSE_ID_REQUEST,  ///< the request_id of an error answer without a client request id
};

/// The 16 bytes of a UUID. @since 0.1
using Uuid = std::array<std::uint8_t, 16>;

/// Settings of Engine. What is left out has the engine's own default, named in brackets; or, where that says "file",
/// what the file holds, and the default in a new one: those that clients and other processes see are stored in the
/// file. Given otherwise than the file has them, they are Errc::invalid_argument, unless `reconfigure` is set.
///
/// The callbacks may be called from any thread, also several at once, and must not call taskstate. They
/// are destroyed with the last engine that holds them. An exception stops at the callback: while a clock
/// throws, its time stands still (before it told one, it is the system's), a throwing id source is replaced by
/// a random UUIDv4; the first time it is said in the log. @since 0.1
struct Options {
  std::optional<Mode> mode{};  ///< [create]
  bool reconfigure =
      false;           ///< write what is given into the file; it holds for all who have it open from their next look on
  bool adopt = false;  ///< put the tables into an existing SQLite database of the host's that has none of them
  std::optional<std::chrono::microseconds> timeout{};  ///< default timeout of calls; 0 tries once [5 s]
  /// Allowed beside "create" and "delete": [a-z][a-z0-9_]{0,31} each. {"create"}: none beside them [file, none]
  std::vector<std::string> operations{};
  std::optional<std::string>
      location{};  ///< where a completed task leads [file, /zones/{zone_id}/installs/{install_id}]
  std::optional<std::string> status_url{};                ///< [file, /zones/{zone_id}/catalog_tasks/{task_id}]
  std::optional<Completed> completed{};                   ///< [file, see_other]; a request may say otherwise
  std::optional<std::chrono::seconds> retry_after_min{};  ///< lower bound of Retry-After, 0 s or more [file, 1 s]
  std::optional<std::chrono::seconds> retry_after_max{};  ///< upper bound of Retry-After, 86400 s or less [file, 30 s]
  /// Ignore an X-Client-Request-ID that is no UUID, instead of answering 400 [file, false]
  std::optional<bool> ignore_bad_request_id{};
  bool any_filesystem = false;  ///< open also on network, FUSE, virtiofs and 9p file systems, whose locks deceive
  std::optional<LogLevel> log_level{};                    ///< the least that is logged [warn]
  std::optional<std::string> log_file{};                  ///< append log lines to this file [stderr]
  std::function<void(LogLevel, std::string_view)> log{};  ///< receives log lines, instead of file and stderr
  std::function<Time()> clock{};       ///< the time, for tests; leases are held in it too [system clock]
  std::function<Time()> boot_clock{};  ///< runs evenly, for tests; leases are held in it [the clock, or boot time]
  std::function<Uuid(IdKind)> ids{};   ///< ids, for tests [UUIDv7 tasks, UUIDv4 requests]
  /// How often the engine's own thread ends leases and expires tasks, 10 ms - 1 h; 0: never, the host calls
  /// Engine::tick() [1 s; 0 with a clock]
  std::optional<std::chrono::microseconds> housekeeping{};
  std::optional<std::int64_t>
      running_limit{};                   ///< tasks of one zone that claims let run at once; 0: no limit [file, 0]
  std::optional<std::string> boot_id{};  ///< names this boot: 1-64 of A-Z a-z 0-9 - . _ ~ [the kernel's]
  /// Tasks of one zone that may be pending, else limit_exceeded; 0: no limit [file, 0]
  std::optional<std::int64_t> pending_limit{};
  std::optional<std::chrono::microseconds> idempotency_retention{};  ///< of a key, 1 s - 10 years [file, 24 h]
  /// A Call::request_id that is a UUID is the idempotency key if there is none [file, false]
  std::optional<bool> adopt_request_id{};
  std::chrono::microseconds longest_wait{0};  ///< that a request may ask for by Prefer, up to 1 h; 0: none
  /// After which the housekeeping purges what has ended, 1 s - 100 years; 0: never [file, 0]
  std::optional<std::chrono::microseconds> retention{};
  /// After which stored results are dropped, 1 s - 100 years; 0: they stay as long as their task [file, 0]
  std::optional<std::chrono::microseconds> result_retention{};
  /// For how long a purged task answers 410, 1 s - 100 years; 0: not at all [file, 0]
  std::optional<std::chrono::microseconds> tombstones{};
  std::optional<std::chrono::microseconds> feed_retention{};  ///< of purge events, 1 s - 100 years [file, 7 days]
  std::optional<Durability> durability{};                     ///< [full]
  std::int64_t max_bytes = 0;                                 ///< of the database file, 64 KiB and up; 0: no limit
  std::optional<std::int64_t>
      checkpoint_bytes{};  ///< of the -wal, from which a change empties it, 64 KiB - 1 GiB [4 MiB]
  std::optional<std::int64_t> answer_cache_bytes{};  ///< for rendered answers, 0 - 64 GiB; 0: none are kept [64 MiB]
  std::optional<std::int32_t> file_mode{};           ///< of new files, 0600 with any of 0066 added [0600]
  std::optional<Migrate> migrate{};                  ///< [automatic]
};

/// What one operation carries besides its arguments. @since 0.1
struct Call {
  std::optional<std::chrono::microseconds> timeout{};  ///< how long to wait for a turn; 0 tries once [the engine's]
  std::optional<std::string> request_id{};   ///< the client's, 1-128 visible ASCII characters; kept in the history
  std::optional<std::string> traceparent{};  ///< W3C Trace Context version 00, section 3.2; kept in the history
  std::optional<std::string> actor{};        ///< who acts, 1-256 bytes UTF-8, no control characters; the event's worker
  std::optional<CancelToken> cancel{};       ///< ends the call's waiting
  std::vector<Statement> also{};             ///< the host's own, run with each change that the call makes; at most 64
};

}  // namespace taskstate
