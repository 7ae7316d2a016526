#include "engine/decide.hpp"

#include "core/admit.hpp"
#include "engine/engine.hpp"
#include "engine/wait.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace tse::engine {
namespace {

using std::chrono::steady_clock;

/// What a status request found in the store: a task, or why there is none to show.
struct Sought {
  store::Found found;
  std::string etag;
  std::string location;
  core::Lookup otherwise = core::Missing{};

  [[nodiscard]] bool has_task() const noexcept { return !etag.empty(); }
  [[nodiscard]] core::Representation task() const {
    return {found.row->status, found.row->created_at, found.row->revision, etag, location, found.row->body};
  }
};

Sought seek(Context& at, const core::Key& key, const Call& call) {
  Sought sought;
  try {
    at.lifetime.require();
    const std::optional<store::Stamp> proven = at.answers.proven();
    sought.found = at.store->answer(key, proven, at.patience(call));
    at.answers.count_miss();
    at.follow_settings(call);
    if (!sought.found.row) {
      const std::optional<std::int64_t> tombstone = sought.found.tombstone;
      if (tombstone && core::is_in_force(*tombstone, sought.found.expiry)) sought.otherwise = core::Gone{};
      return sought;
    }
    const store::AnswerRow& row = *sought.found.row;
    const core::Answerable task{row.status,     row.created_at,  row.revision,         row.body,
                                row.install_id, row.result_href, row.has_stored_result};
    auto location = core::location_of(key.zone_id, key.id, task, at.rules.now().policy);
    if (!location) throw core::Failure(core::Code::internal, "a completed task has no result");
    sought.location = *std::move(location);
    sought.etag = core::etag_of(task);
    if (sought.found.proven) at.answers.keep(*proven, {key.zone_id, key.id}, sought.task());
  } catch (const core::Failure& failure) {
    at.log->write(LogLevel::error, std::string("status lookup failed: ") +
                                       std::string(to_string(failure.error().code)) + ": " + failure.what());
    sought.otherwise = failure.error();
  }
  return sought;
}

// A key that is cached has passed the grammar once, and so need not again.
AnswerCache::Result answer_cached(Context& at, core::Answer& out, core::KeyView key, const core::Request& request) {
  const core::Policy& policy = at.rules.now().policy;
  const bool may_wait = request.prefer && policy.longest_wait > 0;
  if (at.lifetime.is_inherited() || may_wait || core::has_bad_request_id(request, policy))
    return AnswerCache::Result::unknown;
  return at.answers.find(key, [&](const core::Representation& task) {
    const std::int64_t now = taskstate::is_terminal(task.status) ? 0 : at.settings.rough_clock();
    core::answer(out, task, request, policy, now);
  });
}

/// Answers one request that the cache could not.
class Reading {
 public:
  Reading(Context& at, core::Answer& out, const core::Key& key, const core::Request& request, const Call& call)
      : at_(at), out_(out), key_(key), request_(request), call_(call), fresh_(at.fresh_request_id()) {}

  std::int64_t run(Waiting waiting);

 private:
  void finish(const core::Lookup& otherwise) {
    out_ = core::decide(key_.zone_id, key_.id, otherwise, request_, policy(), at_.settings.clock(), fresh_);
  }
  void finish(const Sought& sought) {
    if (sought.has_task()) return core::answer(out_, sought.task(), request_, policy(), at_.settings.clock());
    finish(sought.otherwise);
  }
  [[nodiscard]] const core::Policy& policy() const { return at_.rules.now().policy; }
  /// False: there is nobody to wait with, or no longer.
  bool await_move_from(std::int64_t revision, steady_clock::time_point until);

  Context& at_;
  core::Answer& out_;
  const core::Key& key_;
  const core::Request& request_;
  const Call& call_;
  const core::MakeRequestId fresh_;
};

bool Reading::await_move_from(std::int64_t revision, steady_clock::time_point until) {
  try {
    await_move(at_, key_, request_.if_none_match ? std::optional(revision) : std::nullopt, until, call_.stop);
    return true;
  } catch (const core::Failure&) {
    return false;
  }
}

std::int64_t Reading::run(Waiting waiting) {
  if (at_.lifetime.is_closed()) {
    finish(core::Lookup(core::copy_of(closed_error)));
    return 0;
  }
  if (auto refused = core::refuse(key_.zone_id, key_.id, request_, policy(), at_.settings.clock(), fresh_)) {
    out_ = std::move(*refused);
    return 0;
  }
  const auto granted = core::granted_wait(request_, policy());
  const auto until = steady_clock::now() + std::chrono::microseconds(granted.value_or(0));
  for (;;) {
    const Sought sought = seek(at_, key_, call_);
    const bool waits =
        granted && sought.has_task() && core::is_worth_waiting(sought.found.row->status, sought.etag, request_);
    if (!waits || waiting == Waiting::elsewhere || steady_clock::now() >= until || call_.stop.stop_requested()) {
      finish(sought);
      return waits && waiting == Waiting::elsewhere ? *granted : 0;
    }
    if (!await_move_from(sought.found.row->revision, until)) {
      finish(seek(at_, key_, call_));  // it says what is wrong
      return 0;
    }
  }
}

}  // namespace

std::int64_t decide(Engine& engine, core::Answer& out, core::KeyView key, const core::Request& request, Waiting waiting,
                    const Call& call) {
  Context& at = engine.enter_anyhow();
  AnswerCache::Result result = answer_cached(at, out, key, request);
  if (result == AnswerCache::Result::stale) {
    try {
      if (at.answers.catch_up(at.patience(call))) result = answer_cached(at, out, key, request);
    } catch (const core::Failure&) {
      // reading the task fails likewise, and says so
    }
  }
  if (result == AnswerCache::Result::hit) return 0;
  const core::Key owned{std::string(key.zone_id), std::string(key.id)};
  return Reading(at, out, owned, request, call).run(waiting);
}

bool decide_cached(Engine& engine, core::Answer& out, core::KeyView key, const core::Request& request) {
  return answer_cached(engine.enter_anyhow(), out, key, request) == AnswerCache::Result::hit;
}

core::Answer answer_without_engine(core::KeyView key, const core::Request& request) {
  const IdSource ids = system_ids(system_now);
  return core::decide(key.zone_id, key.id, core::copy_of(closed_error), request, core::Policy{}, system_now(),
                      [&ids] { return core::format_uuid(ids(IdKind::request)); });
}

core::Answer accept(Engine& engine, const core::Row& created, const core::Request& request) {
  const Context& at = engine.enter_anyhow();
  return core::accept(created.task, created.body, request, at.rules.now().policy, at.settings.clock(),
                      at.fresh_request_id());
}

core::Answer accept(Engine& engine, const core::Error& failure, const core::Request& request) {
  const Context& at = engine.enter_anyhow();
  return core::accept(failure, request, at.rules.now().policy, at.settings.clock(), at.fresh_request_id());
}

}  // namespace tse::engine
