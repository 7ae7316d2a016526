// The task's wire form. Checks syntax and types; the rules about values are validate.hpp's.
#pragma once

#include "core/task.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tse::core {

/// The task as the wire shows it: the contract's field order, absent optionals and empty lists
/// omitted, no white space.
[[nodiscard]] std::string render(const Task& task);
[[nodiscard]] std::string render(const std::vector<Link>& links);        ///< a JSON array
[[nodiscard]] std::string render(const std::vector<Warning>& warnings);  ///< a JSON array
/// One warning, which is also the error object of an error answer's body.
[[nodiscard]] std::string render(const Warning& warning);

/// Reads a task's wire form; fields must come in the wire's order, here and inside links and warnings.
/// zone_id stays empty. Throws Failure(invalid_argument) with the field at fault.
[[nodiscard]] Task parse_task(std::string_view json);
/// Read what a host gives: members in any order, unknown and duplicate ones refused. `field` names the
/// input in errors ("links"). Times may be any RFC 3339 date-time.
[[nodiscard]] std::vector<Link> parse_links(std::string_view json, std::string_view field = "links");
[[nodiscard]] Link parse_link(std::string_view json, std::string_view field);
[[nodiscard]] std::vector<Warning> parse_warnings(std::string_view json, std::string_view field = "warnings");

}  // namespace tse::core
