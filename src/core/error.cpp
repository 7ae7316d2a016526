#include "core/error.hpp"

namespace tse::core {

std::string_view to_string(Code code) noexcept {
  switch (code) {
#define TSE_X(name, number) \
  case Code::name: return #name;
    TSE_ERROR_CODES(TSE_X)
#undef TSE_X
  }
  return {};
}

Error invalid(std::vector<Detail> details) {
  std::string message = details.empty() ? "invalid argument" : details.front().field + ": " + details.front().message;
  return {Code::invalid_argument, std::move(message), std::move(details)};
}

Error invalid(std::string field, std::string message) {
  std::vector<Detail> details;
  details.push_back({std::move(field), std::move(message)});
  return invalid(std::move(details));
}

}  // namespace tse::core
