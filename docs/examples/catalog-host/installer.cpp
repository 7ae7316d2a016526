#include "installer.hpp"

#include "values.hpp"

#include <boost/json.hpp>

#include <exception>
#include <iostream>
#include <utility>

namespace catalog {
namespace {

using taskstate::Status;

/// The warning of a delete that leaves something behind: what was there before the catalog came.
taskstate::Warning preserved_warning(const taskstate::Task& task) {
  using namespace std::chrono;
  return {.code = "conflict",
          .details = {{.code = "conflict",
                       .field = "$.inputs.adopted",
                       .message = "The entity was not created by the catalog."}},
          .message = "Adopted entities are preserved.",
          .path = "/zones/" + task.zone_id + "/installs/" + task.install_id.value(),
          .request_id = task.client_request_id.value_or(random_uuid()),
          .status = 409,
          .timestamp = floor<milliseconds>(system_clock::now())};
}

/// A task's payload is the install's inputs.
bool input(const taskstate::Task& task, std::string_view name) {
  const boost::json::value inputs = boost::json::parse(task.payload.value_or("{}"));
  const boost::json::value* found = inputs.as_object().if_contains(name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

}  // namespace

Installer::Installer(taskstate::Engine& tasks, InstallStore& installs, Times times)
    : tasks_(tasks), installs_(installs), times_(times) {
  recover();
  thread_ = std::thread([this] { run(); });
}

Installer::~Installer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Installer::take(const taskstate::Task& task) {
  const bool pending = task.status == Status::pending;
  schedule({task.zone_id, task.id}, pending ? times_.pickup : times_.install);
}

void Installer::recover() {
  for (const std::string& zone_id : installs_.zones()) {
    taskstate::ListQuery query{.zone_id = zone_id, .statuses = {Status::pending, Status::running}};
    do {
      const taskstate::Page page = tasks_.list(query);
      for (const taskstate::Task& task : page.tasks) {
        // The crash may have come between the task and its install's status.
        if (task.operation == "delete") installs_.set_status(task.zone_id, task.install_id.value(), "deleting");
        take(task);
      }
      query.after = page.after_cursor;
    } while (query.after);
  }
  // The crash came between the install and its task: no client was ever told of it.
  for (const Install& install : installs_.with_status("pending"))
    if (tasks_.list({.zone_id = install.zone_id, .install_id = install.id, .limit = 1}).tasks.empty())
      installs_.erase(install.zone_id, install.id);
}

void Installer::schedule(Job job, Clock::duration delay) {
  {
    const std::lock_guard lock(mutex_);
    queue_.emplace(Clock::now() + delay, std::move(job));
  }
  changed_.notify_one();
}

void Installer::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (queue_.empty()) {
      changed_.wait(lock);
    } else if (const auto due = queue_.begin()->first; due > Clock::now()) {
      changed_.wait_until(lock, due);
    } else {
      const Job job = queue_.extract(queue_.begin()).mapped();
      lock.unlock();
      advance(job);
      lock.lock();
    }
  }
}

void Installer::advance(const Job& job) {
  try {
    if (const auto task = tasks_.get(job.zone_id, job.task_id, taskstate::Payload::read)) advance(*task);
  } catch (const std::exception& error) {
    // The step is tried again: whether it was done or not shows in the task's status.
    std::cerr << "task " << job.task_id << ": " << error.what() << '\n';
    schedule(job, std::chrono::seconds(1));
  }
}

void Installer::advance(const taskstate::Task& task) {
  switch (task.status) {
    case Status::pending: return take(tasks_.start(task.zone_id, task.id, {.actor = "installer"}));
    case Status::running: return finish(task);
    case Status::completed:
    case Status::failed: return;
  }
}

// The install is written first, then the task's outcome: a client that sees the outcome finds the install so.
void Installer::finish(const taskstate::Task& task) {
  if (task.operation == "delete") return finish_delete(task, input(task, "adopted"));
  finish_create(task, task.package_id == "pkg_broken" || input(task, "fail"));
}

void Installer::finish_create(const taskstate::Task& task, bool broken) {
  installs_.set_status(task.zone_id, task.install_id.value(), broken ? "failed" : "active");
  if (broken) {
    tasks_.fail(task.zone_id, task.id,
                {.error_message = "The package could not be installed.",
                 .error_detail = "the simulated installer was told to fail"},
                {.actor = "installer"});
  } else {
    tasks_.complete(task.zone_id, task.id, {}, {.actor = "installer"});
  }
}

void Installer::finish_delete(const taskstate::Task& task, bool adopted) {
  installs_.set_status(task.zone_id, task.install_id.value(), "deleted");
  taskstate::Update outcome;
  if (adopted) outcome.warnings.push_back(preserved_warning(task));
  tasks_.complete(task.zone_id, task.id, outcome, {.actor = "installer"});
}

}  // namespace catalog
