#include "core/additions.hpp"

#include "core/validate.hpp"

#include <algorithm>
#include <string_view>

namespace tse::core {

namespace {

template <typename Value>
bool set(std::optional<Value>& field, const std::optional<Value>& value) {
  if (!value || field == value) return false;
  field = value;
  return true;
}

template <typename Item>
bool append_new(std::vector<Item>& list, const std::vector<Item>& items) {
  const std::size_t before = list.size();
  for (const Item& item : items)
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
  return list.size() != before;
}

}  // namespace

void check_additions(std::vector<Detail>& details, const Additions& additions) {
  if (additions.install_id) check_install_id(details, "install_id", *additions.install_id);
  check_links(details, additions.links);
  if (additions.package_id) check_name(details, "package_id", *additions.package_id);
  if (additions.package_slug) check_name(details, "package_slug", *additions.package_slug);
  if (additions.package_version) check_version(details, "package_version", *additions.package_version);
  check_warnings(details, additions.warnings);
}

void check_write_once(std::vector<Detail>& details, const Task& task, const Additions& additions) {
  const auto check = [&details](std::string_view field, const Text& now, const Text& wanted) {
    if (now && wanted && *now != *wanted) details.push_back({std::string(field), "write-once, already set"});
  };
  check("install_id", task.install_id, additions.install_id);
  check("package_id", task.package_id, additions.package_id);
  check("package_slug", task.package_slug, additions.package_slug);
}

bool merge(Task& task, const Additions& additions) {
  bool changed = set(task.install_id, additions.install_id);
  changed |= set(task.package_id, additions.package_id);
  changed |= set(task.package_slug, additions.package_slug);
  changed |= set(task.package_version, additions.package_version);
  changed |= append_new(task.links, additions.links);
  changed |= append_new(task.warnings, additions.warnings);
  return changed;
}

}  // namespace tse::core
