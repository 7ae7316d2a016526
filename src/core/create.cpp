#include "core/apply.hpp"
#include "core/codec.hpp"
#include "core/range.hpp"
#include "core/time.hpp"
#include "core/validate.hpp"

#include <taskstate/contract/limits.hpp>
#include <taskstate/contract/options.hpp>

#include <algorithm>
#include <utility>

namespace tse::core {

namespace {

void check_plan(std::vector<Detail>& out, const NewTask& spec) {
  if (spec.not_before && (*spec.not_before < min_time || *spec.not_before > max_time))
    out.push_back({"not_before", "must be a time of the years 0 to 9999"});
  if (spec.start_within) check_range(out, *spec.start_within, contract::argument::start_within);
  check_range(out, spec.max_attempts, contract::limit::attempts);
  if (spec.idempotency_key) check_name(out, "idempotency_key", *spec.idempotency_key);
  if (spec.retry_of) check_id(out, "retry_of", *spec.retry_of);
  check_range(out, spec.priority, contract::limit::priority);
  if (spec.ref) check_ref(out, *spec.ref);
}

}  // namespace

std::variant<Row, Error> create(const NewTask& spec, std::span<const std::string> operations,
                                const PathTemplate& status_url, const Context& context) {
  Row row;
  Task& task = row.task;
  task.zone_id = spec.zone_id;
  task.id = spec.id.value_or("");
  task.created_at = task.updated_at = std::clamp(context.now, min_time, max_time);
  task.operation = spec.operation;
  task.install_id = spec.install_id;
  task.links = spec.links;
  if (spec.retry_of && is_id(*spec.retry_of) && is_id(spec.zone_id))
    task.links.push_back({status_url.fill({spec.zone_id, *spec.retry_of, {}}).value(), "predecessor", {}, {}, {}});
  task.package_id = spec.package_id;
  task.package_slug = spec.package_slug;
  task.package_version = spec.package_version;
  task.warnings = spec.warnings;
  row.revision = row.version = 1;
  row.max_attempts = spec.max_attempts;
  row.priority = spec.priority;
  row.ref = spec.ref;
  row.client_request_id = context.request_id;
  row.traceparent = context.traceparent;
  row.note.kind = "created";
  row.note.worker = context.actor;
  row.note.request_id = context.request_id;
  row.note.traceparent = context.traceparent;
  row.body = render(task);

  std::vector<Detail> details;
  if (spec.zone_id.empty()) check_id(details, "zone_id", spec.zone_id);
  if (is_operation(spec.operation)) check_operation(details, spec.operation, operations);
  const std::vector<Detail> broken = validate(row, room_to_fail);
  details.insert(details.end(), broken.begin(), broken.end());
  if (spec.payload) check_payload(details, spec.payload->size());
  check_plan(details, spec);
  if (!details.empty()) return invalid(std::move(details));

  row.not_before = spec.not_before;
  if (spec.start_within) {
    const std::int64_t from = std::max(task.created_at, spec.not_before.value_or(task.created_at));
    row.start_by = std::min(from + *spec.start_within, max_time);
  }
  return row;
}

std::optional<Error> check_predecessor(const std::optional<Row>& predecessor) {
  if (!predecessor) return Error{Code::not_found, "retry_of: there is no such task in this zone"};
  if (predecessor->task.status == Status::failed) return std::nullopt;
  return Error{Code::illegal_transition, "retry_of: only a failed task can be tried again, this one is " +
                                             std::string(to_string(predecessor->task.status))};
}

}  // namespace tse::core
