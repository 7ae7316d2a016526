#include "catalog.hpp"

#include "api_error.hpp"
#include "install_json.hpp"
#include "values.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace catalog {
namespace {

using taskstate::Answer;
using taskstate::Status;

/// What taskstate needs of the request; borrows from it.
taskstate::Request request_of(const Incoming& incoming) {
  return {.method = incoming.method,
          .client_request_id = incoming.client_request_id,
          .if_none_match = incoming.if_none_match,
          .path = incoming.path};
}

Answer ok(const Incoming& incoming, const boost::json::object& body) {
  Answer answer{.status = 200,
                .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "private, no-cache"}},
                .body = boost::json::serialize(body)};
  if (incoming.client_request_id) answer.headers.push_back({"X-Client-Request-ID", *incoming.client_request_id});
  return answer;
}

Answer not_found(const Incoming& incoming) {
  return error_answer(incoming, 404, "not_found", "There is nothing here.");
}

Answer not_allowed(const Incoming& incoming, std::string allowed) {
  Answer answer = error_answer(incoming, 405, "bad_request", "The method is not allowed here.");
  answer.headers.push_back({"Allow", std::move(allowed)});
  return answer;
}

/// Empty, said twice, or no UUID.
bool has_bad_request_id(const Incoming& incoming) {
  return incoming.client_request_id && !is_uuid(*incoming.client_request_id);
}

Answer bad_request_id(const Incoming& incoming) {
  return error_answer(incoming, 400, "validation_error", "The request is not valid.",
                      {{"X-Client-Request-ID", "must be one UUID"}});
}

/// The published clients retry a 409 unless they are told that it is of no use.
Answer conflict(const Incoming& incoming, std::string_view message) {
  Answer answer = error_answer(incoming, 409, "conflict", message);
  answer.headers.push_back({"x-should-retry", "false"});
  return answer;
}

/// A number in the query; adds a fault if it is none or lies outside.
std::optional<std::int64_t> number(const Target& target, std::string_view name, std::int64_t most,
                                   std::vector<Fault>& faults) {
  const auto text = target.parameter(name);
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc{} && end == text->data() + text->size() && value >= 1 && value <= most) return value;
  faults.push_back({std::string(name), "must be a number from 1 to " + std::to_string(most)});
  return std::nullopt;
}

}  // namespace

Catalog::Catalog(taskstate::Engine& tasks, InstallStore& installs, Settings settings)
    : tasks_(tasks), installs_(installs), settings_(std::move(settings)) {}

void Catalog::plant(const Seed& seed) {
  Install install;
  install.zone_id = seed.zone_id;
  install.id = seed.install_id;
  install.package_id = install.package_slug = "package_id";
  taskstate::NewTask task = new_task(install, "create");
  task.id = seed.task_id;
  task.not_before.reset();
  try {
    tasks_.create(task, {.also = {insertion(install)}});
    taskstate::Lease lease = tasks_.start_leased(seed.zone_id, seed.task_id);
    lease.complete({}, {.also = {completion(lease.task())}});
  } catch (const taskstate::Error& error) {
    if (error.code() != taskstate::Errc::already_exists) throw;
  }
}

taskstate::NewTask Catalog::new_task(const Install& install, std::string operation) const {
  using namespace std::chrono;
  constexpr int attempts = 3;
  return {.zone_id = install.zone_id,
          .operation = std::move(operation),
          .install_id = install.id,
          .package_id = install.package_id,
          .package_slug = install.package_slug,
          .package_version = install.package_version,
          .payload = install.inputs,
          .not_before = floor<microseconds>(system_clock::now()) + settings_.pickup_time,
          .max_attempts = attempts};
}

Answer Catalog::handle(Incoming incoming) {
  try {
    const std::optional<Target> target = parse_target(incoming.target, settings_.prefix);
    if (!target) return error_answer(incoming, 400, "bad_request", "The target is not a well-formed path.");
    incoming.path = target->path;
    return route(incoming, *target);
  } catch (const std::exception& error) {
    std::cerr << "request failed: " << error.what() << '\n';
    return error_answer(incoming, 500, "internal_error", "The request could not be handled.");
  }
}

Answer Catalog::route(const Incoming& incoming, const Target& target) {
  const auto& segments = target.segments;
  if (segments.size() < 3 || segments.size() > 4 || segments[0] != "zones") return not_found(incoming);
  const std::string& zone_id = segments[1];
  const std::string& collection = segments[2];
  const std::string& method = incoming.method;
  const bool reads = method == "GET" || method == "HEAD";

  // The whole of the status endpoint: taskstate judges the request, finds the task and words the answer.
  if (collection == "catalog_tasks" && segments.size() == 4) {
    if (method == "DELETE") return cancel_task(incoming, zone_id, segments[3]);
    if (!reads) return not_allowed(incoming, "DELETE, GET, HEAD");
    return tasks_.decide(zone_id, segments[3], request_of(incoming));
  }

  if (collection != "installs" || !is_id(zone_id)) return not_found(incoming);
  if (has_bad_request_id(incoming)) return bad_request_id(incoming);
  if (segments.size() == 3) {
    if (reads) return list_installs(incoming, zone_id, target);
    if (method == "POST") return create_install(incoming, zone_id);
    return not_allowed(incoming, "GET, HEAD, POST");
  }
  if (reads) return get_install(incoming, zone_id, segments[3]);
  if (method == "DELETE") return delete_install(incoming, zone_id, segments[3]);
  return not_allowed(incoming, "DELETE, GET, HEAD");
}

Answer Catalog::create_install(const Incoming& incoming, const std::string& zone_id) {
  std::vector<Fault> faults;
  Install install = parse_new_install(incoming.body, faults);
  if (!faults.empty()) return error_answer(incoming, 400, "validation_error", "The request is not valid.", faults);
  install.zone_id = zone_id;
  install.id = "ins_" + random_uuid();

  try {
    const taskstate::Task task = tasks_.create(
        new_task(install, "create"), {.request_id = incoming.client_request_id, .also = {insertion(install)}});
    return tasks_.accept(task, request_of(incoming));
  } catch (const taskstate::Error& error) {
    return tasks_.accept(error, request_of(incoming));
  }
}

/// The answer is the task's status: failed at once if nobody had begun, else running until its worker hears of it.
Answer Catalog::cancel_task(const Incoming& incoming, const std::string& zone_id, const std::string& task_id) {
  if (has_bad_request_id(incoming)) return bad_request_id(incoming);
  try {
    const taskstate::Task task = tasks_.cancel(zone_id, task_id, {}, {.request_id = incoming.client_request_id});
    if (task.status == Status::failed && task.install_id) installs_.settle_failure(task);
  } catch (const taskstate::Error& error) {
    if (error.code() == taskstate::Errc::illegal_transition) return conflict(incoming, "The task has ended already.");
    const bool unknown =
        error.code() == taskstate::Errc::not_found || error.code() == taskstate::Errc::invalid_argument;
    if (!unknown) return tasks_.accept(error, request_of(incoming));
  }
  return tasks_.decide(zone_id, task_id, request_of(incoming));
}

Answer Catalog::list_installs(const Incoming& incoming, const std::string& zone_id, const Target& target) {
  std::vector<Fault> faults;
  const auto limit = number(target, "limit", 100, faults);
  const auto after = number(target, "after", INT64_MAX, faults);
  const auto before = number(target, "before", INT64_MAX, faults);
  const auto expand = target.parameter("expand[]");
  if (expand && expand != "total_count") faults.push_back({"expand[]", "must be total_count"});
  if (!faults.empty()) return error_answer(incoming, 400, "validation_error", "The request is not valid.", faults);

  const InstallPage page = installs_.list(zone_id, limit.value_or(20), after, after ? std::nullopt : before);
  boost::json::array items;
  for (const Install& install : page.items) items.push_back(to_json(install));
  boost::json::object pagination;
  if (page.older && !page.items.empty()) pagination["after_cursor"] = std::to_string(page.items.back().sequence);
  if (page.newer && !page.items.empty()) pagination["before_cursor"] = std::to_string(page.items.front().sequence);
  if (expand) pagination["total_count"] = installs_.count(zone_id);
  return ok(incoming, {{"items", items}, {"pagination", pagination}});
}

Answer Catalog::get_install(const Incoming& incoming, const std::string& zone_id, const std::string& install_id) {
  const auto install = installs_.find(zone_id, install_id);
  return install ? ok(incoming, to_json(*install)) : not_found(incoming);
}

Answer Catalog::delete_install(const Incoming& incoming, const std::string& zone_id, const std::string& install_id) {
  const auto install = installs_.find(zone_id, install_id);
  if (!install) return not_found(incoming);
  if (install->status == "pending") return conflict(incoming, "The install is still being created.");
  if (install->status == "deleted") return conflict(incoming, "The install is deleted already.");

  // A client that lost the first answer asks again, and gets the task that is already at it.
  const taskstate::Page live = tasks_.list({.zone_id = zone_id,
                                            .statuses = {Status::pending, Status::running},
                                            .operation = "delete",
                                            .install_id = install_id,
                                            .limit = 1});
  if (!live.tasks.empty()) return tasks_.accept(live.tasks.front(), request_of(incoming));

  try {
    const taskstate::Task task = tasks_.create(
        new_task(*install, "delete"), {.request_id = incoming.client_request_id, .also = {mark_deleting(install_id)}});
    return tasks_.accept(task, request_of(incoming));
  } catch (const taskstate::Error& error) {
    return tasks_.accept(error, request_of(incoming));
  }
}

}  // namespace catalog
