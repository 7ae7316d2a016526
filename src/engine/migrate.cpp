#include "engine/migrate.hpp"

#include "engine/checks.hpp"
#include "engine/open_store.hpp"

#include <chrono>

namespace tse::engine {

Migrated migrate(const std::string& path, const Settings& settings, const Call& call) {
  require(core::check(settings));
  require(core::check(call));
  const Log log(log_settings(path, settings));
  const auto longest = call.timeout.value_or(std::chrono::microseconds::max());
  store::Patience patience{std::chrono::steady_clock::now() + capped(longest), {}};
  if (call.stop.stop_possible()) patience.cancelled = [&stop = call.stop] { return stop.stop_requested(); };
  return migrate_store(path, settings, log, patience);
}

}  // namespace tse::engine
