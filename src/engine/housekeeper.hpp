// The engine's one thread: does the housekeeping once per interval, and tells the watches when another process has
// committed. It sleeps in poll(2) otherwise.
#pragma once

#include "engine/watch.hpp"
#include "store/store.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

namespace tse::engine {

class CommitNotice;

class Housekeeper {
 public:
  /// One round; ends early when it is asked to stop. False: there will never be anything to do again.
  using Round = std::function<bool(std::stop_token)>;

  /// `interval` 0: no rounds.
  Housekeeper(std::chrono::microseconds interval, Round round, std::shared_ptr<Watches> watches,
              store::CommitFiles commit_files);
  ~Housekeeper() { stop(); }
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;

  /// Begins the thread; again is nothing. Throws Failure(unavailable).
  void start();
  /// Ends it and waits for it; a round under way is asked to stop.
  void stop() noexcept;

  /// Around fork(): no round is under way in between, so the thread is outside of SQLite.
  void pause() noexcept;
  void resume() noexcept { working_.unlock(); }

 private:
  void run() noexcept;
  void round();
  void ask_to_stop() noexcept;
  void look(CommitNotice& commits);

  const std::chrono::microseconds interval_;
  const Round round_;
  const std::shared_ptr<Watches> watches_;
  const store::CommitFiles commit_files_;

  std::mutex starting_;
  std::mutex working_;     // held during a round
  std::mutex asking_;      // guards the next two
  std::stop_source stop_;  // of the round under way
  bool resting_ = false;   // a fork waits for it
  std::atomic<bool> ended_{false};

  // The thread's own.
  bool has_rounds_;
  using Time = std::chrono::steady_clock::time_point;
  Time next_round_ = Time::max();
  Time next_look_ = Time::max();  // for a commit that was written, but not announced
  std::chrono::milliseconds until_look_{};
  std::thread thread_;
};

}  // namespace tse::engine
