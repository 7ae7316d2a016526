#include "install_json.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

namespace catalog {
namespace {

/// False: a number is too large for a double. The parser reads it as infinity, which has no JSON.
bool finite(const boost::json::value& value) {
  if (const double* number = value.if_double()) return std::isfinite(*number);
  if (const auto* array = value.if_array()) return std::ranges::all_of(*array, finite);
  if (const auto* object = value.if_object())
    return std::ranges::all_of(*object, [](const auto& member) { return finite(member.value()); });
  return true;
}

}  // namespace

std::optional<boost::json::object> parse_inputs(std::string_view text) {
  boost::json::error_code error;
  boost::json::value value = boost::json::parse(text, error);
  if (error || !value.is_object() || !finite(value)) return std::nullopt;
  return std::move(value.get_object());
}

boost::json::object to_json(const Install& install) {
  boost::json::object out{{"id", install.id},
                          {"created_at", install.created_at},
                          {"updated_at", install.updated_at},
                          {"package_id", install.package_id},
                          {"package_slug", install.package_slug},
                          {"status", install.status}};
  if (auto inputs = parse_inputs(install.inputs)) out["inputs"] = *std::move(inputs);
  if (install.package_version) out["package_version"] = *install.package_version;
  out["zone_id"] = install.zone_id;
  return out;
}

Install parse_new_install(std::string_view body, std::vector<Fault>& faults) {
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(body, error);
  const boost::json::object* object = value.if_object();
  if (error || object == nullptr) {
    faults.push_back({"$", "must be a JSON object"});
    return {};
  }

  Install install;
  const boost::json::value* package_id = object->if_contains("package_id");
  if (package_id == nullptr || !package_id->is_string()) {
    faults.push_back({"$.package_id", "must be a string"});
  } else {
    install.package_id = package_id->get_string();
    // A real catalog would look its packages up; this one makes their slugs.
    install.package_slug = install.package_id;
    std::ranges::replace(install.package_slug, '_', '-');
  }
  if (const boost::json::value* inputs = object->if_contains("inputs")) {
    if (!inputs->is_object()) faults.push_back({"$.inputs", "must be an object"});
    if (!finite(*inputs)) faults.push_back({"$.inputs", "must hold no number beyond 1.7976931348623157e308"});
    install.inputs = boost::json::serialize(*inputs);
  }
  if (const boost::json::value* version = object->if_contains("version")) {
    boost::json::error_code inexact;
    const auto number = version->to_number<std::int64_t>(inexact);
    if (inexact) faults.push_back({"$.version", "must be an integer"});
    if (!inexact) install.package_version = number;
  }
  return install;
}

}  // namespace catalog
