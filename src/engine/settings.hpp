// What the host decides at open: core's settings, and what is no plain data.
#pragma once

#include "core/settings.hpp"
#include "engine/clock.hpp"
#include "engine/log.hpp"
#include "store/clocks.hpp"

namespace tse::engine {

using core::Mode;

struct Settings : core::Settings {
  LogCallback log_callback{};  ///< instead of log_file and stderr
  Clock clock{};               ///< empty: the system's
  Clock rough_clock{};         ///< for what whole seconds are made of; chosen with the clock
  Clock boot_clock{};          ///< runs evenly, whatever the clock does; empty: the injected clock, else the boot clock
  IdSource ids{};              ///< empty: UUIDv7 and UUIDv4
  store::LeaseClock lease_clock{};  ///< empty: the injected clocks, else the boot clock
  bool real_time = true;            ///< the clocks are the system's; chosen with the clock
};

}  // namespace tse::engine
