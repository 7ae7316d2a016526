// Does the housekeeping once per interval, and when the next known moment has come, on a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace tse::engine {

class Housekeeper {
 public:
  /// One round; ends early when it is asked to stop. False: there will never be anything to do again.
  using Round = std::function<bool(std::stop_token)>;
  /// How long until something falls due; beyond the interval: nothing is known of. `after_round`: what should be done
  /// already could not be. Must not throw.
  using Plan = std::function<std::chrono::microseconds(bool after_round, std::stop_token)>;

  Housekeeper(std::chrono::microseconds interval, Round round, Plan plan = {})
      : interval_(interval), round_(std::move(round)), plan_(std::move(plan)) {}
  ~Housekeeper() { stop(); }
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;

  /// Begins the thread. Once. Throws Failure(unavailable).
  void start();
  /// Ends it and waits for it; a round under way is asked to stop.
  void stop() noexcept;

  /// Something falls due after that time: the next round is not later.
  void wake_in(std::chrono::microseconds delay) noexcept;
  /// Something may have come that falls due soon: plans again, at most every few milliseconds.
  void reconsider() noexcept;

  /// Around fork(): no round is under way in between, so the thread is outside of SQLite.
  void pause() noexcept;
  void resume() noexcept { working_.unlock(); }

 private:
  using Time = std::chrono::steady_clock::time_point;
  void run();
  bool round();
  [[nodiscard]] std::chrono::microseconds plan(bool after_round);
  [[nodiscard]] std::stop_token renew_stop();
  [[nodiscard]] bool sleep();

  const std::chrono::microseconds interval_;
  const Round round_;
  const Plan plan_;

  std::mutex working_;  // held during a round, and to plan
  std::mutex asking_;   // guards the rest
  std::condition_variable asked_;
  std::stop_source stop_;  // of what is under way
  Time next_round_ = Time::max();
  Time next_plan_ = Time::max();
  Time last_plan_{};
  bool resting_ = false;  // a fork waits for it
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace tse::engine
