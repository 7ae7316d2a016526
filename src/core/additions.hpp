// What annotate, complete and fail add to a task.
#pragma once

#include "core/error.hpp"
#include "core/task.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace tse::core {

struct Additions {
  Text install_id;
  Text package_id;
  Text package_slug;
  std::optional<std::int64_t> package_version;
  std::vector<Link> links;
  std::vector<Warning> warnings;
};

/// The rules of each field alone.
void check_additions(std::vector<Detail>& details, const Additions& additions);
/// install_id, package_id and package_slug are set once.
void check_write_once(std::vector<Detail>& details, const Task& task, const Additions& additions);
/// Sets fields, appends links and warnings that are not there yet. Whether that changed anything.
bool merge(Task& task, const Additions& additions);

}  // namespace tse::core
