#include "core/apply.hpp"

#include "core/additions.hpp"
#include "core/codec.hpp"
#include "core/digest.hpp"
#include "core/lease.hpp"
#include "core/range.hpp"
#include "core/time.hpp"
#include "core/validate.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace tse::core {

namespace {

using Result = std::variant<Steps, Unchanged, Error>;

// What the client reads when no worker and no host said anything; names and times are kept as detail.
constexpr std::string_view worker_stopped = "The worker stopped before the task was finished.";
constexpr std::string_view task_cancelled = "The task was cancelled.";
constexpr std::string_view not_started = "The task was not started in time.";

constexpr std::string_view progress_rel = "progress";
constexpr std::int64_t progress_interval = contract::pace::progress;

// ---- Repetition

/// How a task ends by a complete or a fail.
struct Outcome {
  Status status;
  std::string_view event;
  const Additions& additions;
  const Fail* failure;
  const std::optional<StoredResult>& result;
};

/// Of all that a complete or fail says: the very same call gives the very same digest.
std::string digest_of(const Outcome& outcome) {
  constexpr std::int64_t version = 1;
  Digest digest(version);
  const Additions& additions = outcome.additions;
  digest.text(outcome.event);
  digest.optional_text(additions.install_id);
  digest.optional_text(additions.package_id);
  digest.optional_text(additions.package_slug);
  digest.optional_number(additions.package_version);
  // Lists that render alike are the same to the wire.
  digest.text(render(additions.links));
  digest.text(render(additions.warnings));
  if (outcome.failure != nullptr) {
    digest.text(outcome.failure->error_message);
    digest.optional_text(outcome.failure->error_detail);
  }
  if (outcome.result) {
    digest.text(outcome.result->media_type);
    digest.text(outcome.result->bytes);
  }
  return digest.value();
}

// ---- Input

std::vector<Detail> check_progress(const Link& progress) {
  std::vector<Detail> details;
  check_links(details, {progress});
  for (Detail& detail : details) detail.field.replace(0, std::string_view("links[0]").size(), "progress");
  if (progress.rel != progress_rel)
    details.push_back({"progress.rel", "must be \"progress\", has " + std::to_string(progress.rel.size()) + " bytes"});
  return details;
}

/// Puts the link in the place of the one with its rel. Whether that changed anything.
bool replace_link(std::vector<Link>& links, const Link& link) {
  const auto old = std::find_if(links.begin(), links.end(), [&](const Link& each) { return each.rel == link.rel; });
  if (old == links.end()) {
    links.push_back(link);
    return true;
  }
  if (*old == link) return false;
  *old = link;
  return true;
}

// ---- Refusals

Error illegal(const Task& task, const std::string& what) {
  std::string message = what + "; ";
  if (task.status == Status::running) {
    // Annotating moves updated_at, so it does not tell when the run began.
    message += "running, last changed at " + format_time(task.updated_at);
  } else {
    const bool born_so = task.status == Status::pending;
    message +=
        std::string(to_string(task.status)) + " since " + format_time(born_so ? task.created_at : task.updated_at);
  }
  return {Code::illegal_transition, std::move(message)};
}

Error illegal_move(const Task& task, Status to) {
  return illegal(
      task, std::string(to_string(task.status)) + " -> " + std::string(to_string(to)) + " is not a legal transition");
}

Error illegal_act(const Task& task, std::string_view act) {
  return illegal(task, "a " + std::string(to_string(task.status)) + " task cannot be " + std::string(act));
}

/// Whether the lease is the one that the task is held under, or was ended under by an outcome of its holder.
bool is_current(const Row& row, std::int64_t epoch) {
  if (epoch <= 0 || row.epoch != epoch) return false;  // 0: never leased
  return taskstate::is_terminal(row.task.status) ? row.outcome_digest.has_value() : row.lease_until.has_value();
}

Error lease_lost(std::string message) { return {Code::lease_lost, std::move(message)}; }

/// What is asked under a lease must be asked under the current one, whatever else is wrong with it.
std::optional<Error> refuse_outdated(const Row& row, const Context& context) {
  if (!context.epoch || is_current(row, *context.epoch)) return std::nullopt;
  return lease_lost("the lease with epoch " + std::to_string(*context.epoch) + " has ended");
}

// ---- Steps

/// The row as the next step finds it, about to be changed.
Row step(const Row& row, std::string_view event, const Context& context) {
  Row next = row;
  next.note = {};
  next.note.kind = event;
  next.note.worker = context.actor ? context.actor : row.worker;
  next.note.request_id = context.request_id;
  next.note.traceparent = context.traceparent;
  next.task.updated_at = std::max(std::clamp(context.now, min_time, max_time), row.task.updated_at);
  ++next.revision;
  ++next.version;
  return next;
}

Result seal(Row next) {
  next.body = render(next.task);
  const std::size_t room = taskstate::is_terminal(next.task.status) ? 0 : room_to_fail;
  std::vector<Detail> details = validate(next, room);
  if (!details.empty()) return invalid(std::move(details));
  Steps steps;
  steps.push_back(std::move(next));
  return steps;
}

void drop_lease(Row& row) {
  row.lease_until.reset();
  row.lease_clock.reset();
  row.lease_duration.reset();
  row.worker.reset();
}

/// The state that the next row ends began then.
void note_duration(Row& next, std::int64_t since) {
  next.note.took = std::max(next.task.updated_at - since, std::int64_t{0});
}

void note_end(Row& next) {
  if (next.started_at) note_duration(next, *next.started_at);
}

void fail_with(Row& next, FailureKind kind, std::string message, Text detail) {
  next.task.status = Status::failed;
  next.failure_kind = kind;
  note_end(next);
  next.note.message = message;
  next.note.detail = detail;
  next.task.error_message = std::move(message);
  next.error_detail = std::move(detail);
  next.not_before.reset();
  drop_lease(next);
}

/// No move leads from pending to failed, so a pending task that ends passes through running.
Result fail_pending(const Row& row, std::string_view event, FailureKind kind, std::string message,
                    const Context& context) {
  Row running = step(row, event, context);
  running.task.status = Status::running;
  running.not_before.reset();
  running.body = render(running.task);
  Row failed = step(running, event, context);
  fail_with(failed, kind, std::move(message), std::nullopt);
  Result last = seal(std::move(failed));
  if (auto* steps = std::get_if<Steps>(&last)) steps->insert(steps->begin(), std::move(running));
  return last;
}

std::string attempt_detail(const Row& row) {
  std::string text = "attempt " + std::to_string(row.attempt) + " of " + std::to_string(row.max_attempts) + ", epoch " +
                     std::to_string(row.epoch);
  if (row.worker) text += ", worker " + *row.worker;
  return text;
}

/// The holder is gone, by its own will or not: another attempt, or the end.
Result without_holder(const Row& row, std::string_view event, const std::optional<std::int64_t>& not_before,
                      const Context& context) {
  Row next = step(row, event, context);
  const std::string detail = attempt_detail(row);
  if (row.cancel_requested) {
    fail_with(next, FailureKind::cancelled, std::string(task_cancelled), detail);
  } else if (row.attempt >= row.max_attempts) {
    fail_with(next, FailureKind::lost, std::string(worker_stopped), detail);
  } else {
    next.note.detail = detail;
    next.not_before = not_before;
    drop_lease(next);
  }
  return seal(std::move(next));
}

/// One function for each intent.
class Application {
 public:
  Application(const Row& row, const Context& context) : row_(row), task_(row.task), context_(context) {}

  Result operator()(const Start& start) const {
    const bool again = start.grant && is_offered_again(row_);
    if (!again && !taskstate::can_transition(task_.status, Status::running))
      return illegal_move(task_, Status::running);
    Row next = step(row_, "started", context_);
    if (!again) note_duration(next, std::max(task_.created_at, row_.not_before.value_or(task_.created_at)));
    next.task.status = Status::running;
    ++next.attempt;
    next.started_at = next.task.updated_at;
    next.not_before.reset();
    if (start.grant) {
      next.epoch = start.grant->epoch;
      next.lease_until = start.grant->until;
      next.lease_clock = start.grant->clock;
      if (start.grant->duration > 0) next.lease_duration = start.grant->duration;
      next.worker = start.grant->worker;
      if (!next.note.worker) next.note.worker = start.grant->worker;
    }
    return seal(std::move(next));
  }

  Result operator()(const Annotate& annotate) const {
    std::vector<Detail> details;
    check_additions(details, annotate.additions);
    const bool legal = !taskstate::is_terminal(task_.status);
    if (legal) check_write_once(details, task_, annotate.additions);
    if (!details.empty()) return invalid(std::move(details));
    if (!legal) return illegal_act(task_, "annotated");
    Row next = step(row_, "annotated", context_);
    if (!merge(next.task, annotate.additions)) return Unchanged{};
    return seal(std::move(next));
  }

  Result operator()(const Complete& complete) const {
    return end({Status::completed, "completed", complete.additions, nullptr, complete.result});
  }

  Result operator()(const Fail& fail) const { return end({Status::failed, "failed", fail.additions, &fail, {}}); }

  Result operator()(const Heartbeat& heartbeat) const {
    if (auto refused = refuse_without_lease()) return *refused;
    if (heartbeat.progress) {
      std::vector<Detail> details = check_progress(*heartbeat.progress);
      if (!details.empty()) return invalid(std::move(details));
    }
    Row next = step(row_, progress_rel, context_);
    const bool shown = heartbeat.progress && !is_too_soon() && replace_link(next.task.links, *heartbeat.progress);
    if (shown) {
      next.progress_at = next.task.updated_at;
    } else {
      next = row_;
      ++next.version;
    }
    next.lease_until = heartbeat.until;
    next.lease_clock = heartbeat.clock;
    if (!shown) return Steps{std::move(next)};
    return seal(std::move(next));
  }

  Result operator()(const Release& release) const {
    if (auto refused = refuse_without_lease()) return *refused;
    return without_holder(row_, "released", release.not_before, context_);
  }

  Result operator()(const Cancel& cancel) const {
    if (cancel.reason) {
      std::vector<Detail> details;
      check_message(details, "reason", *cancel.reason, 1);
      if (!details.empty()) return invalid(std::move(details));
    }
    if (row_.failure_kind == FailureKind::cancelled) return Unchanged{};
    if (taskstate::is_terminal(task_.status)) return illegal_act(task_, "cancelled");
    std::string message = cancel.reason.value_or(std::string(task_cancelled));
    if (task_.status == Status::pending)
      return fail_pending(row_, "cancelled", FailureKind::cancelled, std::move(message), context_);
    if (cancel.force || !is_held()) {
      Row next = step(row_, "cancelled", context_);
      fail_with(next, FailureKind::cancelled, std::move(message), attempt_detail(row_));
      return seal(std::move(next));
    }
    if (row_.cancel_requested) return Unchanged{};
    Row next = step(row_, "cancel_requested", context_);
    next.cancel_requested = true;
    next.note.message = cancel.reason;
    return seal(std::move(next));
  }

  Result operator()(const Reprioritize& wanted) const {
    std::vector<Detail> details;
    check_range(details, wanted.priority, limit::priority);
    if (!details.empty()) return invalid(std::move(details));
    if (taskstate::is_terminal(task_.status)) return illegal_act(task_, "reprioritized");
    if (is_held())
      return illegal(task_, "a task that somebody holds cannot be reprioritized: release or cancel it first");
    if (wanted.priority == row_.priority) return Unchanged{};
    Row next = step(row_, contract::event::reprioritized, context_);
    next.priority = wanted.priority;
    next.note.detail = std::to_string(row_.priority) + " \u2192 " + std::to_string(wanted.priority);
    return seal(std::move(next));
  }

  Result operator()(const EndLease& ended) const {
    const bool over = row_.lease_until && row_.lease_clock == ended.clock && *row_.lease_until <= ended.until;
    if (!over) return Unchanged{};
    return without_holder(row_, "lost", std::nullopt, context_);
  }

  Result operator()(const ExpireStart&) const {
    if (task_.status != Status::pending || !row_.start_by || *row_.start_by > context_.now) return Unchanged{};
    return fail_pending(row_, "expired", FailureKind::expired, std::string(not_started), context_);
  }

  Result operator()(const Ripen&) const {
    if (taskstate::is_terminal(task_.status) || !row_.not_before || *row_.not_before > context_.now) return Unchanged{};
    Steps steps{row_};
    steps.back().not_before.reset();
    ++steps.back().version;
    return steps;
  }

 private:
  Result end(const Outcome& outcome) const {
    // Only its holder ends a task that was started under a lease.
    if (!context_.epoch && task_.status == Status::running && row_.epoch > 0)
      return lease_lost("the task was started under a lease, and only its holder can end it");
    std::vector<Detail> details;
    if (outcome.failure != nullptr) {
      check_message(details, "error_message", outcome.failure->error_message, 1);
      if (outcome.failure->error_detail) check_message(details, "error_detail", *outcome.failure->error_detail, 0);
    }
    check_additions(details, outcome.additions);
    if (outcome.result) check_result(details, *outcome.result);
    const bool legal = taskstate::can_transition(task_.status, outcome.status);
    if (legal) check_write_once(details, task_, outcome.additions);
    if (!details.empty()) return invalid(std::move(details));
    if (!legal) {
      if (is_repetition(outcome)) return Unchanged{};
      return illegal_move(task_, outcome.status);
    }
    Row next = step(row_, outcome.event, context_);
    merge(next.task, outcome.additions);
    if (outcome.failure != nullptr) {
      // Having been asked to stop, a worker that fails has stopped.
      const FailureKind kind = row_.cancel_requested ? FailureKind::cancelled : FailureKind::failed;
      fail_with(next, kind, outcome.failure->error_message, outcome.failure->error_detail);
    } else {
      next.task.status = Status::completed;
      if (outcome.result) next.result_media_type = outcome.result->media_type;
      note_end(next);
      drop_lease(next);
    }
    next.outcome_digest = digest_of(outcome);
    return seal(std::move(next));
  }

  [[nodiscard]] bool is_repetition(const Outcome& outcome) const {
    return task_.status == outcome.status && row_.outcome_digest && *row_.outcome_digest == digest_of(outcome);
  }

  /// A lease that ended with an outcome is current for its repetition alone.
  [[nodiscard]] std::optional<Error> refuse_without_lease() const {
    if (context_.epoch && task_.status == Status::running) return std::nullopt;
    return lease_lost("the lease ended with the task's outcome");
  }

  /// Whether it runs in somebody's hands: under a lease, or without one in the host's own.
  [[nodiscard]] bool is_held() const {
    return task_.status == Status::running && (row_.epoch == 0 || row_.lease_until);
  }

  /// Progress came less than a second ago. A clock that was set back is not waited for.
  [[nodiscard]] bool is_too_soon() const {
    if (!row_.progress_at) return false;
    const std::int64_t since = context_.now - *row_.progress_at;
    return since >= 0 && since < progress_interval;
  }

  const Row& row_;
  const Task& task_;
  const Context& context_;
};

}  // namespace

Error missing_task(const Context& context) {
  if (context.epoch) return lease_lost("the task of the lease is gone");
  return {Code::not_found, "no such task in this zone"};
}

std::variant<Steps, Unchanged, Error> apply(const Row& row, const Intent& intent, const Context& context) {
  if (auto outdated = refuse_outdated(row, context)) return std::move(*outdated);
  auto result = std::visit(Application(row, context), intent);
  const Error* const refused = std::get_if<Error>(&result);
  if (refused == nullptr || refused->code != Code::invalid_argument) return result;
  // A rule that the row broke before is not the caller's to keep.
  const std::vector<Detail> broken = validate(row);
  if (broken.empty()) return result;
  return Error{Code::corrupt, "the stored task breaks a rule: " + broken[0].field + " " + broken[0].message, {}};
}

}  // namespace tse::core
