#include "engine/checks.hpp"

#include "core/apply.hpp"

#include <algorithm>

namespace tse::engine {

void require_possible(const core::Key& key) {
  if (!is_possible(key)) throw core::Failure(core::missing_task({}));
}

std::chrono::microseconds capped(std::chrono::microseconds duration) {
  return std::min(duration, std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::hours(24 * 365)));
}

}  // namespace tse::engine
