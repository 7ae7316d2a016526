// Housekeeping, by whoever asks for it: the housekeeper's thread, or the host.
#include "core/time.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace tse::engine {

std::int64_t Engine::tick(const Call& call) {
  enter();
  check_call(call);
  bool due = false;
  store_->view([&](store::View& view) { due = is_house_due(view, moment(), judge_); }, patience(call));
  due = due || store_->is_unsettled();
  std::int64_t changed = 0;
  try {
    for (bool more = due; more;) {
      Kept kept;
      const auto keep = [&](store::Session& session) {
        kept = keep_house(session, moment(), judge_, {settings_.clock(), {}, {}, {}, {}}, round_size);
      };
      commit({keep}, call);
      changed += static_cast<std::int64_t>(kept.changed);
      tell_kept(kept);
      more = kept.changed == round_size;
    }
    clean(call, changed);
  } catch (const std::exception&) {
    if (changed == 0) throw;  // else it is durable, so the call cannot have failed; the rest is for the next round
  }
  return changed;
}

/// How long until something falls due, or what cannot be done: then a whole interval.
std::chrono::microseconds Engine::plan_round(bool after_round, std::stop_token stop) {
  std::chrono::microseconds left = *settings_.housekeeping;
  if (!settings_.real_time) return left;  // when the host's time comes is the host's to say
  Call call;
  call.stop = std::move(stop);
  try {
    const auto look = [&](store::View& view) {
      const Moment now = moment();
      left = !after_round && is_house_due(view, now, judge_) ? std::chrono::microseconds(0)
                                                             : until_next_due(view, now, left);
    };
    store_->view(look, patience(call));
  } catch (const core::Failure& failure) {
    log_->write(LogLevel::debug, failure.what());  // the next round says it
  }
  return left;
}

void Engine::wake_housekeeper(const core::Row& row) noexcept {
  if (!settings_.real_time || (!row.not_before && !row.start_by)) return;
  const std::int64_t due = std::min(row.not_before.value_or(core::max_time), row.start_by.value_or(core::max_time));
  housekeeper_.wake_in(std::chrono::microseconds(due - settings_.clock()));
}

void Engine::tell_kept(const Kept& kept) {
  if (kept.changed > 0) watches_->signal_all();
  if (kept.damaged > 0)
    log_->write(LogLevel::error, std::to_string(kept.damaged) + " tasks that are due cannot be read: verify the file");
}

// What goes wrong is said once, not at every round.
bool Engine::housekeeping_round(std::stop_token stop) {
  Call call;
  call.stop = std::move(stop);
  call.is_our_own = true;
  try {
    tick(call);
    last_complaint_.clear();
    return true;
  } catch (const core::Failure& failure) {
    const core::Code code = failure.error().code;
    if (code == core::Code::cancelled || code == core::Code::busy) return true;
    if (code == core::Code::closed) return false;
    if (failure.error().message != last_complaint_)
      log_->write(LogLevel::error, std::string("housekeeping failed: ") + failure.what());
    last_complaint_ = failure.error().message;
    return code != core::Code::moved && code != core::Code::io_error;
  } catch (const std::bad_alloc&) {
    return true;
  }
}

}  // namespace tse::engine
