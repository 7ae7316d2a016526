// The worker: takes each task from pending to running to its end, on one thread, by the clock.
//
// It owns its tasks because there is one such process. What a task needs next follows from its status
// alone, and every step can be repeated, so that after a crash the same steps simply go on.
#pragma once

#include "install_store.hpp"

#include <taskstate/engine.hpp>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace catalog {

class Installer {
 public:
  struct Times {
    std::chrono::milliseconds pickup{};   ///< how long a task stays pending
    std::chrono::milliseconds install{};  ///< how long it stays running
  };

  /// Takes up again what an earlier process left, then starts the thread.
  Installer(taskstate::Engine& tasks, InstallStore& installs, Times times);
  /// Stops after the step under way; what is left is taken up by the next process.
  ~Installer();
  Installer(const Installer&) = delete;
  Installer& operator=(const Installer&) = delete;

  /// Takes a new task up. Any thread.
  void take(const taskstate::Task& task);

 private:
  using Clock = std::chrono::steady_clock;
  struct Job {
    std::string zone_id;
    std::string task_id;
  };

  void recover();
  void schedule(Job job, Clock::duration delay);
  void run();
  void advance(const Job& job);
  void advance(const taskstate::Task& task);
  void finish(const taskstate::Task& task);
  void finish_create(const taskstate::Task& task, bool broken);
  void finish_delete(const taskstate::Task& task, bool adopted);

  taskstate::Engine& tasks_;
  InstallStore& installs_;
  const Times times_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<Clock::time_point, Job> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace catalog
