// Installs as JSON: what a client sends to create one, and what it gets to see.
#pragma once

#include "api_error.hpp"
#include "install_store.hpp"

#include <boost/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace catalog {

boost::json::object to_json(const Install& install);

/// Fills package_id, package_slug, package_version and inputs, or adds a fault for each bad field.
Install parse_new_install(std::string_view body, std::vector<Fault>& faults);

}  // namespace catalog
