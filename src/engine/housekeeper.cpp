#include "engine/housekeeper.hpp"

#include "engine/background_thread.hpp"

#include <new>

namespace tse::engine {

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

bool Housekeeper::round() {
  const std::lock_guard working(working_);
  try {
    {
      const std::lock_guard asking(asking_);
      stop_ = std::stop_source();
      if (resting_ || ended_) stop_.request_stop();
    }
    return round_(stop_.get_token());
  } catch (const std::bad_alloc&) {  // there may be memory at the next round
    return true;
  }
}

void Housekeeper::run() {
  for (bool goes_on = true; goes_on; goes_on = round()) {
    std::unique_lock asking(asking_);
    if (asked_.wait_for(asking, interval_, [this] { return ended_; })) return;
  }
}

}  // namespace tse::engine
