// Settings of tse_open(). Each setter has its value judged at once.
#include "internal.hpp"

#include "core/check.hpp"
#include "core/location.hpp"
#include "core/settings.hpp"

#include <algorithm>
#include <memory>

using namespace tse;

static_assert(TSE_ID_TASK == static_cast<std::int32_t>(engine::IdKind::task) &&
              TSE_ID_REQUEST == static_cast<std::int32_t>(engine::IdKind::request));

namespace {

/// Sets one thing. Core judges it alone, so what was set before is not to blame, and stays where it is refused.
template <class Set>
int32_t set(tse_options* options, tse_error** error, Set&& set_in) noexcept {
  return capi::guard(error, [&] {
    core::Settings& settings = capi::require(options, "options").settings;
    core::Settings alone;
    set_in(alone);
    capi::require_none(core::check(alone));
    set_in(settings);
  });
}

/// One that is stored in the file.
template <class Set>
int32_t set_in_file(tse_options* options, tse_error** error, core::FileSetting setting, Set&& set_in) noexcept {
  return set(options, error, [&](core::Settings& settings) {
    set_in(settings);
    settings.given.add(setting);
  });
}

template <class Choice>
int32_t set_choice(tse_options* options, tse_error** error, Choice core::Settings::*to, std::int32_t value) noexcept {
  return set(options, error, [=](core::Settings& settings) { settings.*to = static_cast<Choice>(value); });
}

int32_t set_flag(tse_options* options, tse_error** error, bool core::Settings::*to, std::int32_t value,
                 const char* name) noexcept {
  return set(options, error, [=](core::Settings& settings) { settings.*to = capi::flag_in(value, name); });
}

int32_t set_number(tse_options* options, tse_error** error, std::int64_t core::Settings::*to,
                   std::int64_t value) noexcept {
  return set(options, error, [=](core::Settings& settings) { settings.*to = value; });
}

int32_t set_retention(tse_options* options, tse_error** error, core::FileSetting setting,
                      std::chrono::microseconds core::FileSettings::*to, std::int64_t us) noexcept {
  return set_in_file(options, error, setting,
                     [=](core::Settings& settings) { settings.*to = std::chrono::microseconds(us); });
}

int32_t set_limit(tse_options* options, tse_error** error, core::FileSetting setting,
                  std::int64_t core::FileSettings::*to, std::int64_t tasks) noexcept {
  return set_in_file(options, error, setting, [=](core::Settings& settings) { settings.*to = tasks; });
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
  return set_choice(options, error, &core::Settings::mode, mode);
}

int32_t tse_options_set_adopt(tse_options* options, int32_t adopt, tse_error** error) noexcept {
  return set_flag(options, error, &core::Settings::adopt, adopt, "adopt");
}

int32_t tse_options_set_reconfigure(tse_options* options, int32_t reconfigure, tse_error** error) noexcept {
  return capi::guard(error, [&] {  // not alone: whether it suits the mode is judged at open
    capi::require(options, "options").settings.reconfigure = capi::flag_in(reconfigure, "reconfigure");
  });
}

int32_t tse_options_set_timeout(tse_options* options, int64_t timeout_us, tse_error** error) noexcept {
  return set(options, error,
             [=](core::Settings& settings) { settings.timeout = std::chrono::microseconds(timeout_us); });
}

int32_t tse_options_add_operation(tse_options* options, const char* name, size_t size, tse_error** error) noexcept {
  return set_in_file(options, error, core::FileSetting::operations, [=](core::Settings& settings) {
    auto& operations = settings.operations;
    std::string operation = capi::text_or_empty(name, size, "operation");
    if (std::find(operations.begin(), operations.end(), operation) == operations.end())
      operations.push_back(std::move(operation));
  });
}

int32_t tse_options_set_location(tse_options* options, const char* path, size_t size, tse_error** error) noexcept {
  return set_in_file(options, error, core::FileSetting::location, [=](core::Settings& settings) {
    settings.policy.location = core::PathTemplate(capi::text_or_empty(path, size, "location"), "location");
  });
}

int32_t tse_options_set_status_url(tse_options* options, const char* path, size_t size, tse_error** error) noexcept {
  return set_in_file(options, error, core::FileSetting::status_url, [=](core::Settings& settings) {
    settings.policy.status_url = core::PathTemplate(capi::text_or_empty(path, size, "status_url"), "status_url",
                                                    core::PathTemplate::Install::refused);
  });
}

int32_t tse_options_set_completed(tse_options* options, int32_t completed, tse_error** error) noexcept {
  return set_in_file(options, error, core::FileSetting::completed, [=](core::Settings& settings) {
    settings.policy.completed = static_cast<core::Completed>(completed);
  });
}

int32_t tse_options_set_retry_after(tse_options* options, int32_t min_s, int32_t max_s, tse_error** error) noexcept {
  return set_in_file(options, error, core::FileSetting::retry_after, [=](core::Settings& settings) {
    settings.policy.retry_after_min = min_s;
    settings.policy.retry_after_max = max_s;
  });
}

int32_t tse_options_set_ignore_bad_request_id(tse_options* options, int32_t ignore, tse_error** error) noexcept {
  return set_in_file(options, error, core::FileSetting::ignore_bad_request_id, [=](core::Settings& settings) {
    settings.policy.ignore_bad_request_id = capi::flag_in(ignore, "ignore_bad_request_id");
  });
}

int32_t tse_options_set_any_filesystem(tse_options* options, int32_t allow, tse_error** error) noexcept {
  return set_flag(options, error, &core::Settings::any_filesystem, allow, "any_filesystem");
}

int32_t tse_options_set_housekeeping(tse_options* options, int64_t interval_us, tse_error** error) noexcept {
  return set(options, error,
             [=](core::Settings& settings) { settings.housekeeping = std::chrono::microseconds(interval_us); });
}

int32_t tse_options_set_running_limit(tse_options* options, int64_t tasks, tse_error** error) noexcept {
  return set_limit(options, error, core::FileSetting::running_limit, &core::FileSettings::running_limit, tasks);
}

int32_t tse_options_set_boot_id(tse_options* options, const char* text, size_t size, tse_error** error) noexcept {
  return set(options, error,
             [=](core::Settings& settings) { settings.boot_id = capi::owned(capi::text_in(text, size, "boot_id")); });
}

int32_t tse_options_set_pending_limit(tse_options* options, int64_t tasks, tse_error** error) noexcept {
  return set_limit(options, error, core::FileSetting::pending_limit, &core::FileSettings::pending_limit, tasks);
}

int32_t tse_options_set_idempotency_retention(tse_options* options, int64_t retention_us, tse_error** error) noexcept {
  return set_retention(options, error, core::FileSetting::idempotency_retention,
                       &core::FileSettings::idempotency_retention, retention_us);
}

int32_t tse_options_set_adopt_request_id(tse_options* options, int32_t adopt, tse_error** error) noexcept {
  return set_in_file(options, error, core::FileSetting::adopt_request_id, [=](core::Settings& settings) {
    settings.adopt_request_id = capi::flag_in(adopt, "adopt_request_id");
  });
}

int32_t tse_options_set_longest_wait(tse_options* options, int64_t wait_us, tse_error** error) noexcept {
  return set(options, error, [=](core::Settings& settings) { settings.policy.longest_wait = wait_us; });
}

int32_t tse_options_set_retention(tse_options* options, int64_t retention_us, tse_error** error) noexcept {
  return set_retention(options, error, core::FileSetting::retention, &core::FileSettings::retention, retention_us);
}

int32_t tse_options_set_result_retention(tse_options* options, int64_t retention_us, tse_error** error) noexcept {
  return set_retention(options, error, core::FileSetting::result_retention, &core::FileSettings::result_retention,
                       retention_us);
}

int32_t tse_options_set_tombstones(tse_options* options, int64_t retention_us, tse_error** error) noexcept {
  return set_retention(options, error, core::FileSetting::tombstones, &core::FileSettings::tombstones, retention_us);
}

int32_t tse_options_set_feed_retention(tse_options* options, int64_t retention_us, tse_error** error) noexcept {
  return set_retention(options, error, core::FileSetting::feed_retention, &core::FileSettings::feed_retention,
                       retention_us);
}

int32_t tse_options_set_durability(tse_options* options, int32_t durability, tse_error** error) noexcept {
  return set_choice(options, error, &core::Settings::durability, durability);
}

int32_t tse_options_set_max_bytes(tse_options* options, int64_t bytes, tse_error** error) noexcept {
  return set_number(options, error, &core::Settings::max_bytes, bytes);
}

int32_t tse_options_set_checkpoint_bytes(tse_options* options, int64_t bytes, tse_error** error) noexcept {
  return set_number(options, error, &core::Settings::checkpoint_bytes, bytes);
}

int32_t tse_options_set_answer_cache_bytes(tse_options* options, int64_t bytes, tse_error** error) noexcept {
  return set_number(options, error, &core::Settings::answer_cache_bytes, bytes);
}

int32_t tse_options_set_file_mode(tse_options* options, int32_t mode, tse_error** error) noexcept {
  return set(options, error, [=](core::Settings& settings) { settings.file_mode = static_cast<std::uint32_t>(mode); });
}

int32_t tse_options_set_migrate(tse_options* options, int32_t migrate, tse_error** error) noexcept {
  return set_choice(options, error, &core::Settings::migrate, migrate);
}

int32_t tse_options_set_log_level(tse_options* options, int32_t level, tse_error** error) noexcept {
  return set_choice(options, error, &core::Settings::log_level, level);
}

int32_t tse_options_set_log_file(tse_options* options, const char* path, size_t size, tse_error** error) noexcept {
  return set(options, error,
             [=](core::Settings& settings) { settings.log_file = capi::text_or_empty(path, size, "log_file"); });
}

int32_t tse_options_set_log_callback(tse_options* options, tse_log_fn log, void* user_data, tse_destroy_fn destroy,
                                     tse_error** error) noexcept {
  return capi::guard(error, [&] {
    const auto data = own(user_data, destroy);
    auto& callback = capi::require(options, "options").settings.log_callback;
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
