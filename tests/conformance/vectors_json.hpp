// The vectors' JSON as arguments of the C++ API, and what the API gives as the vectors' JSON.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <taskstate/taskstate.hpp>
#include <vector>

namespace vectors {

namespace json = boost::json;

inline std::string string_of(const json::value& value) { return json::value_to<std::string>(value); }

inline std::optional<std::string> text(const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  return value && value->is_string() ? std::optional(string_of(*value)) : std::nullopt;
}

inline std::optional<std::string_view> view(const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  return value ? std::optional<std::string_view>(value->as_string()) : std::nullopt;
}

inline std::optional<std::int64_t> number(const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  return value ? std::optional(value->as_int64()) : std::nullopt;
}

inline bool flag(const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  return value && value->as_bool();
}

inline taskstate::Time time(std::int64_t us) { return taskstate::Time(std::chrono::microseconds(us)); }

inline std::optional<taskstate::Time> time(const json::object& from, std::string_view name) {
  const auto us = number(from, name);
  return us ? std::optional(time(*us)) : std::nullopt;
}

template <typename Make>
auto list(const json::object& from, std::string_view name, Make make) {
  std::vector<decltype(make(json::value()))> items;
  if (const json::value* values = from.if_contains(name))
    for (const json::value& value : values->as_array()) items.push_back(make(value));
  return items;
}

// ---- Arguments

inline taskstate::Link link(const json::value& value) {
  const json::object& from = value.as_object();
  taskstate::Link link{.href = *text(from, "href"), .rel = *text(from, "rel")};
  link.properties = text(from, "properties");
  link.titles = list(from, "titles", [](const json::value& title) {
    return std::pair(string_of(title.at(0)), string_of(title.at(1)));
  });
  link.type = text(from, "type");
  return link;
}

inline taskstate::Warning warning(const json::value& value) {
  const json::object& from = value.as_object();
  return {
      .code = *text(from, "code"),
      .details = list(
          from, "details",
          [](const json::value& item) {
            const json::object& detail = item.as_object();
            return taskstate::WarningDetail{*text(detail, "code"), *text(detail, "field"), *text(detail, "message")};
          }),
      .message = *text(from, "message"),
      .path = *text(from, "path"),
      .request_id = *text(from, "request_id"),
      .status = *number(from, "status"),
      .timestamp = *time(from, "timestamp")};
}

/// The fields that create, annotate, complete and fail have in common.
template <typename Input>
void fill(Input& input, const json::object& from) {
  input.install_id = text(from, "install_id");
  input.package_id = text(from, "package_id");
  input.package_slug = text(from, "package_slug");
  input.package_version = number(from, "package_version");
  input.links = list(from, "links", link);
  input.warnings = list(from, "warnings", warning);
}

inline taskstate::NewTask new_task(const json::object& from) {
  taskstate::NewTask spec{.zone_id = *text(from, "zone_id"), .operation = *text(from, "operation")};
  fill(spec, from);
  spec.id = text(from, "id");
  spec.payload = text(from, "payload");
  return spec;
}

inline taskstate::Update update(const json::object& from) {
  taskstate::Update update;
  fill(update, from);
  return update;
}

inline taskstate::Failure failure(const json::object& from) {
  taskstate::Failure failure{.error_message = *text(from, "error_message")};
  fill(failure, from);
  failure.error_detail = text(from, "error_detail");
  return failure;
}

inline std::optional<taskstate::Completed> completed(const json::object& from) {
  const auto policy = text(from, "completed");
  if (!policy) return std::nullopt;
  return *policy == "ok" ? taskstate::Completed::ok : taskstate::Completed::see_other;
}

inline taskstate::Request request(const json::object& from) {
  return {.method = view(from, "method"),
          .client_request_id = view(from, "client_request_id"),
          .if_none_match = view(from, "if_none_match"),
          .path = view(from, "path"),
          .completed = completed(from)};
}

inline taskstate::Call call(const json::object& step) {
  const json::value* from = step.if_contains("call");
  if (!from) return {};
  const json::object& fields = from->as_object();
  return {.request_id = text(fields, "request_id"),
          .traceparent = text(fields, "traceparent"),
          .actor = text(fields, "actor")};
}

inline taskstate::ListQuery query(const json::object& from) {
  taskstate::ListQuery query{.zone_id = *text(from, "zone_id")};
  query.statuses = list(from, "statuses", [](const json::value& name) {
    return taskstate::status_from_string(name.as_string()).value();
  });
  query.operation = text(from, "operation");
  query.install_id = text(from, "install_id");
  query.package_id = text(from, "package_id");
  query.created_from = time(from, "created_from");
  query.created_until = time(from, "created_until");
  query.limit = number(from, "limit");
  query.after = text(from, "after");
  query.before = text(from, "before");
  query.with_total = flag(from, "with_total");
  return query;
}

inline taskstate::Options options(const json::object& from) {
  taskstate::Options options;
  options.location = text(from, "location");
  options.status_url = text(from, "status_url");
  options.completed = completed(from);
  options.ignore_bad_request_id = flag(from, "ignore_bad_request_id");
  options.operations = list(from, "operations", string_of);
  const auto bounds = list(from, "retry_after", [](const json::value& value) { return value.as_int64(); });
  if (!bounds.empty()) {
    options.retry_after_min = std::chrono::seconds(bounds[0]);
    options.retry_after_max = std::chrono::seconds(bounds[1]);
  }
  return options;
}

// ---- Results

template <typename Value>
json::value optional(const std::optional<Value>& value) {
  return value ? json::value(*value) : json::value();
}

inline json::value told(const taskstate::Task& task) {
  return {{"task",
           {{"json", task.json},
            {"zone_id", task.zone_id.empty() ? json::value() : json::value(task.zone_id)},
            {"revision", task.revision},
            {"error_detail", optional(task.error_detail)},
            {"failure_kind", optional(task.failure_kind)},
            {"client_request_id", optional(task.client_request_id)},
            {"traceparent", optional(task.traceparent)},
            {"payload", optional(task.payload)}}}};
}

inline json::value told(const taskstate::Error& error) {
  json::array fields;
  for (const taskstate::ErrorDetail& detail : error.details()) fields.emplace_back(detail.field);
  return {{"error",
           {{"code", to_string(static_cast<taskstate::Errc>(error.code().value()))},
            {"fields", fields},
            {"outcome", error.outcome() == taskstate::Outcome::not_done ? "not_done" : "unknown"}}}};
}

inline json::value told(const taskstate::Answer& answer) {
  json::array headers;
  for (const taskstate::Header& header : answer.headers) headers.push_back(json::array{header.name, header.value});
  return {{"answer", {{"status", answer.status}, {"headers", headers}, {"body", optional(answer.body)}}}};
}

inline json::value told(const taskstate::Page& page) {
  json::array tasks;
  for (const taskstate::Task& task : page.tasks) tasks.emplace_back(task.json);
  return {{"page",
           {{"tasks", tasks},
            {"has_after", page.after_cursor.has_value()},
            {"has_before", page.before_cursor.has_value()},
            {"total_count", optional(page.total_count)}}}};
}

inline json::value told(const std::vector<taskstate::Event>& events) {
  json::array list;
  for (const taskstate::Event& event : events)
    list.push_back({{"kind", event.kind},
                    {"from", event.from ? json::value(to_string(*event.from)) : json::value()},
                    {"to", to_string(event.to)},
                    {"at", event.at.time_since_epoch().count()},
                    {"revision", event.revision},
                    {"attempt", event.attempt},
                    {"worker", optional(event.worker)},
                    {"request_id", optional(event.request_id)},
                    {"traceparent", optional(event.traceparent)},
                    {"message", optional(event.message)},
                    {"detail", optional(event.detail)}});
  return {{"events", list}};
}

}  // namespace vectors
