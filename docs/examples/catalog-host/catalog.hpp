// The API: each request in, its answer out.
//
//   POST   /zones/{zone_id}/installs                  create an install   202, a task
//   GET    /zones/{zone_id}/installs                  list installs
//   GET    /zones/{zone_id}/installs/{install_id}     get an install
//   DELETE /zones/{zone_id}/installs/{install_id}     delete an install   202, a task
//   GET    /zones/{zone_id}/catalog_tasks/{task_id}   the task's status   200, or 303 to the install
#pragma once

#include "incoming.hpp"
#include "install_store.hpp"
#include "installer.hpp"
#include "target.hpp"

#include <taskstate/engine.hpp>

#include <string>

namespace catalog {

/// One thread at a time.
class Catalog {
 public:
  Catalog(taskstate::Engine& tasks, InstallStore& installs, Installer& installer)
      : tasks_(tasks), installs_(installs), installer_(installer) {}

  /// Never throws what the client caused; every failure is an answer. HEAD is answered as GET, with the body.
  taskstate::Answer handle(const Incoming& incoming);

 private:
  taskstate::Answer route(const Incoming& incoming);
  taskstate::Answer create_install(const Incoming& incoming, const std::string& zone_id);
  taskstate::Answer list_installs(const Incoming& incoming, const std::string& zone_id, const Target& target);
  taskstate::Answer get_install(const Incoming& incoming, const std::string& zone_id, const std::string& install_id);
  taskstate::Answer delete_install(const Incoming& incoming, const std::string& zone_id, const std::string& install_id);

  taskstate::Engine& tasks_;
  InstallStore& installs_;
  Installer& installer_;
};

}  // namespace catalog
