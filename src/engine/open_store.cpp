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
static_assert(same_value(store::sqlite::LogLevel::trace, LogLevel::trace) &&
              same_value(store::sqlite::LogLevel::error, LogLevel::error));

}  // namespace

std::unique_ptr<store::Store> open_store(const std::string& path, const Settings& settings, const Log& log) {
  store::sqlite::Options options;
  options.path = path;
  options.mode = static_cast<store::sqlite::Mode>(settings.mode);
  options.adopt = settings.adopt;
  options.any_filesystem = settings.any_filesystem;
  options.refuse_migration = settings.migrate == core::Migrate::refuse;
  options.max_bytes = settings.max_bytes;
  options.checkpoint_bytes = settings.checkpoint_bytes;
  options.file_mode = settings.file_mode;
  options.lease_clock = settings.lease_clock.name;
  // Needed only while it opens.
  options.settle = [&settings](const core::StoredSettings& stored) { return require(core::settle(settings, stored)); };
  options.log = [&log](store::sqlite::LogLevel level, const std::string& text) {
    log.write(static_cast<LogLevel>(level), text);
  };
  return store::sqlite::open(std::move(options), {std::chrono::steady_clock::now() + settings.timeout, {}});
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

}  // namespace tse::engine
