#include "core/task.hpp"

#include <array>
#include <cstddef>

namespace tse::core {

namespace {

constexpr std::array<std::string_view, 4> failure_kinds{"failed", "cancelled", "expired", "lost"};

}  // namespace

std::string_view to_string(FailureKind kind) noexcept {
  const auto index = static_cast<std::size_t>(kind);
  return index < failure_kinds.size() ? failure_kinds[index] : std::string_view{};
}

std::optional<FailureKind> failure_kind_from_string(std::string_view text) noexcept {
  for (std::size_t index = 0; index < failure_kinds.size(); ++index)
    if (failure_kinds[index] == text) return static_cast<FailureKind>(index);
  return std::nullopt;
}

std::optional<std::string_view> result_href(const Task& task) noexcept {
  for (const Link& link : task.links)
    if (link.rel == "result") return link.href;
  return std::nullopt;
}

}  // namespace tse::core
