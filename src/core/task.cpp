#include "core/task.hpp"

namespace tse::core {

std::optional<std::string_view> result_href(const Task& task) noexcept {
  for (const Link& link : task.links)
    if (link.rel == "result") return link.href;
  return std::nullopt;
}

}  // namespace tse::core
