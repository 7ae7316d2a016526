#include "engine/housekeeper.hpp"

#include "engine/background_thread.hpp"

#include <algorithm>
#include <new>

namespace tse::engine {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::microseconds shortest_sleep{1000};
// Whoever commits all the time is not to keep this thread busy.
constexpr std::chrono::milliseconds between_plans{5};

}  // namespace

void Housekeeper::start() {
  thread_ = start_in_background([this] { run(); });
}

void Housekeeper::stop() noexcept {
  {
    const std::lock_guard asking(asking_);
    ended_ = true;
    stop_.request_stop();
  }
  asked_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Housekeeper::pause() noexcept {
  {
    const std::lock_guard asking(asking_);
    resting_ = true;
    stop_.request_stop();
  }
  working_.lock();
  const std::lock_guard asking(asking_);
  resting_ = false;
}

std::stop_token Housekeeper::renew_stop() {
  const std::lock_guard asking(asking_);
  stop_ = std::stop_source();
  if (resting_ || ended_) stop_.request_stop();
  return stop_.get_token();
}

bool Housekeeper::round() {
  const std::lock_guard working(working_);
  try {
    return round_(renew_stop());
  } catch (const std::bad_alloc&) {  // there may be memory at the next round
    return true;
  }
}

std::chrono::microseconds Housekeeper::plan(bool after_round) {
  if (!plan_) return interval_;
  const std::lock_guard working(working_);
  try {
    return std::clamp(plan_(after_round, renew_stop()), shortest_sleep, std::max(interval_, shortest_sleep));
  } catch (const std::bad_alloc&) {
    return interval_;
  }
}

void Housekeeper::wake_in(std::chrono::microseconds delay) noexcept {
  if (delay >= interval_) return;
  const Time when = steady_clock::now() + delay;
  const std::lock_guard asking(asking_);
  if (when >= next_round_) return;
  next_round_ = when;
  asked_.notify_all();
}

void Housekeeper::reconsider() noexcept {
  const std::lock_guard asking(asking_);
  if (!plan_ || next_plan_ != Time::max()) return;
  next_plan_ = last_plan_ + between_plans;
  asked_.notify_all();
}

/// Returns when a round is due; false: there will be none.
bool Housekeeper::sleep() {
  std::unique_lock asking(asking_);
  while (!ended_) {
    const Time now = steady_clock::now();
    if (now >= next_round_) return true;
    if (now < next_plan_) {
      asked_.wait_until(asking, std::min(next_round_, next_plan_));
      continue;
    }
    next_plan_ = Time::max();
    last_plan_ = now;
    asking.unlock();
    const auto left = plan(false);
    asking.lock();
    next_round_ = std::min(next_round_, steady_clock::now() + left);
  }
  return false;
}

// What comes while a round is under way is asked for again; what came before is found by it.
void Housekeeper::run() {
  do {
    {
      const std::lock_guard asking(asking_);
      next_round_ = Time::max();
    }
    if (!round()) return;
    const auto left = plan(true);
    const std::lock_guard asking(asking_);
    next_round_ = std::min(next_round_, steady_clock::now() + left);
  } while (sleep());
}

}  // namespace tse::engine
