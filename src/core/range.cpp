#include "core/range.hpp"

#include <string>

namespace tse::core {

namespace {

std::string_view suffix(contract::Unit unit) {
  switch (unit) {
    case contract::Unit::number:
    case contract::Unit::items: break;
    case contract::Unit::bytes: return " bytes";
    case contract::Unit::microseconds: return " us";
    case contract::Unit::seconds: return " s";
  }
  return {};
}

}  // namespace

void check_range(std::vector<Detail>& out, std::string_view field, std::int64_t value, const contract::Range& range) {
  if (range.allows(value)) return;
  out.push_back({std::string(field),
                 "must be " + tell(range) + ", is " + std::to_string(value) + std::string(suffix(range.unit))});
}

}  // namespace tse::core
