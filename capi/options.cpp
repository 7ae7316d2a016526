// Settings of tse_open(). Each setter checks its value at once.
#include "internal.hpp"

#include "core/location.hpp"
#include "core/validate.hpp"

#include <algorithm>
#include <memory>

using namespace tse;

static_assert(TSE_MODE_CREATE == static_cast<std::int32_t>(engine::Mode::create) &&
              TSE_MODE_READ_WRITE == static_cast<std::int32_t>(engine::Mode::read_write) &&
              TSE_MODE_READ_ONLY == static_cast<std::int32_t>(engine::Mode::read_only));
static_assert(TSE_COMPLETED_SEE_OTHER == static_cast<std::int32_t>(core::Completed::see_other) &&
              TSE_COMPLETED_OK == static_cast<std::int32_t>(core::Completed::ok));
static_assert(TSE_LOG_TRACE == static_cast<std::int32_t>(engine::LogLevel::trace) &&
              TSE_LOG_WARN == static_cast<std::int32_t>(engine::LogLevel::warn) &&
              TSE_LOG_OFF == static_cast<std::int32_t>(engine::LogLevel::off));
static_assert(TSE_DURABILITY_FULL == static_cast<std::int32_t>(store::Durability::full) &&
              TSE_DURABILITY_RELAXED == static_cast<std::int32_t>(store::Durability::relaxed));
static_assert(TSE_ID_TASK == static_cast<std::int32_t>(engine::IdKind::task) &&
              TSE_ID_REQUEST == static_cast<std::int32_t>(engine::IdKind::request));

namespace {

constexpr std::int32_t longest_retry_after = 86400;
constexpr std::int64_t shortest_interval = 10'000;        // us
constexpr std::int64_t longest_interval = 3'600'000'000;  // us
constexpr std::size_t longest_boot_id = 64;
constexpr std::int64_t kibibyte = 1024;
constexpr std::int64_t one_second = 1'000'000;  // us
constexpr std::int64_t ten_years = one_second * 3600 * 24 * 366 * 10;
constexpr std::int64_t hundred_years = ten_years * 10;

std::chrono::microseconds retention_in(std::int64_t value, std::int64_t longest, const char* name) {
  if (value < one_second || value > longest)
    capi::refuse(name, std::string("must be 1 s to ") + (longest == ten_years ? "10" : "100") + " years, is " +
                           std::to_string(value) + " us");
  return std::chrono::microseconds(value);
}

std::chrono::microseconds retention_or_none_in(std::int64_t value, const char* name) {
  return value == 0 ? std::chrono::microseconds(0) : retention_in(value, hundred_years, name);
}

std::int32_t choice_in(std::int32_t value, std::int32_t last, const char* name) {
  if (value < 0 || value > last)
    capi::refuse(name, "must be 0-" + std::to_string(last) + ", is " + std::to_string(value));
  return value;
}

std::string required_text(const char* text, size_t size, const char* name) {
  const auto value = capi::text_in(text, size, name);
  if (!value) capi::refuse(name, "must not be NULL");
  return std::string(*value);
}

/// Owns a callback's user_data: shared by all copies of the callback, destroyed with the last.
std::shared_ptr<void> own(void* user_data, tse_destroy_fn destroy) {
  return {user_data, [destroy](void* data) {
            try {
              if (destroy != nullptr) destroy(data);
            } catch (...) {  // nobody is there to hear of it
            }
          }};
}

engine::Clock clock_in(tse_clock_fn now, const std::shared_ptr<void>& data) {
  if (now == nullptr) return {};
  return [now, data] { return now(data.get()); };
}

}  // namespace

int32_t tse_options_new(tse_options** options, tse_error** error) noexcept {
  return capi::guard(error, [&] { capi::make(options, "options"); });
}

void tse_options_free(tse_options* options) noexcept { delete options; }

int32_t tse_options_set_mode(tse_options* options, int32_t mode, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& settings = capi::require(options, "options").settings;
    settings.mode = static_cast<engine::Mode>(choice_in(mode, TSE_MODE_READ_ONLY, "mode"));
  });
}

int32_t tse_options_set_adopt(tse_options* options, int32_t adopt, tse_error** error) noexcept {
  return capi::guard(error, [&] { capi::require(options, "options").settings.adopt = capi::flag_in(adopt, "adopt"); });
}

int32_t tse_options_set_timeout(tse_options* options, int64_t timeout_us, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& settings = capi::require(options, "options").settings;
    if (timeout_us < 0) capi::refuse("timeout_us", "must not be negative, is " + std::to_string(timeout_us));
    settings.timeout = std::chrono::microseconds(timeout_us);
  });
}

int32_t tse_options_add_operation(tse_options* options, const char* name, size_t size, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& operations = capi::require(options, "options").settings.operations;
    std::string operation = required_text(name, size, "operation");
    if (!core::is_operation(operation))
      capi::refuse("operation", "must match [a-z][a-z0-9_]{0,31}, has " + std::to_string(operation.size()) + " bytes");
    if (std::find(operations.begin(), operations.end(), operation) == operations.end())
      operations.push_back(std::move(operation));
  });
}

int32_t tse_options_set_location(tse_options* options, const char* path, size_t size, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& policy = capi::require(options, "options").settings.policy;
    policy.location = core::PathTemplate(required_text(path, size, "location"), "location");
  });
}

int32_t tse_options_set_status_url(tse_options* options, const char* path, size_t size, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& policy = capi::require(options, "options").settings.policy;
    policy.status_url =
        core::PathTemplate(required_text(path, size, "status_url"), "status_url", core::PathTemplate::Install::refused);
  });
}

int32_t tse_options_set_completed(tse_options* options, int32_t completed, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& policy = capi::require(options, "options").settings.policy;
    policy.completed = static_cast<core::Completed>(choice_in(completed, TSE_COMPLETED_OK, "completed"));
  });
}

int32_t tse_options_set_retry_after(tse_options* options, int32_t min_s, int32_t max_s, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& policy = capi::require(options, "options").settings.policy;
    if (min_s < 0 || max_s < min_s || max_s > longest_retry_after)
      capi::refuse("retry_after", "must be 0 <= min <= max <= 86400 seconds");
    policy.retry_after_min = min_s;
    policy.retry_after_max = max_s;
  });
}

int32_t tse_options_set_ignore_bad_request_id(tse_options* options, int32_t ignore, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    capi::require(options, "options").settings.policy.ignore_bad_request_id =
        capi::flag_in(ignore, "ignore_bad_request_id");
  });
}

int32_t tse_options_set_any_filesystem(tse_options* options, int32_t allow, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    capi::require(options, "options").settings.any_filesystem = capi::flag_in(allow, "any_filesystem");
  });
}

int32_t tse_options_set_housekeeping(tse_options* options, int64_t interval_us, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& settings = capi::require(options, "options").settings;
    if (interval_us != 0 && (interval_us < shortest_interval || interval_us > longest_interval))
      capi::refuse("housekeeping", "must be 0 or 10 ms to 1 h, is " + std::to_string(interval_us) + " us");
    settings.housekeeping = std::chrono::microseconds(interval_us);
  });
}

int32_t tse_options_set_running_limit(tse_options* options, int64_t tasks, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& settings = capi::require(options, "options").settings;
    if (tasks < 0) capi::refuse("running_limit", "must not be negative, is " + std::to_string(tasks));
    settings.running_limit = tasks;
  });
}

int32_t tse_options_set_boot_id(tse_options* options, const char* text, size_t size, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& settings = capi::require(options, "options").settings;
    const auto id = capi::text_in(text, size, "boot_id");
    if (id && (id->size() > longest_boot_id || !core::is_id(*id)))
      capi::refuse("boot_id", "must be 1-64 of A-Z a-z 0-9 - . _ ~, has " + std::to_string(id->size()) + " bytes");
    settings.boot_id = id.value_or(std::string_view());
  });
}

int32_t tse_options_set_pending_limit(tse_options* options, int64_t tasks, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& settings = capi::require(options, "options").settings;
    if (tasks < 0) capi::refuse("pending_limit", "must not be negative, is " + std::to_string(tasks));
    settings.pending_limit = tasks;
  });
}

int32_t tse_options_set_idempotency_retention(tse_options* options, int64_t retention_us, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    capi::require(options, "options").settings.idempotency_retention =
        retention_in(retention_us, ten_years, "idempotency_retention");
  });
}

int32_t tse_options_set_adopt_request_id(tse_options* options, int32_t adopt, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    capi::require(options, "options").settings.adopt_request_id = capi::flag_in(adopt, "adopt_request_id");
  });
}

int32_t tse_options_set_longest_wait(tse_options* options, int64_t wait_us, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& policy = capi::require(options, "options").settings.policy;
    if (wait_us < 0 || wait_us > longest_interval)
      capi::refuse("longest_wait", "must be 0 to 1 h, is " + std::to_string(wait_us) + " us");
    policy.longest_wait = wait_us;
  });
}

int32_t tse_options_set_retention(tse_options* options, int64_t retention_us, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    capi::require(options, "options").settings.retention = retention_or_none_in(retention_us, "retention");
  });
}

int32_t tse_options_set_tombstones(tse_options* options, int64_t retention_us, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    capi::require(options, "options").settings.tombstones = retention_or_none_in(retention_us, "tombstones");
  });
}

int32_t tse_options_set_feed_retention(tse_options* options, int64_t retention_us, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    capi::require(options, "options").settings.feed_retention =
        retention_in(retention_us, hundred_years, "feed_retention");
  });
}

int32_t tse_options_set_durability(tse_options* options, int32_t durability, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    capi::require(options, "options").settings.durability =
        static_cast<store::Durability>(choice_in(durability, TSE_DURABILITY_RELAXED, "durability"));
  });
}

int32_t tse_options_set_max_bytes(tse_options* options, int64_t bytes, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& settings = capi::require(options, "options").settings;
    if (bytes != 0 && bytes < 64 * kibibyte)
      capi::refuse("max_bytes", "must be 0 or 65536 and up, is " + std::to_string(bytes));
    settings.max_bytes = bytes;
  });
}

int32_t tse_options_set_checkpoint_bytes(tse_options* options, int64_t bytes, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& settings = capi::require(options, "options").settings;
    if (bytes < 64 * kibibyte || bytes > kibibyte * kibibyte * 1024)
      capi::refuse("checkpoint_bytes", "must be 64 KiB to 1 GiB, is " + std::to_string(bytes));
    settings.checkpoint_bytes = bytes;
  });
}

int32_t tse_options_set_answer_cache_bytes(tse_options* options, int64_t bytes, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& settings = capi::require(options, "options").settings;
    if (bytes < 0 || bytes > kibibyte * kibibyte * kibibyte * 64)
      capi::refuse("answer_cache_bytes", "must be 0 to 64 GiB, is " + std::to_string(bytes));
    settings.answer_cache_bytes = bytes;
  });
}

int32_t tse_options_set_file_mode(tse_options* options, int32_t mode, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& settings = capi::require(options, "options").settings;
    constexpr std::int32_t owner = 0600;
    constexpr std::int32_t others = 0066;
    if ((mode & owner) != owner || (mode & ~(owner | others)) != 0)
      capi::refuse("file_mode", "must be 0600 with any of 0066 added, is the number " + std::to_string(mode));
    settings.file_mode = static_cast<std::uint32_t>(mode);
  });
}

int32_t tse_options_set_migrate(tse_options* options, int32_t migrate, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    capi::require(options, "options").settings.refuse_migration =
        choice_in(migrate, TSE_MIGRATE_REFUSE, "migrate") == TSE_MIGRATE_REFUSE;
  });
}

int32_t tse_options_set_log_level(tse_options* options, int32_t level, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    capi::require(options, "options").settings.log.level =
        static_cast<engine::LogLevel>(choice_in(level, TSE_LOG_OFF, "log_level"));
  });
}

int32_t tse_options_set_log_file(tse_options* options, const char* path, size_t size, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& log = capi::require(options, "options").settings.log;
    std::string file = required_text(path, size, "log_file");
    if (file.empty() || file.find('\0') != std::string::npos)
      capi::refuse("log_file", "must be a path, has " + std::to_string(file.size()) + " bytes");
    log.file = std::move(file);
  });
}

int32_t tse_options_set_log_callback(tse_options* options, tse_log_fn log, void* user_data, tse_destroy_fn destroy,
                                     tse_error** error) noexcept {
  return capi::guard(error, [&] {
    const auto data = own(user_data, destroy);
    auto& callback = capi::require(options, "options").settings.log.callback;
    if (log == nullptr) {
      callback = nullptr;
      return;
    }
    callback = [log, data](engine::LogLevel level, std::string_view line) {
      const std::string terminated(line);
      log(data.get(), static_cast<std::int32_t>(level), terminated.c_str(), terminated.size());
    };
  });
}

int32_t tse_options_set_clock(tse_options* options, tse_clock_fn now, void* user_data, tse_destroy_fn destroy,
                              tse_error** error) noexcept {
  return capi::guard(error, [&] {
    const auto data = own(user_data, destroy);
    capi::require(options, "options").settings.clock = clock_in(now, data);
  });
}

int32_t tse_options_set_boot_clock(tse_options* options, tse_clock_fn now, void* user_data, tse_destroy_fn destroy,
                                   tse_error** error) noexcept {
  return capi::guard(error, [&] {
    const auto data = own(user_data, destroy);
    capi::require(options, "options").settings.boot_clock = clock_in(now, data);
  });
}

int32_t tse_options_set_ids(tse_options* options, tse_id_fn next, void* user_data, tse_destroy_fn destroy,
                            tse_error** error) noexcept {
  return capi::guard(error, [&] {
    const auto data = own(user_data, destroy);
    auto& ids = capi::require(options, "options").settings.ids;
    if (next == nullptr) {
      ids = nullptr;
      return;
    }
    ids = [next, data](engine::IdKind kind) {
      core::UuidBytes bytes{};
      next(data.get(), static_cast<std::int32_t>(kind), bytes.data());
      return bytes;
    };
  });
}
