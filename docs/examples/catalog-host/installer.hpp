// The worker: claims tasks, installs, and says how it ended, on a thread of its own.
//
// Any number of them may be at work, in this process and in others. Each holds its task under a lease, which it keeps
// with heartbeats; when it dies, the lease runs out and another takes the task over.
#pragma once

#include <taskstate/taskstate.hpp>

#include <chrono>
#include <stop_token>
#include <string>
#include <thread>

namespace catalog {

class Installer {
 public:
  struct Settings {
    std::string worker;                   ///< its name, for operators
    std::chrono::milliseconds lease{};    ///< how long its task stays its own without a heartbeat
    std::chrono::milliseconds install{};  ///< how long installing takes
  };

  Installer(taskstate::Engine& tasks, Settings settings);
  /// Claims no more. The task at hand is given back if another attempt is left, else finished first.
  ~Installer();
  Installer(const Installer&) = delete;
  Installer& operator=(const Installer&) = delete;

 private:
  enum class Ended { done, cancelled, lost, given_back };

  void run(const std::stop_token& stop);
  void handle(taskstate::Lease& lease, const std::stop_token& stop);
  [[nodiscard]] Ended install(const taskstate::Lease& lease, const std::stop_token& stop) const;
  void finish_create(taskstate::Lease& lease);
  void finish_delete(taskstate::Lease& lease);
  void give_up(taskstate::Lease& lease);

  taskstate::Engine& tasks_;
  const Settings settings_;
  taskstate::CancelToken waiting_;
  std::jthread thread_;
};

}  // namespace catalog
