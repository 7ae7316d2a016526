#include "install_json.hpp"

#include <algorithm>

namespace catalog {

boost::json::object to_json(const Install& install) {
  boost::json::object out{{"id", install.id},
                          {"created_at", install.created_at},
                          {"updated_at", install.updated_at},
                          {"package_id", install.package_id},
                          {"package_slug", install.package_slug},
                          {"status", install.status},
                          {"inputs", boost::json::parse(install.inputs)}};
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
    install.inputs = boost::json::serialize(*inputs);
  }
  if (const boost::json::value* version = object->if_contains("version")) {
    if (!version->is_int64()) faults.push_back({"$.version", "must be an integer"});
    if (version->is_int64()) install.package_version = version->get_int64();
  }
  return install;
}

}  // namespace catalog
