// For the tests of programs that use taskstate: time that stands still until it is told otherwise, and ids that can be
// foretold. Not included by taskstate.hpp.
#pragma once

#include <taskstate/engine.hpp>
#include <taskstate/options.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace taskstate::testing {

/// A clock that the test moves. Copies are the same clock. Any thread. @since 0.1
///
///     ManualClock clock;
///     Engine tasks(":memory:", options(clock));
///     auto lease = tasks.claim({.lease = 30s});
///     clock.advance(30s);
///     tasks.tick();  // the lease has ended, in no time at all
class ManualClock {
 public:
  /// Begins at 2020-01-01T00:00:00Z unless told otherwise.
  explicit ManualClock(Time start = std::chrono::sys_days(std::chrono::year(2020) / 1 / 1))
      : us_(std::make_shared<std::atomic<std::int64_t>>(start.time_since_epoch().count())) {}

  [[nodiscard]] Time now() const noexcept { return Time(std::chrono::microseconds(us_->load())); }
  /// Forward, or back with a negative duration.
  void advance(std::chrono::microseconds by) const noexcept { us_->fetch_add(by.count()); }
  void set(Time to) const noexcept { us_->store(to.time_since_epoch().count()); }

  [[nodiscard]] Time operator()() const noexcept { return now(); }

 private:
  std::shared_ptr<std::atomic<std::int64_t>> us_;
};

/// Ids that count: the first is 00000000-0000-4000-8000-000000000001, whatever it is for. Copies count on together. Any
/// thread. @since 0.1
class SequentialIds {
 public:
  SequentialIds() : last_(std::make_shared<std::atomic<std::uint64_t>>(0)) {}

  [[nodiscard]] Uuid operator()(IdKind) const noexcept {
    Uuid uuid{};
    uuid[6] = 0x40;
    uuid[8] = 0x80;
    constexpr std::size_t counted = 6;  // bytes of the last group
    std::uint64_t number = last_->fetch_add(1) + 1;
    for (std::size_t i = 0; i < counted; ++i, number >>= 8U)
      uuid[uuid.size() - 1 - i] = static_cast<std::uint8_t>(number & 0xffU);
    return uuid;
  }

 private:
  std::shared_ptr<std::atomic<std::uint64_t>> last_;
};

/// Options under which nothing depends on real time or chance. Leases are held in the clock, and nothing expires but
/// by Engine::tick() or a claim. @since 0.1
[[nodiscard]] inline Options options(ManualClock clock = ManualClock(), SequentialIds ids = SequentialIds()) {
  Options options;
  options.clock = std::move(clock);
  options.ids = std::move(ids);
  return options;
}

}  // namespace taskstate::testing
