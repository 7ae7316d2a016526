#include "engine/rounds.hpp"

#include "core/time.hpp"
#include "engine/context.hpp"
#include "engine/tick.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace tse::engine {

// What goes wrong is said once, not at every round.
bool Round::operator()(std::stop_token stop) {
  Call call;
  call.stop = std::move(stop);
  call.is_our_own = true;
  try {
    tick(at_, call);
    last_complaint_.clear();
    return true;
  } catch (const core::Failure& failure) {
    const core::Code code = failure.error().code;
    if (code == core::Code::cancelled || code == core::Code::busy) return true;
    if (code == core::Code::closed) return false;
    if (failure.error().message != last_complaint_)
      at_.log->write(LogLevel::error, std::string("housekeeping failed: ") + failure.what());
    last_complaint_ = failure.error().message;
    return code != core::Code::moved && code != core::Code::io_error;
  } catch (const std::bad_alloc&) {
    return true;
  }
}

std::chrono::microseconds RoundPlan::operator()(bool after_round, std::stop_token stop) {
  std::chrono::microseconds left = *at_.settings.housekeeping;
  if (!at_.settings.real_time) return left;  // when the host's time comes is the host's to say
  Call call;
  call.stop = std::move(stop);
  try {
    const auto look = [&](store::View& view) {
      const store::Due due = view.due({after_round ? std::size_t{0} : std::size_t{1}, true, {}});
      if (!due.tasks.empty()) left = std::chrono::microseconds(0);
      if (due.next_in) left = std::min(left, std::chrono::microseconds(*due.next_in));
    };
    at_.store->view(look, at_.patience(call));
  } catch (const core::Failure& failure) {
    at_.log->write(LogLevel::debug, failure.what());  // the next round says it
  }
  return left;
}

void wake_housekeeper(Context& at, const core::Row& row) noexcept {
  if (!at.settings.real_time || (!row.not_before && !row.start_by)) return;
  const std::int64_t due = std::min(row.not_before.value_or(core::max_time), row.start_by.value_or(core::max_time));
  at.housekeeper.wake_in(std::chrono::microseconds(due - at.settings.clock()));
}

}  // namespace tse::engine
