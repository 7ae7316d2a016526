// Installs as JSON: what a client sends to create one, and what it gets to see.
#pragma once

#include "api_error.hpp"
#include "install_store.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace catalog {

/// Without the inputs, should they not be readable.
boost::json::object to_json(const Install& install);

/// A JSON object that was stored; nothing if it is none. What is in a file may have come from anywhere.
std::optional<boost::json::object> parse_inputs(std::string_view text);

/// Fills package_id, package_slug, package_version and inputs, or adds a fault for each bad field.
Install parse_new_install(std::string_view body, std::vector<Fault>& faults);

}  // namespace catalog
