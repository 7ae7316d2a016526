// What the host decides at open, as far as it is plain data: no clock, no callback, no path of the database.
#pragma once

#include "core/answer.hpp"
#include "core/range.hpp"
#include "core/task.hpp"

#include <taskstate/contract/options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tse::core {

enum class Mode : std::int32_t { create = 0, read_write = 1, read_only = 2 };
/// Whether a change must have reached the disk when its call returns. One that need not is still atomic and in order.
enum class Durability : std::int32_t { full = 0, relaxed = 1 };
/// What becomes of a file with an older schema.
enum class Migrate : std::int32_t { automatic = 0, manual = 1, refuse = 2 };
enum class LogLevel : std::int32_t { trace = 0, debug = 1, info = 2, warn = 3, error = 4, off = 5 };

/// What is stored in the file, since clients and other processes see it (file_settings.hpp). Durations that are 0:
/// none.
struct FileSettings {
  std::vector<std::string> operations{contract::option::operations.begin(), contract::option::operations.end()};
  Policy policy{};  ///< but for its longest_wait, which is the process's own
  std::int64_t running_limit =
      usual(contract::option::running_limit);  ///< tasks of a zone that may run at once; 0: no limit
  std::int64_t pending_limit =
      usual(contract::option::pending_limit);  ///< tasks of a zone that may be pending at once; 0: no limit
  std::chrono::microseconds idempotency_retention = usual_duration(contract::option::idempotency_retention);
  bool adopt_request_id = false;  ///< as the idempotency key
  std::chrono::microseconds retention = usual_duration(contract::option::retention);
  std::chrono::microseconds result_retention = usual_duration(contract::option::result_retention);
  std::chrono::microseconds tombstones = usual_duration(contract::option::tombstones);
  std::chrono::microseconds feed_retention = usual_duration(contract::option::feed_retention);
};

/// One of them.
enum class FileSetting : std::uint8_t {
  operations,
  location,
  status_url,
  completed,
  retry_after,
  ignore_bad_request_id,
  running_limit,
  pending_limit,
  idempotency_retention,
  adopt_request_id,
  retention,
  result_retention,
  tombstones,
  feed_retention
};
inline constexpr std::size_t file_setting_count = 14;

/// Which of them the host has given; the others are the file's.
class GivenSettings {
 public:
  void add(FileSetting setting) noexcept { bits_ |= bit(setting); }
  [[nodiscard]] bool has(FileSetting setting) const noexcept { return (bits_ & bit(setting)) != 0; }
  [[nodiscard]] static GivenSettings all() noexcept {
    GivenSettings given;
    given.bits_ = bit(static_cast<FileSetting>(file_setting_count)) - 1;
    return given;
  }

 private:
  static constexpr std::uint32_t bit(FileSetting setting) noexcept { return 1U << static_cast<unsigned>(setting); }
  std::uint32_t bits_ = 0;
};

struct Settings : FileSettings {
  GivenSettings given{};
  bool reconfigure = false;  ///< what is given is written into the file where it differs
  Mode mode = Mode::create;
  bool adopt = false;
  bool any_filesystem = false;
  std::chrono::microseconds timeout = usual_duration(contract::option::timeout);
  /// How often the housekeeper looks; 0: never. None: every second, or never with an injected clock.
  std::optional<std::chrono::microseconds> housekeeping{};
  Durability durability = Durability::full;
  std::int64_t max_bytes = usual(contract::option::max_bytes);  ///< of the file; 0: no limit
  std::int64_t checkpoint_bytes = usual(contract::option::checkpoint_bytes);
  std::uint32_t file_mode = contract::option::file_mode;
  Migrate migrate = Migrate::automatic;
  std::int64_t answer_cache_bytes = usual(contract::option::answer_cache_bytes);  ///< 0: none
  Text boot_id{};                                                                 ///< none: the kernel's
  LogLevel log_level = LogLevel::warn;
  Text log_file{};  ///< none: stderr
};

}  // namespace tse::core
