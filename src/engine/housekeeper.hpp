// Does the housekeeping once per interval, on a thread of its own.
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

  Housekeeper(std::chrono::microseconds interval, Round round) : interval_(interval), round_(std::move(round)) {}
  ~Housekeeper() { stop(); }
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;

  /// Begins the thread. Once. Throws Failure(unavailable).
  void start();
  /// Ends it and waits for it; a round under way is asked to stop.
  void stop() noexcept;

  /// Around fork(): no round is under way in between, so the thread is outside of SQLite.
  void pause() noexcept;
  void resume() noexcept { working_.unlock(); }

 private:
  void run();
  bool round();

  const std::chrono::microseconds interval_;
  const Round round_;

  std::mutex working_;  // held during a round
  std::mutex asking_;   // guards the next three
  std::condition_variable asked_;
  std::stop_source stop_;  // of the round under way
  bool resting_ = false;   // a fork waits for it
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace tse::engine
