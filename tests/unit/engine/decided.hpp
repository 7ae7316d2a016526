// The status request, as a value.
#pragma once

#include "unit/engine/operations.hpp"

namespace tse::test {

struct Decided {
  core::Answer answer;
  std::int64_t wait = 0;  ///< us
};

inline Decided decide(engine::Engine& tasks, core::KeyView key, const core::Request& request = {},
                      engine::Waiting waiting = engine::Waiting::here) {
  Decided decided;
  decided.wait = engine::decide(tasks, decided.answer, key, request, waiting, {});
  return decided;
}

inline core::KeyView view(const core::Key& key) { return {key.zone_id, key.id}; }

}  // namespace tse::test
