#include "engine/open_store.hpp"

#include "core/error.hpp"
#include "core/file_settings.hpp"
#include "engine/checks.hpp"
#include "store/sqlite/files.hpp"
#include "store/sqlite/sqlite_store.hpp"

#include <chrono>
#include <utility>

namespace tse::engine {
namespace {

template <class To, class From>
constexpr bool same_value(To to, From from) {
  return static_cast<std::int32_t>(to) == static_cast<std::int32_t>(from);
}

// They are handed on by their numbers.
static_assert(same_value(store::sqlite::Mode::create, Mode::create) &&
              same_value(store::sqlite::Mode::read_write, Mode::read_write) &&
              same_value(store::sqlite::Mode::read_only, Mode::read_only));
static_assert(same_value(store::sqlite::Migrate::automatic, core::Migrate::automatic) &&
              same_value(store::sqlite::Migrate::manual, core::Migrate::manual) &&
              same_value(store::sqlite::Migrate::refuse, core::Migrate::refuse));
static_assert(same_value(store::sqlite::LogLevel::trace, LogLevel::trace) &&
              same_value(store::sqlite::LogLevel::error, LogLevel::error));

/// Empty where leases are held in the wall clock itself.
Clock even_clock(const Settings& settings) {
  if (settings.lease_clock.even) return settings.lease_clock.even;
  const bool is_apart = settings.real_time || settings.boot_clock || settings.lease_clock.name.starts_with("boot:");
  return is_apart ? settings.lease_clock.now : Clock();
}

store::sqlite::Options options_of(const std::string& path, const Settings& settings, const Log& log) {
  store::sqlite::Options options;
  options.path = path;
  options.mode = static_cast<store::sqlite::Mode>(settings.mode);
  options.adopt = settings.adopt;
  options.any_filesystem = settings.any_filesystem;
  options.migrate = static_cast<store::sqlite::Migrate>(settings.migrate);
  options.max_bytes = settings.max_bytes;
  options.checkpoint_bytes = settings.checkpoint_bytes;
  options.file_mode = settings.file_mode;
  options.clocks = {settings.clock, settings.lease_clock, even_clock(settings)};
  // Needed only while it opens.
  options.settle = [&settings](const core::StoredSettings& stored) { return require(core::settle(settings, stored)); };
  options.log = [&log](store::sqlite::LogLevel level, const std::string& text) {
    log.write(static_cast<LogLevel>(level), text);
  };
  return options;
}

void refuse_log_in_the_database(const std::string& path, const std::string& log_file) {
  if (log_file.empty() || path == ":memory:") return;
  std::string log;
  try {
    log = store::sqlite::resolve(log_file).database;
  } catch (const core::Failure&) {
    return;  // opening it says what is wrong
  }
  const store::sqlite::Paths paths = store::sqlite::resolve(path);
  for (const std::string* each : {&paths.database, &paths.wal, &paths.shm, &paths.journal, &paths.sidecar})
    if (log == *each)
      throw core::Failure(core::invalid("log_file", "must not be the database or one of the files beside it"));
}

}  // namespace

std::unique_ptr<store::Store> open_store(const std::string& path, const Settings& settings, const Log& log) {
  return store::sqlite::open(options_of(path, settings, log),
                             {std::chrono::steady_clock::now() + settings.timeout, {}});
}

Migrated migrate_store(const std::string& path, const Settings& settings, const Log& log,
                       const store::Patience& patience) {
  const auto done = store::sqlite::migrate_file(options_of(path, settings, log), patience);
  return {done.from, done.to, done.copy_bytes, done.wal_bytes};
}

LogSettings log_settings(const std::string& path, const Settings& settings) {
  LogSettings logging{settings.log_level, settings.log_file.value_or(""), settings.log_callback};
  if (!logging.callback) refuse_log_in_the_database(path, logging.file);
  return logging;
}

}  // namespace tse::engine
