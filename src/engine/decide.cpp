// The status request: from what is kept if that is current, else from the store; and it may wait.
#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <string>
#include <utility>

namespace tse::engine {

using std::chrono::steady_clock;

/// What a status request found in the store: a task, or why there is none to show.
struct Engine::Sought {
  store::Found found;
  std::string etag;
  std::string location;
  core::Lookup otherwise = core::Missing{};

  [[nodiscard]] bool has_task() const noexcept { return !etag.empty(); }
  [[nodiscard]] core::Representation task() const {
    return {found.row->status, found.row->created_at, found.row->revision, etag, location, found.row->body};
  }
};

Engine::Sought Engine::seek(const core::Key& key, const Call& call) {
  Sought sought;
  try {
    enter();
    const std::optional<store::Stamp> proven = answers_.proven();
    sought.found = store_->answer(key, proven, patience(call));
    answers_.count_miss();
    if (!sought.found.row) {
      if (sought.found.tombstone.value_or(INT64_MIN) > wall_.expired_until(settings_.clock()))
        sought.otherwise = core::Gone{};
      return sought;
    }
    const store::AnswerRow& row = *sought.found.row;
    const core::Answerable task{row.status, row.created_at, row.revision, row.body, row.install_id, row.result_href};
    auto location = core::location_of(key.zone_id, key.id, task, settings_.policy);
    if (!location) throw core::Failure(core::Code::internal, "a completed task leads nowhere");
    sought.location = *std::move(location);
    sought.etag = core::etag_of(task);
    if (sought.found.proven) answers_.keep(*proven, {key.zone_id, key.id}, sought.task());
  } catch (const core::Failure& failure) {
    log_->write(LogLevel::error, std::string("status lookup failed: ") + std::string(to_string(failure.error().code)) +
                                     ": " + failure.what());
    sought.otherwise = failure.error();
  }
  return sought;
}

// A key that is kept has passed the grammar once, and so need not again.
AnswerCache::Result Engine::answer_kept(core::Answer& out, core::KeyView key, const core::Request& request) {
  const bool may_wait = request.prefer && settings_.policy.longest_wait > 0;
  if (is_inherited() || may_wait || core::has_bad_request_id(request, settings_.policy))
    return AnswerCache::Result::unknown;
  return answers_.find(key, [&](const core::Representation& task) {
    const std::int64_t now = taskstate::is_terminal(task.status) ? 0 : settings_.rough_clock();
    core::answer(out, task, request, settings_.policy, now);
  });
}

std::int64_t Engine::decide(core::Answer& out, core::KeyView key, const core::Request& request, Waiting waiting,
                            const Call& call) {
  AnswerCache::Result result = answer_kept(out, key, request);
  if (result == AnswerCache::Result::stale) {
    try {
      if (answers_.catch_up(patience(call))) result = answer_kept(out, key, request);
    } catch (const core::Failure&) {
      // reading the task fails likewise, and says so
    }
  }
  if (result == AnswerCache::Result::hit) return 0;
  return decide_by_reading(out, {std::string(key.zone_id), std::string(key.id)}, request, waiting, call);
}

std::int64_t Engine::decide_by_reading(core::Answer& out, const core::Key& key, const core::Request& request,
                                       Waiting waiting, const Call& call) {
  const core::MakeRequestId fresh = fresh_request_id();
  const auto finish = [&](const Sought& sought) {
    if (sought.has_task()) return core::answer(out, sought.task(), request, settings_.policy, settings_.clock());
    out = core::decide(key.zone_id, key.id, sought.otherwise, request, settings_.policy, settings_.clock(), fresh);
  };
  if (closed_.load(std::memory_order_acquire)) {
    out = core::decide(key.zone_id, key.id, core::Error{core::Code::closed, "the engine is closed"}, request,
                       settings_.policy, settings_.clock(), fresh);
    return 0;
  }
  if (auto refused = core::refuse(key.zone_id, key.id, request, settings_.policy, settings_.clock(), fresh)) {
    out = std::move(*refused);
    return 0;
  }
  const auto granted = core::granted_wait(request, settings_.policy);
  const auto until = steady_clock::now() + std::chrono::microseconds(granted.value_or(0));
  for (;;) {
    const Sought sought = seek(key, call);
    const bool waits =
        granted && sought.has_task() && core::is_worth_waiting(sought.found.row->status, sought.etag, request);
    if (!waits || waiting == Waiting::elsewhere || steady_clock::now() >= until || call.stop.stop_requested()) {
      finish(sought);
      return waits && waiting == Waiting::elsewhere ? *granted : 0;
    }
    try {
      const auto revision = request.if_none_match ? std::optional(sought.found.row->revision) : std::nullopt;
      await_move(key, revision, until, call.stop);
    } catch (const core::Failure&) {
      finish(seek(key, call));  // it says what is wrong, or there is just nobody to wait with
      return 0;
    }
  }
}

}  // namespace tse::engine
