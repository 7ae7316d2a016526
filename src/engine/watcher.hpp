// Tells those who wait what was committed, by this engine or by another process. A thread that runs from the first
// watch on, and sleeps in poll(2) otherwise: one for all that wait, however many.
#pragma once

#include "engine/watch.hpp"
#include "store/store.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace tse::engine {

class Watcher {
 public:
  /// Tells what has moved since it was told last. Must not throw.
  using Tell = std::function<void()>;

  /// `other_came`: somebody waits for a task to claim, and another process has committed. Must not throw either.
  Watcher(std::shared_ptr<Watches> watches, std::unique_ptr<store::Notices> commits, Tell tell, Tell other_came = {})
      : watches_(std::move(watches)),
        commits_(std::move(commits)),
        tell_(std::move(tell)),
        other_came_(std::move(other_came)) {}
  ~Watcher() { stop(); }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// Begins the thread; again is nothing. Throws Failure(unavailable).
  void start();
  /// Ends it and waits for it.
  void stop() noexcept;

  /// Around fork(): nothing is read in between, so the thread is outside of SQLite.
  void pause() noexcept { working_.lock(); }
  void resume() noexcept { working_.unlock(); }

 private:
  using Time = std::chrono::steady_clock::time_point;
  void run() noexcept;
  void tell_all();
  void tell_moves();
  void note(const store::Notices::Seen& seen);

  const std::shared_ptr<Watches> watches_;
  const std::unique_ptr<store::Notices> commits_;  // the thread's own
  const Tell tell_;
  const Tell other_came_;
  std::mutex starting_;
  std::mutex working_;  // held while the store is read
  std::atomic<bool> ended_{false};

  // The thread's own.
  Time next_look_ = Time::max();  // for a commit that was written, but not announced
  std::chrono::milliseconds until_look_{};
  std::thread thread_;
};

}  // namespace tse::engine
