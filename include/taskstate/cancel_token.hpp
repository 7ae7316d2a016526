// Ends waiting calls from another thread.
#pragma once

#include <taskstate.h>
#include <taskstate/detail/check.hpp>

#include <memory>

namespace taskstate {

/// Sticky: once cancelled, every call that carries it and would have to wait throws Errc::cancelled, which means
/// guaranteed not applied; a change that is already being committed runs to its end. Copies are the same token. Any
/// thread, but not a signal handler. @since 0.1
class CancelToken {
 public:
  CancelToken() : handle_(detail::make<detail::CancelTokenHandle>(tse_cancel_token_new)) {}

  /// Does not block; again is nothing.
  void cancel() const noexcept { tse_cancel_token_cancel(handle_.get()); }

  [[nodiscard]] const tse_cancel_token* handle() const noexcept { return handle_.get(); }

 private:
  std::shared_ptr<tse_cancel_token> handle_;
};

}  // namespace taskstate
