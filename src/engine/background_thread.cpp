#include "engine/background_thread.hpp"

#include "core/error.hpp"

#include <pthread.h>
#include <signal.h>

#include <system_error>

namespace tse::engine {
namespace {

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

std::thread start_in_background(const std::function<void()>& run) {
  const SignalsBlocked blocked;
  try {
    std::thread thread(run);
    ::pthread_setname_np(thread.native_handle(), "taskstate");
    return thread;
  } catch (const std::system_error&) {
    throw core::Failure(core::Code::unavailable, "the system gives no thread for the engine's own work");
  }
}

}  // namespace tse::engine
