#include "engine/watcher.hpp"

#include "engine/background_thread.hpp"

#include <poll.h>

#include <algorithm>
#include <array>

namespace tse::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Between two looks at what is committed: whoever commits all the time is not to keep this thread busy.
constexpr milliseconds coalescing{1};
// Without notices, while somebody waits.
constexpr milliseconds looking{50};
// A host may close the descriptor that the thread is to be woken by.
constexpr milliseconds longest_sleep{1000};

// A program that is no engine announces nothing: its commit can be seen some time after it was written, a millisecond
// or, on a slow disk, many.
constexpr milliseconds first_look{1};
constexpr milliseconds last_look{1024};

int milliseconds_until(steady_clock::time_point time) {
  if (time == steady_clock::time_point::max()) return static_cast<int>(longest_sleep.count());
  const auto left = std::chrono::ceil<milliseconds>(time - steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, longest_sleep.count()));
}

}  // namespace

void Watcher::start() {
  const std::lock_guard lock(starting_);
  if (!thread_.joinable() && !ended_) thread_ = start_in_background([this] { run(); });
}

void Watcher::stop() noexcept {
  const std::lock_guard lock(starting_);
  ended_ = true;
  watches_->attention().raise();
  if (thread_.joinable()) thread_.join();
}

void Watcher::tell_moves() {
  if (!watches_->follows()) return;
  const std::lock_guard working(working_);
  tell_();
}

// Which claims another process's commit may be for is not known.
void Watcher::tell_all() {
  watches_->signal_all();
  if (other_came_ && watches_->any()) other_came_();
  tell_moves();
}

void Watcher::note(const store::Notices::Seen& seen) {
  if (seen.announced || seen.began) {
    next_look_ = Time::max();
    tell_all();
  } else if (seen.written) {
    until_look_ = first_look;
    next_look_ = steady_clock::now() + until_look_;
  }
}

void Watcher::run() noexcept {
  while (!ended_) {
    const bool awaited = commits_ && (watches_->any() || watches_->follows());
    const store::Notices::Seen seen = commits_ ? commits_->look(awaited) : store::Notices::Seen();
    note(seen);
    if (!awaited) next_look_ = Time::max();
    const bool attentive = watches_->attention().is_open();
    if (!attentive || (awaited && !seen.complete)) next_look_ = std::min(next_look_, steady_clock::now() + looking);
    std::array<pollfd, 2> ready{
        {{attentive ? watches_->attention().descriptor() : -1, POLLIN, 0}, {seen.descriptor, POLLIN, 0}}};
    ::poll(ready.data(), ready.size(), milliseconds_until(next_look_));
    if (ended_) return;
    if (ready[0].revents != 0) {
      watches_->attention().drain();
      tell_moves();
    }
    if (ready[1].revents != 0) note(commits_->look(true));
    if (steady_clock::now() >= next_look_) {
      tell_all();
      if (seen.complete) until_look_ *= 2;
      const bool again = seen.complete && until_look_ <= last_look;
      next_look_ = again ? steady_clock::now() + until_look_ : Time::max();
    } else if (ready[0].revents != 0 || ready[1].revents != 0) {
      std::this_thread::sleep_for(coalescing);
    }
  }
}

}  // namespace tse::engine
