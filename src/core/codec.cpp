// The wire form, written.
#include "core/codec.hpp"

#include "core/json.hpp"
#include "core/time.hpp"

#include <utility>

namespace tse::core {

namespace {

/// Writes one object's members, each after a comma but the first.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) {}

  /// Writes the key; the caller writes the value.
  std::string& key(std::string_view name) {
    out_ += std::exchange(before_, ',');
    append_json_string(out_, name);
    out_ += ':';
    return out_;
  }
  void text(std::string_view name, std::string_view value) { append_json_string(key(name), value); }
  void optional_text(std::string_view name, const Text& value) {
    if (value) text(name, *value);
  }
  void integer(std::string_view name, std::int64_t value) { key(name) += std::to_string(value); }
  void time(std::string_view name, std::int64_t value) {
    key(name) += '"';
    append_time(out_, value);
    out_ += '"';
  }
  void end() { out_ += before_ == '{' ? "{}" : "}"; }

 private:
  std::string& out_;
  char before_ = '{';
};

template <typename Item, typename Append>
void append_array(std::string& out, const std::vector<Item>& items, Append append) {
  char before = '[';
  for (const Item& item : items) {
    out += std::exchange(before, ',');
    append(out, item);
  }
  out += items.empty() ? "[]" : "]";
}

void append_link(std::string& out, const Link& link) {
  ObjectWriter object(out);
  object.text("href", link.href);
  object.text("rel", link.rel);
  if (link.properties) object.key("properties") += *link.properties;
  if (link.titles) {
    ObjectWriter titles(object.key("titles"));
    for (const auto& [tag, title] : *link.titles) titles.text(tag, title);
    titles.end();
  }
  object.optional_text("type", link.type);
  object.end();
}

void append_detail(std::string& out, const WarningDetail& detail) {
  ObjectWriter object(out);
  object.text("code", detail.code);
  object.text("field", detail.field);
  object.text("message", detail.message);
  object.end();
}

void append_warning(std::string& out, const Warning& warning) {
  ObjectWriter object(out);
  object.text("code", warning.code);
  append_array(object.key("details"), warning.details, append_detail);
  object.text("message", warning.message);
  object.text("path", warning.path);
  object.text("request_id", warning.request_id);
  object.integer("status", warning.status);
  object.time("timestamp", warning.timestamp);
  object.end();
}

}  // namespace

std::string render(const Task& task) {
  std::string out;
  out.reserve(384);  // enough for most
  ObjectWriter object(out);
  object.text("id", task.id);
  object.time("created_at", task.created_at);
  object.text("operation", task.operation);
  object.text("status", to_string(task.status));
  object.time("updated_at", task.updated_at);
  object.optional_text("error_message", task.error_message);
  object.optional_text("install_id", task.install_id);
  if (!task.links.empty()) append_array(object.key("links"), task.links, append_link);
  object.optional_text("package_id", task.package_id);
  object.optional_text("package_slug", task.package_slug);
  if (task.package_version) object.integer("package_version", *task.package_version);
  if (!task.warnings.empty()) append_array(object.key("warnings"), task.warnings, append_warning);
  object.end();
  return out;
}

std::string render(const std::vector<Link>& links) {
  std::string out;
  append_array(out, links, append_link);
  return out;
}

std::string render(const std::vector<Warning>& warnings) {
  std::string out;
  append_array(out, warnings, append_warning);
  return out;
}

std::string render(const Warning& warning) {
  std::string out;
  append_warning(out, warning);
  return out;
}

}  // namespace tse::core
