#include "core/validate.hpp"

#include "core/ascii.hpp"
#include "core/codec.hpp"
#include "core/json.hpp"
#include "core/location.hpp"
#include "core/time.hpp"

#include <algorithm>
#include <utility>

namespace tse::core {

namespace {

using Details = std::vector<Detail>;

/// How deep a link's properties may be nested, so that the task around them stays within max_json_depth:
/// task, list of links and link stand above them.
constexpr std::size_t max_properties_depth = max_json_depth - 3;

void add(Details& out, std::string_view field, std::string message) {
  out.push_back({std::string(field), std::move(message)});
}

std::string has_bytes(std::size_t size) { return "; has " + std::to_string(size) + " bytes"; }
std::string has_entries(std::size_t size) { return "; has " + std::to_string(size); }

std::string at(std::string_view list, std::size_t index, std::string_view member) {
  std::string path(list);
  append_index(path, index);
  append_member(path, member, 0);
  return path;
}

bool has_nul(std::string_view text) noexcept { return text.find('\0') != std::string_view::npos; }

/// C0, DEL and C1, of which the last are two bytes in UTF-8. The text is UTF-8: none of its characters ends short.
bool has_control(std::string_view text) noexcept {
  for (std::size_t index = 0; index < text.size(); ++index) {
    const auto byte = static_cast<unsigned char>(text[index]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && static_cast<unsigned char>(text[index + 1]) < 0xa0) return true;
  }
  return false;
}

void check_plain(Details& out, std::string_view field, std::string_view value, std::size_t most) {
  if (value.empty() || value.size() > most) {
    add(out, field, "must be 1 to " + std::to_string(most) + " bytes" + has_bytes(value.size()));
  } else if (!is_utf8(value)) {
    add(out, field, "must be valid UTF-8" + has_bytes(value.size()));
  } else if (has_control(value)) {
    add(out, field, "must not contain control characters" + has_bytes(value.size()));
  }
}

void check_text(Details& out, const std::string& field, std::string_view value) {
  if (!is_utf8(value) || has_nul(value)) add(out, field, "must be valid UTF-8 without NUL" + has_bytes(value.size()));
}

void check_api_code(Details& out, const std::string& field, std::string_view value) {
  if (!is_api_code(value)) add(out, field, "must be one of the API's nine error codes" + has_bytes(value.size()));
}

void check_time(Details& out, std::string_view field, std::int64_t value) {
  if (value < min_time || value > max_time) add(out, field, "must lie in the years 0000 to 9999");
}

std::size_t depth_of(const Json& value) noexcept {
  std::size_t deepest = 0;
  for (const Json& item : value.items) deepest = std::max(deepest, depth_of(item));
  for (const auto& [key, member] : value.members) deepest = std::max(deepest, depth_of(member));
  return deepest + (value.kind == Json::Kind::array || value.kind == Json::Kind::object ? 1 : 0);
}

void check_properties(Details& out, const std::string& field, std::string_view properties) {
  try {
    const Json value = parse_json(properties, field);
    if (value.kind != Json::Kind::object) {
      add(out, field, "must be a JSON object, not " + std::string(kind_name(value.kind)));
    } else if (const std::size_t depth = depth_of(value); depth > max_properties_depth) {
      add(out, field,
          "must be nested at most " + std::to_string(max_properties_depth) + " deep; has " + std::to_string(depth) +
              " levels");
    }
  } catch (const Failure& failure) {
    const Details& details = failure.error().details;
    out.insert(out.end(), details.begin(), details.end());
  }
}

void check_titles(Details& out, const std::string& field, const decltype(Link::titles)::value_type& titles) {
  std::vector<std::string> tags;
  for (std::size_t index = 0; index < titles.size(); ++index) {
    const auto& [tag, title] = titles[index];
    std::string path = field;
    append_member(path, tag, index);
    check_text(out, path, title);
    if (!is_language_tag(tag)) {
      add(out, path, "must have a language tag (BCP 47) as its key" + has_bytes(tag.size()));
      continue;
    }
    std::transform(tag.begin(), tag.end(), std::back_inserter(tags.emplace_back()), to_lower);
  }
  std::sort(tags.begin(), tags.end());
  if (std::adjacent_find(tags.begin(), tags.end()) != tags.end())
    add(out, field, "must not repeat a language tag, in whatever case");
}

void check_link(Details& out, std::string_view list, std::size_t index, const Link& link) {
  const std::string href = at(list, index, "href");
  if (!is_href(link.href)) {
    add(out, href, "must be an absolute path, an http or https URL or a #fragment" + has_bytes(link.href.size()));
  } else if (link.rel == "result" && !is_safe_path(link.href)) {
    add(out, href, "of a result must be an absolute path without empty or dot segments" + has_bytes(link.href.size()));
  }
  const std::string rel = at(list, index, "rel");
  if (link.rel.empty() || !is_utf8(link.rel) || has_control(link.rel))
    add(out, rel, "must be UTF-8 without control characters, not empty" + has_bytes(link.rel.size()));
  if (link.properties) check_properties(out, at(list, index, "properties"), *link.properties);
  if (link.titles) check_titles(out, at(list, index, "titles"), *link.titles);
  if (link.type) check_text(out, at(list, index, "type"), *link.type);
}

void check_warning(Details& out, std::string_view list, std::size_t index, const Warning& warning) {
  check_api_code(out, at(list, index, "code"), warning.code);
  const std::string details = at(list, index, "details");
  for (std::size_t entry = 0; entry < warning.details.size(); ++entry) {
    const WarningDetail& detail = warning.details[entry];
    check_api_code(out, at(details, entry, "code"), detail.code);
    check_text(out, at(details, entry, "field"), detail.field);
    check_text(out, at(details, entry, "message"), detail.message);
  }
  check_text(out, at(list, index, "message"), warning.message);
  check_text(out, at(list, index, "path"), warning.path);
  if (!is_uuid(warning.request_id))
    add(out, at(list, index, "request_id"), "must be a UUID" + has_bytes(warning.request_id.size()));
  if (warning.status < 0 || warning.status > 999) add(out, at(list, index, "status"), "must be 0 to 999");
  check_time(out, at(list, index, "timestamp"), warning.timestamp);
}

void check_times(Details& out, const Task& task) {
  check_time(out, "created_at", task.created_at);
  check_time(out, "updated_at", task.updated_at);
  if (task.updated_at < task.created_at) add(out, "updated_at", "must not lie before created_at");
}

void check_state(Details& out, const Task& task, bool has_stored_result) {
  if (task.status == Status::failed && !task.error_message) {
    add(out, "error_message", "must be present when a task has failed");
  } else if (task.status != Status::failed && task.error_message) {
    add(out, "error_message", "must be absent unless the task has failed; is " + std::string(to_string(task.status)));
  }
  if (task.status == Status::completed && !task.install_id && !result_href(task) && !has_stored_result)
    add(out, "install_id",
        "must be present when a task is completed, unless a link with rel \"result\" or a stored result is");
  if (task.operation == "delete" && !task.install_id)
    add(out, "install_id", "must be present when the operation is delete");
}

}  // namespace

void check_id(Details& out, std::string_view field, std::string_view value) {
  if (!is_id(value))
    add(out, field, "must be 1 to 128 of A-Z a-z 0-9 - . _ ~ and not \".\" or \"..\"" + has_bytes(value.size()));
}

void check_name(Details& out, std::string_view field, std::string_view value) {
  check_plain(out, field, value, max_name_bytes);
}

void check_install_id(Details& out, std::string_view field, std::string_view value) {
  if (value == "." || value == "..") {
    add(out, field, "must not be \".\" or \"..\"");
  } else {
    check_name(out, field, value);
  }
}

void check_message(Details& out, std::string_view field, std::string_view value, std::size_t least) {
  if (value.size() < least || value.size() > max_message_bytes) {
    add(out, field,
        "must be " + std::to_string(least) + " to " + std::to_string(max_message_bytes) + " bytes" +
            has_bytes(value.size()));
  } else {
    check_text(out, std::string(field), value);
  }
}

void check_version(Details& out, std::string_view field, std::int64_t value) {
  if (value < 0) {
    add(out, field, "must be 0 to 2^53-1; is negative");
  } else if (value > max_package_version) {
    add(out, field, "must be 0 to 2^53-1; is greater");
  }
}

void check_links(Details& out, const std::vector<Link>& links) {
  if (links.size() > max_links)
    return add(out, "links", "must be at most " + std::to_string(max_links) + has_entries(links.size()));
  for (std::size_t index = 0; index < links.size(); ++index) check_link(out, "links", index, links[index]);
  const auto results = std::count_if(links.begin(), links.end(), [](const Link& link) { return link.rel == "result"; });
  if (results > 1)
    add(out, "links", "must hold at most one with rel \"result\"" + has_entries(static_cast<std::size_t>(results)));
}

void check_warnings(Details& out, const std::vector<Warning>& warnings) {
  if (warnings.size() > max_warnings)
    return add(out, "warnings", "must be at most " + std::to_string(max_warnings) + has_entries(warnings.size()));
  for (std::size_t index = 0; index < warnings.size(); ++index) check_warning(out, "warnings", index, warnings[index]);
}

void check_operation_name(Details& out, std::string_view field, std::string_view value) {
  if (!is_operation(value))
    add(out, field, "must be a lower-case letter and up to 31 of a-z 0-9 _" + has_bytes(value.size()));
}

void check_operation(Details& out, std::string_view value, std::span<const std::string> allowed) {
  if (!is_operation(value)) {
    check_operation_name(out, "operation", value);
  } else if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
    add(out, "operation", "not allowed here" + has_bytes(value.size()));
  }
}

void check_payload(Details& out, std::size_t bytes) {
  if (bytes > max_payload_bytes)
    add(out, "payload", "must be at most " + std::to_string(max_payload_bytes) + " bytes" + has_bytes(bytes));
}

void check_ref(Details& out, std::string_view value) {
  if (!limit::ref.allows(static_cast<std::int64_t>(value.size()))) {
    add(out, "ref", "must be " + tell(limit::ref) + has_bytes(value.size()));
  } else {
    check_text(out, "ref", value);
  }
}

void check_actor(Details& out, std::string_view value) { check_plain(out, "actor", value, max_actor_bytes); }

void check_claim_filter(Details& out, std::size_t zones, std::size_t operations) {
  const auto too_many = [&](std::string_view field, std::size_t named, std::size_t most) {
    if (named > most)
      add(out, field,
          "at most " + std::to_string(most) + ", are " + std::to_string(named) +
              ": name fewer in each claim, or none for all");
  };
  too_many("zones", zones, max_claim_zones);
  too_many("operations", operations, max_claim_operations);
  if (out.empty() && zones * operations > max_claim_pairs)
    add(out, "zones",
        "times operations at most " + std::to_string(max_claim_pairs) + ", are " + std::to_string(zones) + " times " +
            std::to_string(operations) + ": name fewer in each claim, or none for all");
}

namespace {

Details validate(const Task& task, std::string_view body, std::size_t room, bool has_stored_result) {
  Details out;
  if (!task.zone_id.empty()) check_id(out, "zone_id", task.zone_id);
  check_id(out, "id", task.id);
  check_operation(out, task.operation, {&task.operation, 1});
  check_times(out, task);
  if (task.error_message) check_message(out, "error_message", *task.error_message, 1);
  if (task.install_id) check_install_id(out, "install_id", *task.install_id);
  check_links(out, task.links);
  if (task.package_id) check_name(out, "package_id", *task.package_id);
  if (task.package_slug) check_name(out, "package_slug", *task.package_slug);
  if (task.package_version) check_version(out, "package_version", *task.package_version);
  check_warnings(out, task.warnings);
  check_state(out, task, has_stored_result);
  const std::size_t most = max_task_bytes - room;
  if (body.size() > most)
    add(out, "task", "must be at most " + std::to_string(most) + " bytes of JSON" + has_bytes(body.size()));
  return out;
}

}  // namespace

Details validate(const Task& task) { return validate(task, render(task), 0, false); }

Details validate(const Row& row, std::size_t room) {
  return validate(row.task, row.body, room, row.result_media_type.has_value());
}

}  // namespace tse::core
