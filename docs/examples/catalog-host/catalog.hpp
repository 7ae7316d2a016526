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

namespace catalog {

/// One thread at a time.
class Catalog {
 public:
  /// Puts right what a crash left between the two files. A task is held back for the pickup time, so that there is
  /// something to see.
  Catalog(taskstate::Engine& tasks, InstallStore& installs, std::chrono::milliseconds pickup_time);

  /// Never throws what the client caused; every failure is an answer. HEAD is answered as GET, with the body.
  taskstate::Answer handle(const Incoming& incoming);

 private:
  void recover();
  [[nodiscard]] taskstate::NewTask new_task(const Install& install, std::string operation) const;
  taskstate::Answer route(const Incoming& incoming);
  taskstate::Answer create_install(const Incoming& incoming, const std::string& zone_id);
  taskstate::Answer cancel_task(const Incoming& incoming, const std::string& zone_id, const std::string& task_id);
  taskstate::Answer list_installs(const Incoming& incoming, const std::string& zone_id, const Target& target);
  taskstate::Answer get_install(const Incoming& incoming, const std::string& zone_id, const std::string& install_id);
  taskstate::Answer delete_install(const Incoming& incoming, const std::string& zone_id, const std::string& install_id);

  taskstate::Engine& tasks_;
  InstallStore& installs_;
  const std::chrono::milliseconds pickup_time_;
};

}  // namespace catalog
