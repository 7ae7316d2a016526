#include "core/error.hpp"

#include <new>

namespace tse::core {

Error invalid(std::vector<Detail> details) {
  std::string message = details.empty() ? "invalid argument" : details.front().field + ": " + details.front().message;
  return {Code::invalid_argument, std::move(message), std::move(details)};
}

Error invalid(std::string field, std::string message) {
  std::vector<Detail> details;
  details.push_back({std::move(field), std::move(message)});
  return invalid(std::move(details));
}

Error copy_of(const Error& error) noexcept {
  try {
    return error;
  } catch (const std::bad_alloc&) {
    return {Code::no_memory, "out of memory", {}, error.outcome};  // so short that it needs none
  }
}

Error copy_of(const FixedError& error) noexcept {
  try {
    return {error.code, std::string(error.message)};
  } catch (const std::bad_alloc&) {
    return {Code::no_memory, "out of memory"};
  }
}

}  // namespace tse::core
