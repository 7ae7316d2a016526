#include "core/query.hpp"

#include <algorithm>

namespace tse::core {

namespace {

bool is_among(const std::vector<std::string>& names, std::string_view name) noexcept {
  return names.empty() || std::binary_search(names.begin(), names.end(), name);
}

}  // namespace

bool ClaimFilter::matches(std::string_view zone_id, std::string_view operation) const noexcept {
  return is_among(zones, zone_id) && is_among(operations, operation);
}

}  // namespace tse::core
