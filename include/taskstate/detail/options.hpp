// Options and calls across the C interface, with the host's callbacks behind C functions.
#pragma once

#include <taskstate/contract/options.hpp>
#include <taskstate/detail/check.hpp>
#include <taskstate/detail/text.hpp>
#include <taskstate/options.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace taskstate::detail {

using LogCallback = std::function<void(LogLevel, std::string_view)>;

/// What a C callback gets as its user data: the host's function, and where to say that it threw.
template <typename Function>
struct Hook {
  Function function;
  LogCallback log;
  std::atomic<bool> reported{false};
  std::atomic<std::int64_t> last{std::numeric_limits<std::int64_t>::min()};  // that a clock told; least: none yet

  static void destroy(void* hook) noexcept { delete static_cast<Hook*>(hook); }

  /// Runs in the library's C code, which no exception may cross, so a failing report is let go.
  void report(std::string_view line) noexcept {
    if (reported.exchange(true)) return;
    try {
      if (log) {
        log(LogLevel::error, line);
      } else {
        // Not std::cerr: <iostream> would put a static into every file of the host's.
        std::fprintf(stderr, "taskstate: %.*s\n", static_cast<int>(line.size()), line.data());
      }
    } catch (...) {
      return;
    }
  }
};

using LogHook = Hook<LogCallback>;
using ClockHook = Hook<std::function<Time()>>;
using IdHook = Hook<std::function<Uuid(IdKind)>>;

inline void on_log(void* hook, std::int32_t level, const char* line, std::size_t size) noexcept {
  auto& self = *static_cast<LogHook*>(hook);
  try {
    self.function(static_cast<LogLevel>(level), std::string_view(line, size));
  } catch (...) {
    self.report("the host's log callback threw an exception; its lines may be missing");
  }
}

inline std::int64_t on_clock(void* hook) noexcept {
  auto& self = *static_cast<ClockHook*>(hook);
  try {
    return self.last = self.function().time_since_epoch().count();
  } catch (...) {
    self.report("the host's clock threw an exception; the last time that it told is used instead");
    if (const std::int64_t last = self.last; last != std::numeric_limits<std::int64_t>::min()) return last;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  }
}

/// UUIDv4 (RFC 9562, section 5.4).
[[nodiscard]] inline Uuid random_uuid() {
  Uuid uuid;
  std::random_device device;
  for (std::uint8_t& byte : uuid) byte = static_cast<std::uint8_t>(device());
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x40);
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);
  return uuid;
}

inline void on_id(void* hook, std::int32_t kind, std::uint8_t* uuid16) noexcept {
  auto& self = *static_cast<IdHook*>(hook);
  const auto put = [uuid16](const Uuid& uuid) { std::ranges::copy(uuid, uuid16); };
  try {
    put(self.function(static_cast<IdKind>(kind)));
  } catch (...) {
    self.report("the host's id source threw an exception; random ids are used instead");
    put(random_uuid());
  }
}

/// Seconds as the C interface takes them; what does not fit is beyond its rule either way.
[[nodiscard]] inline std::int32_t seconds(std::chrono::seconds value) noexcept {
  using Limits = std::numeric_limits<std::int32_t>;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(value.count(), Limits::min(), Limits::max()));
}

/// Hands a hook over; the library destroys it, also if the setter fails.
template <typename Hooked, typename Setter, typename Callback, typename Function>
void set_hook(Setter setter, tse_options* options, Callback callback, const Function& function,
              const LogCallback& log) {
  if (!function) return;
  std::unique_ptr<Hooked> hook(new Hooked{function, log});
  check(setter, options, callback, static_cast<void*>(hook.release()), &Hooked::destroy);
}

template <typename Setter>
void set_text(Setter setter, tse_options* options, const std::optional<std::string>& text) {
  if (text) check(setter, options, text->data(), text->size());
}

[[nodiscard]] inline OptionsHandle to_c(const Options& from) {
  auto handle = make<OptionsHandle>(tse_options_new);
  tse_options* to = handle.get();
  if (from.mode) check(tse_options_set_mode, to, static_cast<std::int32_t>(*from.mode));
  check(tse_options_set_reconfigure, to, std::int32_t{from.reconfigure});
  check(tse_options_set_adopt, to, std::int32_t{from.adopt});
  if (from.timeout) check(tse_options_set_timeout, to, std::int64_t{from.timeout->count()});
  for (const std::string& name : from.operations) check(tse_options_add_operation, to, name.data(), name.size());
  set_text(tse_options_set_location, to, from.location);
  set_text(tse_options_set_status_url, to, from.status_url);
  if (from.completed) check(tse_options_set_completed, to, static_cast<std::int32_t>(*from.completed));
  if (from.retry_after_min || from.retry_after_max) {
    constexpr std::chrono::seconds least{*contract::option::retry_after_min.usual};
    constexpr std::chrono::seconds most{*contract::option::retry_after_max.usual};
    check(tse_options_set_retry_after, to, seconds(from.retry_after_min.value_or(least)),
          seconds(from.retry_after_max.value_or(most)));
  }
  const auto set_flag = [to](auto setter, const std::optional<bool>& value) {
    if (value) check(setter, to, std::int32_t{*value});
  };
  set_flag(tse_options_set_ignore_bad_request_id, from.ignore_bad_request_id);
  check(tse_options_set_any_filesystem, to, std::int32_t{from.any_filesystem});
  if (from.housekeeping) check(tse_options_set_housekeeping, to, std::int64_t{from.housekeeping->count()});
  if (from.running_limit) check(tse_options_set_running_limit, to, *from.running_limit);
  set_text(tse_options_set_boot_id, to, from.boot_id);
  const auto set_time = [to](auto setter, const std::optional<std::chrono::microseconds>& value) {
    if (value) check(setter, to, std::int64_t{value->count()});
  };
  if (from.pending_limit) check(tse_options_set_pending_limit, to, *from.pending_limit);
  set_time(tse_options_set_idempotency_retention, from.idempotency_retention);
  set_flag(tse_options_set_adopt_request_id, from.adopt_request_id);
  set_time(tse_options_set_longest_wait, from.longest_wait);
  set_time(tse_options_set_retention, from.retention);
  set_time(tse_options_set_result_retention, from.result_retention);
  set_time(tse_options_set_tombstones, from.tombstones);
  set_time(tse_options_set_feed_retention, from.feed_retention);
  if (from.durability) check(tse_options_set_durability, to, static_cast<std::int32_t>(*from.durability));
  check(tse_options_set_max_bytes, to, from.max_bytes);
  if (from.answer_cache_bytes) check(tse_options_set_answer_cache_bytes, to, *from.answer_cache_bytes);
  if (from.checkpoint_bytes) check(tse_options_set_checkpoint_bytes, to, *from.checkpoint_bytes);
  if (from.file_mode) check(tse_options_set_file_mode, to, *from.file_mode);
  if (from.migrate) check(tse_options_set_migrate, to, static_cast<std::int32_t>(*from.migrate));
  if (from.log_level) check(tse_options_set_log_level, to, static_cast<std::int32_t>(*from.log_level));
  set_text(tse_options_set_log_file, to, from.log_file);
  set_hook<LogHook>(tse_options_set_log_callback, to, &on_log, from.log, LogCallback());
  set_hook<ClockHook>(tse_options_set_clock, to, &on_clock, from.clock, from.log);
  set_hook<ClockHook>(tse_options_set_boot_clock, to, &on_clock, from.boot_clock, from.log);
  set_hook<IdHook>(tse_options_set_ids, to, &on_id, from.ids, from.log);
  return handle;
}

inline void bind_value(tse_call* call, const std::optional<std::string>& name, const Value& value) {
  const tse_str to = view(name);
  const auto put = [&](auto setter, auto... arguments) { check(setter, call, to.data, to.size, arguments...); };
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    put(tse_call_bind_int64, *number);
  } else if (const auto* real = std::get_if<double>(&value)) {
    put(tse_call_bind_double, *real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    put(tse_call_bind_text, text->data(), text->size());
  } else if (const auto* blob = std::get_if<Blob>(&value)) {
    put(tse_call_bind_blob, static_cast<const void*>(blob->bytes.data()), blob->bytes.size());
  } else {
    put(tse_call_bind_null);
  }
}

inline void add_also(tse_call* call, const Statement& statement) {
  check(tse_call_also, call, statement.sql.data(), statement.sql.size());
  for (const Value& value : statement.values) bind_value(call, std::nullopt, value);
  for (const auto& [name, value] : statement.named) bind_value(call, name, value);
}

/// NULL where nothing is set, which is the engine's defaults and costs nothing.
[[nodiscard]] inline CallHandle to_c(const Call& from) {
  if (!from.timeout && !from.request_id && !from.traceparent && !from.actor && !from.cancel && from.also.empty())
    return nullptr;
  auto handle = make<CallHandle>(tse_call_new);
  const auto set = [&handle](auto setter, const std::optional<std::string>& text) {
    if (text) check(setter, handle.get(), text->data(), text->size());
  };
  if (from.timeout) check(tse_call_set_timeout, handle.get(), std::int64_t{from.timeout->count()});
  set(tse_call_set_request_id, from.request_id);
  set(tse_call_set_traceparent, from.traceparent);
  set(tse_call_set_actor, from.actor);
  if (from.cancel) check(tse_call_set_cancel_token, handle.get(), from.cancel->handle());
  for (const Statement& statement : from.also) add_also(handle.get(), statement);
  return handle;
}

}  // namespace taskstate::detail
