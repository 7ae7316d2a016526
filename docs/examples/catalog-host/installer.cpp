#include "installer.hpp"

#include "install_json.hpp"
#include "values.hpp"

#include <exception>
#include <iostream>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace catalog {
namespace {

using taskstate::Lease;
using taskstate::Task;

/// The warning of a delete that leaves something behind: what was there before the catalog came.
taskstate::Warning preserved_warning(const Task& task) {
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
bool input(const Lease& lease, std::string_view name) {
  const auto inputs = parse_inputs(lease.payload());
  if (!inputs) throw std::runtime_error("the payload is no JSON object");
  const boost::json::value* found = inputs->if_contains(name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

}  // namespace

Installer::Installer(taskstate::Engine& tasks, Settings settings) : tasks_(tasks), settings_(std::move(settings)) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Installer::~Installer() {
  thread_.request_stop();
  waiting_.cancel();
}

void Installer::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      auto lease = tasks_.claim({.worker = settings_.worker, .lease = settings_.lease, .wait = std::chrono::hours(1)},
                                {.cancel = waiting_});
      if (lease) handle(*lease, stop);
    } catch (const std::exception& error) {
      if (stop.stop_requested()) return;
      // What is not done is requeued, or fails, when its lease runs out.
      std::cerr << settings_.worker << ": " << error.what() << '\n';
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
}

// A lease that is still open at the end of its scope is given back.
void Installer::handle(Lease& lease, const std::stop_token& stop) {
  try {
    switch (install(lease, stop)) {
      case Ended::done: return lease.task().operation == "delete" ? finish_delete(lease) : finish_create(lease);
      case Ended::cancelled: return give_up(lease);
      case Ended::lost:
      case Ended::given_back: return;
    }
  } catch (const taskstate::Error&) {
    throw;  // nothing is wrong with the task
  } catch (const std::exception& error) {
    // It would fail every worker that takes it. The exception's text is for operators.
    std::cerr << settings_.worker << ": task " << lease.task().id << ": " << error.what() << '\n';
    lease.fail({.error_message = "The task could not be carried out.", .error_detail = error.what()});
  }
}

/// Where a real installer would download and unpack, asking now and then whether to go on.
Installer::Ended Installer::install(const Lease& lease, const std::stop_token& stop) const {
  constexpr std::chrono::milliseconds piece{20};
  const bool may_give_back = lease.attempt() < lease.task().max_attempts;
  const taskstate::LeaseKeeper keeper(lease);
  for (auto left = settings_.install; left.count() > 0; left -= piece) {
    if (keeper.lost()) return Ended::lost;
    if (keeper.cancel_requested()) return Ended::cancelled;
    if (may_give_back && stop.stop_requested()) return Ended::given_back;
    std::this_thread::sleep_for(piece);
  }
  return Ended::done;
}

// The install and the task's outcome are one transaction: a worker whose lease is lost changes neither.
void Installer::finish_create(Lease& lease) {
  const Task& task = lease.task();
  if (task.package_id == "pkg_broken" || input(lease, "fail")) {
    lease.fail({.error_message = "The package could not be installed.",
                .error_detail = "the simulated installer was told to fail"},
               {.also = {failure(task)}});
  } else {
    lease.complete({}, {.also = {completion(task)}});
  }
}

void Installer::finish_delete(Lease& lease) {
  taskstate::Update outcome;
  if (input(lease, "adopted")) outcome.warnings.push_back(preserved_warning(lease.task()));
  lease.complete(outcome, {.also = {completion(lease.task())}});
}

void Installer::give_up(Lease& lease) {
  lease.fail({.error_message = "The installation was cancelled."}, {.also = {failure(lease.task())}});
}

}  // namespace catalog
