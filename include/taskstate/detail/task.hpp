// Tasks across the C interface: values in, snapshots out.
#pragma once

#include <taskstate/detail/check.hpp>
#include <taskstate/detail/json.hpp>
#include <taskstate/detail/text.hpp>
#include <taskstate/task.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace taskstate::detail {

[[nodiscard]] inline Task task_from(const tse_task_view& from) {
  Task task;
  task.zone_id = string(from.zone_id);
  task.id = string(from.id);
  task.created_at = time(from.created_at);
  task.operation = string(from.operation);
  task.status = static_cast<Status>(from.status);
  task.updated_at = time(from.updated_at);
  task.error_message = optional_string(from.error_message);
  task.install_id = optional_string(from.install_id);
  if (from.links.data != nullptr) task.links = decode_links({from.links.data, from.links.size});
  task.package_id = optional_string(from.package_id);
  task.package_slug = optional_string(from.package_slug);
  task.package_version = optional_number(from.package_version);
  if (from.warnings.data != nullptr) task.warnings = decode_warnings({from.warnings.data, from.warnings.size});
  task.json = string(from.json);
  task.revision = from.revision;
  task.error_detail = optional_string(from.error_detail);
  task.failure_kind = optional_string(from.failure_kind);
  task.client_request_id = optional_string(from.client_request_id);
  task.traceparent = optional_string(from.traceparent);
  task.payload = optional_string(from.payload);
  task.worker = optional_string(from.worker);
  task.epoch = from.epoch;
  task.attempt = from.attempt;
  task.max_attempts = from.max_attempts;
  task.not_before = optional_time(from.not_before);
  task.start_by = optional_time(from.start_by);
  task.priority = from.priority;
  task.ref = optional_string(from.ref);
  task.result_media_type = optional_string(from.result_media_type);
  task.cancel_requested = from.cancel_requested != 0;
  task.replayed = from.replayed != 0;
  return task;
}

[[nodiscard]] inline Task task_from(const TaskHandle& handle) {
  tse_task_view from = TSE_TASK_VIEW_INIT;
  check_code(tse_task_get(handle.get(), &from));
  return task_from(from);
}

/// The engine's own object for a wire form; without a zone unless one is given.
[[nodiscard]] inline TaskHandle task_to_c(std::string_view zone_id, std::string_view json) {
  const tse_str zone = zone_id.empty() ? tse_str{nullptr, 0} : view(zone_id);
  const tse_str text = view(json);
  return make<TaskHandle>(tse_task_from_json, zone.data, zone.size, text.data, text.size);
}

/// The JSON texts of an input's lists; must live as long as the views made of them.
struct Lists {
  template <typename Input>
  explicit Lists(const Input& input)
      : links(input.links.empty() ? std::nullopt : std::optional(encode(input.links))),
        warnings(input.warnings.empty() ? std::nullopt : std::optional(encode(input.warnings))) {}

  std::optional<std::string> links;
  std::optional<std::string> warnings;
};

/// The fields that creating and changing have in common.
template <typename To, typename From>
void fill(To& to, const From& from, const Lists& lists) noexcept {
  to.install_id = view(from.install_id);
  to.package_id = view(from.package_id);
  to.package_slug = view(from.package_slug);
  to.package_version = number(from.package_version);
  to.links = view(lists.links);
  to.warnings = view(lists.warnings);
}

[[nodiscard]] inline tse_new_task to_c(const NewTask& spec, const Lists& lists) noexcept {
  tse_new_task to = TSE_NEW_TASK_INIT;
  fill(to, spec, lists);
  to.zone_id = view(spec.zone_id);
  to.id = view(spec.id);
  to.operation = view(spec.operation);
  to.payload = view(spec.payload);
  if (spec.not_before) to.not_before = number(spec.not_before->time_since_epoch().count());
  if (spec.start_within) to.start_within_us = number(spec.start_within->count());
  to.max_attempts = spec.max_attempts;
  to.idempotency_key = view(spec.idempotency_key);
  to.retry_of = view(spec.retry_of);
  to.priority = spec.priority;
  to.ref = view(spec.ref);
  return to;
}

[[nodiscard]] inline tse_update to_c(const Update& update, const Lists& lists) noexcept {
  tse_update to = TSE_UPDATE_INIT;
  fill(to, update, lists);
  to.result = view(update.result);
  to.media_type = view(update.media_type);
  return to;
}

[[nodiscard]] inline tse_update to_c(const Failure& failure, const Lists& lists) noexcept {
  tse_update to = TSE_UPDATE_INIT;
  fill(to, failure, lists);
  to.error_message = view(failure.error_message);
  to.error_detail = view(failure.error_detail);
  return to;
}

}  // namespace taskstate::detail

namespace taskstate {

inline Task parse_task(std::string_view json) { return detail::task_from(detail::task_to_c({}, json)); }

inline void validate(const Task& task) {
  const detail::TaskHandle handle = detail::task_to_c(task.zone_id, task.json);
  detail::check(tse_task_validate, static_cast<const tse_task*>(handle.get()));
}

}  // namespace taskstate
