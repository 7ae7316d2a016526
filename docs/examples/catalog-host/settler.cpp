#include "settler.hpp"

#include <chrono>
#include <exception>
#include <iostream>

namespace catalog {

Settler::Settler(taskstate::Engine& tasks, InstallStore& installs) : tasks_(tasks), installs_(installs) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Settler::~Settler() {
  thread_.request_stop();
  waiting_.cancel();
}

void Settler::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      if (position_.empty()) settle_all();
      const taskstate::Changes changes =
          tasks_.changes({.after = position_, .wait = std::chrono::hours(1)}, {.cancel = waiting_});
      for (const taskstate::Event& event : changes.events) {
        if (event.to != taskstate::Status::failed) continue;
        const auto task = tasks_.get(event.zone_id, event.id);
        if (task && task->install_id) settle(task->zone_id, *task->install_id);
      }
      position_ = changes.position;
    } catch (const std::exception& error) {
      if (stop.stop_requested()) return;
      std::cerr << "settler: " << error.what() << '\n';
      position_.clear();  // whatever was missed is found by looking at all
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
  }
}

/// The position comes first: what changes meanwhile is told by the feed.
void Settler::settle_all() {
  const std::string position = tasks_.changes({.latest = true}).position;
  for (const Install& install : installs_.unsettled()) settle(install.zone_id, install.id);
  position_ = position;
}

/// An install's newest task says what the install is.
void Settler::settle(const std::string& zone_id, const std::string& install_id) {
  const auto newest = tasks_.list({.zone_id = zone_id, .install_id = install_id, .limit = 1}).tasks;
  if (!newest.empty() && newest.front().status == taskstate::Status::failed) installs_.settle_failure(newest.front());
}

}  // namespace catalog
