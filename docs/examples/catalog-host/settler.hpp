// Follows the feed of all changes, and settles the installs whose task the engine failed.
//
// A worker's outcome takes its statement along. But a task whose last worker died is failed by the engine, in whatever
// process, and nothing goes along. The feed tells of it, also after a restart.
#pragma once

#include "install_store.hpp"

#include <taskstate/taskstate.hpp>

#include <stop_token>
#include <string>
#include <thread>

namespace catalog {

class Settler {
 public:
  /// First settles what was left open by earlier processes.
  Settler(taskstate::Engine& tasks, InstallStore& installs);
  ~Settler();
  Settler(const Settler&) = delete;
  Settler& operator=(const Settler&) = delete;

 private:
  void run(const std::stop_token& stop);
  void settle_all();
  void settle(const std::string& zone_id, const std::string& install_id);

  taskstate::Engine& tasks_;
  InstallStore& installs_;
  std::string position_;  ///< in the feed; none before everything was settled once
  taskstate::CancelToken waiting_;
  std::jthread thread_;
};

}  // namespace catalog
