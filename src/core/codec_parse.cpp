// The wire form, read.
#include "core/codec.hpp"
#include "core/error.hpp"
#include "core/json.hpp"
#include "core/time.hpp"

#include <algorithm>
#include <charconv>
#include <span>

namespace tse::core {

namespace {

enum class Order { wire, any };

using Names = std::span<const std::string_view>;

constexpr std::string_view task_fields[] = {"id",         "created_at",    "operation",       "status",
                                            "updated_at", "error_message", "install_id",      "links",
                                            "package_id", "package_slug",  "package_version", "warnings"};
constexpr std::string_view link_fields[] = {"href", "rel", "properties", "titles", "type"};
constexpr std::string_view warning_fields[] = {"code",       "details", "message",  "path",
                                               "request_id", "status",  "timestamp"};
constexpr std::string_view detail_fields[] = {"code", "field", "message"};

[[noreturn]] void refuse(std::string_view path, std::string message) {
  throw Failure(invalid(std::string(path.empty() ? "json" : path), std::move(message)));
}

void expect(const Json& value, Json::Kind kind, std::string_view path) {
  if (value.kind != kind)
    refuse(path, "must be " + std::string(kind_name(kind)) + ", not " + std::string(kind_name(value.kind)));
}

std::string child(std::string_view path, std::string_view name) {
  std::string result(path);
  append_member(result, name, 0);
  return result;
}

std::string list_of(Names names) {
  std::string list;
  for (const std::string_view name : names) list.append(list.empty() ? "" : ", ").append(name);
  return list;
}

std::string to_text(const Json& value, std::string_view path) {
  expect(value, Json::Kind::string, path);
  return value.text;
}

std::int64_t to_integer(const Json& value, std::string_view path) {
  expect(value, Json::Kind::number, path);
  std::int64_t result = 0;
  const char* const end = value.text.data() + value.text.size();
  const auto [stop, error] = std::from_chars(value.text.data(), end, result);
  if (error != std::errc{} || stop != end)
    refuse(path, "must be an integer of 64 bits; has " + std::to_string(value.text.size()) + " characters");
  return result;
}

std::int64_t to_time(const Json& value, std::string_view path) {
  const std::optional<std::int64_t> time = parse_time(to_text(value, path));
  if (!time) refuse(path, "must be a date-time (RFC 3339); has " + std::to_string(value.text.size()) + " bytes");
  return *time;
}

std::int64_t floor_to_millisecond(std::int64_t us) noexcept {
  const std::int64_t rest = us % 1000;
  return us - (rest < 0 ? rest + 1000 : rest);
}

/// One object whose members are known by name. Refuses unknown members at once.
class ObjectReader {
 public:
  ObjectReader(const Json& object, std::string_view path, Names names, Order order) : object_(object), path_(path) {
    expect(object, Json::Kind::object, path);
    auto next = names.begin();
    for (std::size_t index = 0; index < object.members.size(); ++index) {
      const std::string& key = object.members[index].key;
      if (std::find(names.begin(), names.end(), key) == names.end())
        refuse(path,
               "must not have unknown members; number " + std::to_string(index + 1) + " is none of " + list_of(names));
      if (order == Order::any) continue;
      next = std::find(next, names.end(), key);
      if (next == names.end()) refuse(child(path, key), "must come in the order " + list_of(names));
    }
  }

  [[nodiscard]] const Json* find(std::string_view name) const {
    for (const auto& [key, value] : object_.members)
      if (key == name) return &value;
    return nullptr;
  }
  [[nodiscard]] std::string path(std::string_view name) const { return child(path_, name); }

  [[nodiscard]] const Json& required(std::string_view name) const {
    const Json* value = find(name);
    if (value == nullptr) refuse(path(name), "is required");
    return *value;
  }
  [[nodiscard]] std::string text(std::string_view name) const { return to_text(required(name), path(name)); }
  [[nodiscard]] Text optional_text(std::string_view name) const {
    const Json* value = find(name);
    return value == nullptr ? Text{} : to_text(*value, path(name));
  }
  [[nodiscard]] std::int64_t integer(std::string_view name) const { return to_integer(required(name), path(name)); }
  [[nodiscard]] std::int64_t time(std::string_view name) const { return to_time(required(name), path(name)); }

 private:
  const Json& object_;
  std::string_view path_;
};

template <typename Read>
auto read_array(const Json& array, std::string_view path, Order order, Read read) {
  expect(array, Json::Kind::array, path);
  std::vector<decltype(read(array, path, order))> items;
  items.reserve(array.items.size());
  for (std::size_t index = 0; index < array.items.size(); ++index) {
    std::string item_path(path);
    append_index(item_path, index);
    items.push_back(read(array.items[index], item_path, order));
  }
  return items;
}

Link read_link(const Json& value, std::string_view path, Order order) {
  const ObjectReader object(value, path, link_fields, order);
  Link link;
  link.href = object.text("href");
  link.rel = object.text("rel");
  if (const Json* properties = object.find("properties")) {
    expect(*properties, Json::Kind::object, object.path("properties"));
    append_json(link.properties.emplace(), *properties);
  }
  if (const Json* titles = object.find("titles")) {
    const std::string titles_path = object.path("titles");
    expect(*titles, Json::Kind::object, titles_path);
    auto& list = link.titles.emplace();
    for (std::size_t index = 0; index < titles->members.size(); ++index) {
      const auto& [tag, title] = titles->members[index];
      std::string title_path = titles_path;
      append_member(title_path, tag, index);
      list.emplace_back(tag, to_text(title, title_path));
    }
  }
  link.type = object.optional_text("type");
  return link;
}

WarningDetail read_detail(const Json& value, std::string_view path, Order order) {
  const ObjectReader object(value, path, detail_fields, order);
  return {object.text("code"), object.text("field"), object.text("message")};
}

Warning read_warning(const Json& value, std::string_view path, Order order) {
  const ObjectReader object(value, path, warning_fields, order);
  Warning warning;
  warning.code = object.text("code");
  warning.details = read_array(object.required("details"), object.path("details"), order, read_detail);
  warning.message = object.text("message");
  warning.path = object.text("path");
  warning.request_id = object.text("request_id");
  warning.status = object.integer("status");
  // To the wire's precision, so that a warning read back equals the one that was given.
  warning.timestamp = floor_to_millisecond(object.time("timestamp"));
  return warning;
}

Status read_status(const ObjectReader& object) {
  const std::string word = object.text("status");
  const std::optional<Status> status = taskstate::status_from_string(word);
  if (!status)
    refuse(object.path("status"),
           "must be pending, running, completed or failed; has " + std::to_string(word.size()) + " bytes");
  return *status;
}

}  // namespace

Task parse_task(std::string_view json) {
  const Json root = parse_json(json, {});
  const ObjectReader object(root, {}, task_fields, Order::wire);
  Task task;
  task.id = object.text("id");
  task.created_at = object.time("created_at");
  task.operation = object.text("operation");
  task.status = read_status(object);
  task.updated_at = object.time("updated_at");
  task.error_message = object.optional_text("error_message");
  task.install_id = object.optional_text("install_id");
  if (const Json* links = object.find("links")) task.links = read_array(*links, "links", Order::wire, read_link);
  task.package_id = object.optional_text("package_id");
  task.package_slug = object.optional_text("package_slug");
  if (object.find("package_version") != nullptr) task.package_version = object.integer("package_version");
  if (const Json* warnings = object.find("warnings"))
    task.warnings = read_array(*warnings, "warnings", Order::wire, read_warning);
  return task;
}

std::vector<Link> parse_links(std::string_view json, std::string_view field) {
  return read_array(parse_json(json, field), field, Order::any, read_link);
}

Link parse_link(std::string_view json, std::string_view field) {
  return read_link(parse_json(json, field), field, Order::any);
}

std::vector<Warning> parse_warnings(std::string_view json, std::string_view field) {
  return read_array(parse_json(json, field), field, Order::any, read_warning);
}

}  // namespace tse::core
