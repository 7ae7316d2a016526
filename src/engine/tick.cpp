// Housekeeping, by whoever asks for it: the housekeeper's thread, or the host.
#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <exception>
#include <string>
#include <utility>

namespace tse::engine {

std::int64_t Engine::tick(const Call& call) {
  enter();
  check_call(call);
  bool due = false;
  store_->view([&](store::View& view) { due = is_house_due(view, moment()); }, patience(call));
  due = due || store_->is_unsettled();
  std::int64_t changed = 0;
  try {
    for (bool more = due; more;) {
      Kept kept;
      const auto keep = [&](store::Session& session) {
        kept = keep_house(session, moment(), {settings_.clock(), {}, {}, {}, {}}, round_size);
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
