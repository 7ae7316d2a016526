#include "engine/housekeeper.hpp"

#include "core/error.hpp"
#include "engine/commit_notice.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

namespace tse::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Between two looks at what another process commits: a busy one is not to keep this one busy.
constexpr milliseconds coalescing{1};
// Without notices, while somebody waits.
constexpr milliseconds looking{50};

// A program that is no engine announces nothing: its commit can be seen some time after it was written, a millisecond
// or, on a slow disk, many.
constexpr milliseconds first_look{1};
constexpr milliseconds last_look{1024};

int milliseconds_until(steady_clock::time_point time) {
  if (time == steady_clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<milliseconds>(time - steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

// The host's signals are for the host's threads.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

Housekeeper::Housekeeper(std::chrono::microseconds interval, Round round, std::shared_ptr<Watches> watches,
                         store::CommitFiles commit_files)
    : interval_(interval),
      round_(std::move(round)),
      watches_(std::move(watches)),
      commit_files_(std::move(commit_files)),
      has_rounds_(interval.count() > 0) {}

void Housekeeper::start() {
  const std::lock_guard lock(starting_);
  if (thread_.joinable() || ended_) return;
  const SignalsBlocked blocked;
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    throw core::Failure(core::Code::unavailable, "the system gives no thread for the housekeeping");
  }
  ::pthread_setname_np(thread_.native_handle(), "taskstate");
}

void Housekeeper::ask_to_stop() noexcept { stop_.request_stop(); }

void Housekeeper::stop() noexcept {
  const std::lock_guard lock(starting_);
  ended_ = true;
  {
    const std::lock_guard asking(asking_);
    ask_to_stop();
  }
  watches_->attention().raise();
  if (thread_.joinable()) thread_.join();
}

void Housekeeper::pause() noexcept {
  {
    const std::lock_guard asking(asking_);
    resting_ = true;
    ask_to_stop();
  }
  working_.lock();
  const std::lock_guard asking(asking_);
  resting_ = false;
}

void Housekeeper::round() {
  const std::lock_guard working(working_);
  {
    const std::lock_guard asking(asking_);
    stop_ = std::stop_source();
    if (resting_ || ended_) ask_to_stop();
  }
  has_rounds_ = round_(stop_.get_token());
  next_round_ = has_rounds_ ? steady_clock::now() + interval_ : Time::max();
}

void Housekeeper::look(CommitNotice& commits) {
  const CommitNotice::Seen seen = commits.take();
  if (seen.announced) {
    next_look_ = Time::max();
    watches_->signal_all();
    std::this_thread::sleep_for(coalescing);
  } else if (seen.written) {
    until_look_ = first_look;
    next_look_ = steady_clock::now() + until_look_;
  }
}

void Housekeeper::run() noexcept {
  CommitNotice commits(commit_files_);
  if (has_rounds_) next_round_ = steady_clock::now() + interval_;
  while (!ended_) {
    const bool awaited = watches_->any() && !commit_files_.announced.empty();
    if (commits.enable(awaited)) watches_->signal_all();
    if (!awaited) next_look_ = Time::max();
    if (awaited && !commits.available()) next_look_ = std::min(next_look_, steady_clock::now() + looking);
    std::array<pollfd, 2> ready{{{watches_->attention().descriptor(), POLLIN, 0}, {commits.descriptor(), POLLIN, 0}}};
    ::poll(ready.data(), ready.size(), milliseconds_until(std::min(next_round_, next_look_)));
    if (ready[0].revents != 0) watches_->attention().drain();
    if (ready[1].revents != 0) look(commits);
    if (steady_clock::now() >= next_look_) {
      watches_->signal_all();
      until_look_ *= 2;
      const bool again = commits.available() && until_look_ <= last_look;
      next_look_ = again ? steady_clock::now() + until_look_ : Time::max();
    }
    if (!ended_ && steady_clock::now() >= next_round_) round();
  }
}

}  // namespace tse::engine
