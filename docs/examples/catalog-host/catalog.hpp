// The API: each request in, its answer out.
//
//   POST   /zones/{zone_id}/installs                  create an install   202, a task
//   GET    /zones/{zone_id}/installs                  list installs
//   GET    /zones/{zone_id}/installs/{install_id}     get an install
//   DELETE /zones/{zone_id}/installs/{install_id}     delete an install   202, a task
//   GET    /zones/{zone_id}/catalog_tasks/{task_id}   the task's status   200, or 303 to the install
//   DELETE /zones/{zone_id}/catalog_tasks/{task_id}   cancel the task     its status
#pragma once

#include "incoming.hpp"
#include "install_store.hpp"
#include "target.hpp"

#include <taskstate/engine.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace catalog {

/// An install that is there from the start, with the completed task that created it.
struct Seed {
  std::string zone_id;
  std::string task_id;
  std::string install_id;
};

/// One thread at a time.
class Catalog {
 public:
  struct Settings {
    std::chrono::milliseconds pickup_time{};  ///< a task is held back for so long, so that there is something to see
    std::string prefix;                       ///< of all paths, "" or "/api"
  };

  Catalog(taskstate::Engine& tasks, InstallStore& installs, Settings settings);

  /// Does nothing if the task is there already.
  void plant(const Seed& seed);

  /// Never throws what the client caused; every failure is an answer. HEAD is answered as GET, with the body.
  taskstate::Answer handle(Incoming incoming);

 private:
  [[nodiscard]] taskstate::NewTask new_task(const Install& install, std::string operation) const;
  taskstate::Answer route(const Incoming& incoming, const Target& target);
  taskstate::Answer create_install(const Incoming& incoming, const std::string& zone_id);
  taskstate::Answer cancel_task(const Incoming& incoming, const std::string& zone_id, const std::string& task_id);
  taskstate::Answer list_installs(const Incoming& incoming, const std::string& zone_id, const Target& target);
  taskstate::Answer get_install(const Incoming& incoming, const std::string& zone_id, const std::string& install_id);
  taskstate::Answer delete_install(const Incoming& incoming, const std::string& zone_id, const std::string& install_id);

  taskstate::Engine& tasks_;
  InstallStore& installs_;
  const Settings settings_;
};

}  // namespace catalog
