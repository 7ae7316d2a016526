// What the housekeeper's thread does.
#pragma once

#include "core/task.hpp"

#include <chrono>
#include <stop_token>
#include <string>

namespace tse::engine {

struct Context;

/// One round of housekeeping. False: there will never be anything to do again.
class Round {
 public:
  explicit Round(Context& at) : at_(at) {}
  bool operator()(std::stop_token stop);

 private:
  Context& at_;
  std::string last_complaint_;
};

/// How long until something falls due. Where that cannot be done: a whole interval.
class RoundPlan {
 public:
  explicit RoundPlan(Context& at) : at_(at) {}
  [[nodiscard]] std::chrono::microseconds operator()(bool after_round, std::stop_token stop);

 private:
  Context& at_;
};

/// The next round is not later than the row asks for.
void wake_housekeeper(Context& at, const core::Row& row) noexcept;

}  // namespace tse::engine
