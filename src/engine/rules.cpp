#include "engine/rules.hpp"

#include "engine/checks.hpp"

#include <utility>

namespace tse::engine {

void Rules::become(core::FileSettings settings, std::int64_t stamp) {
  versions_.push_back({std::move(settings), stamp});
  now_.store(&versions_.back(), std::memory_order_release);
}

void Rules::renew(const core::StoredSettings& stored) {
  const std::lock_guard renewing(mutex_);
  const std::int64_t stamp = core::stamp_of(stored);
  if (stamp == this->stamp()) return;
  core::FileSettings settings = now();
  try {
    settings = require(core::read_settings(stored, now()));
  } catch (const core::Failure&) {
    become(std::move(settings), stamp);
    throw;
  }
  become(std::move(settings), stamp);
}

}  // namespace tse::engine
