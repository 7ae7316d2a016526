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
                         std::string changing_file)
    : interval_(interval),
      round_(std::move(round)),
      watches_(std::move(watches)),
      changing_file_(std::move(changing_file)),
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
  next_ = steady_clock::now() + interval_;
}

int Housekeeper::milliseconds_to_next() const {
  const auto left = std::chrono::ceil<milliseconds>(next_ - steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void Housekeeper::run() noexcept {
  CommitNotice commits(changing_file_);
  next_ = steady_clock::now() + interval_;
  while (!ended_) {
    const bool awaited = watches_->any() && !changing_file_.empty();
    if (commits.enable(awaited)) watches_->signal_all();
    int timeout = has_rounds_ ? milliseconds_to_next() : -1;
    const bool blind = awaited && !commits.available();
    if (blind && (timeout < 0 || timeout > looking.count())) timeout = static_cast<int>(looking.count());
    std::array<pollfd, 2> ready{{{watches_->attention().descriptor(), POLLIN, 0}, {commits.descriptor(), POLLIN, 0}}};
    ::poll(ready.data(), ready.size(), timeout);
    if (ready[0].revents != 0) watches_->attention().drain();
    if (blind) watches_->signal_all();
    if (ready[1].revents != 0) {
      commits.drain();
      watches_->signal_all();
      std::this_thread::sleep_for(coalescing);
    }
    if (has_rounds_ && !ended_ && steady_clock::now() >= next_) round();
  }
}

}  // namespace tse::engine
