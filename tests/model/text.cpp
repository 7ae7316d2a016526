#include "text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tse::model {
namespace {

/// Appends " name=value" for what is there.
class Line {
 public:
  explicit Line(std::string start) : text_(std::move(start)) {}

  Line& add(const char* name, const Text& value) {
    if (value) text_ += fmt::format(" {}={:?}", name, *value);
    return *this;
  }
  Line& add(const char* name, std::int64_t value, std::int64_t otherwise) {
    if (value != otherwise) text_ += fmt::format(" {}={}", name, value);
    return *this;
  }
  Line& add(const char* name, const std::optional<Back>& back) {
    if (back) text_ += fmt::format(" {}=-{}", name, *back);
    return *this;
  }
  Line& add(const char* name, const std::vector<std::string>& values) {
    if (!values.empty()) text_ += fmt::format(" {}=[{}]", name, fmt::join(values, ", "));
    return *this;
  }
  Line& flag(const char* name, bool set) {
    if (set) text_ += fmt::format(" {}", name);
    return *this;
  }
  Line& add(const Key& key) {
    text_ += fmt::format(" {}/{}", key.zone, key.id);
    return *this;
  }
  Line& add(const Target& target) { return target.lease ? add("lease", target.lease) : add(target.key); }
  Line& add(const Fields& fields) {
    return add("install_id", fields.install_id)
        .add("package_id", fields.package_id)
        .add("package_slug", fields.package_slug)
        .add("package_version", fields.package_version, none)
        .add("links", fields.links)
        .add("warnings", fields.warnings);
  }
  Line& add(const Update& update) {
    return add(update.fields).add("error_message", update.error_message).add("error_detail", update.error_detail);
  }
  Line& add(const Call& call) { return add("request_id", call.request_id).add("actor", call.actor); }

  operator std::string() const { return text_; }  // NOLINT(google-explicit-constructor)

 private:
  std::string text_;
};

struct Describe {
  std::string operator()(const Create& it) const {
    return Line("create")
        .add(it.spec.key)
        .add("operation", it.spec.operation)
        .add("max_attempts", it.spec.max_attempts, 1)
        .add("not_before", it.spec.not_before, none)
        .add("start_within_us", it.spec.start_within, none)
        .add("idempotency_key", it.spec.idempotency_key)
        .add("retry_of", it.spec.retry_of)
        .add("payload", it.spec.payload)
        .add(it.spec.fields)
        .add(it.call);
  }
  std::string operator()(const Start& it) const { return Line("start").add(it.key).add(it.call); }
  std::string operator()(const Annotate& it) const {
    return Line("annotate").add(it.target).add(it.update).add(it.call);
  }
  std::string operator()(const Complete& it) const {
    return Line("complete").add(it.target).add(it.update).add(it.call);
  }
  std::string operator()(const Fail& it) const { return Line("fail").add(it.target).add(it.update).add(it.call); }
  std::string operator()(const StartLeased& it) const {
    return Line("start_leased").add(it.key).add("worker", it.worker).add("lease_us", it.duration, none).add(it.call);
  }
  std::string operator()(const Cancel& it) const {
    return Line("cancel").add(it.key).flag("force", it.force).add("reason", it.reason).add(it.call);
  }
  std::string operator()(const Claim& it) const {
    return Line("claim")
        .add("zones", it.spec.zones)
        .add("operations", it.spec.operations)
        .add("worker", it.spec.worker)
        .add("lease_us", it.spec.lease, none)
        .add("limit", it.spec.limit, 1)
        .add(it.call);
  }
  std::string operator()(const Heartbeat& it) const {
    return Line("heartbeat")
        .add("lease", std::optional(it.lease))
        .add("lease_us", it.duration, none)
        .add("progress", it.progress);
  }
  std::string operator()(const Release& it) const {
    return Line("release").add("lease", std::optional(it.lease)).add("delay_us", it.delay, 0);
  }
  std::string operator()(const Tick&) const { return "tick"; }
  std::string operator()(const Advance& it) const { return Line("advance").add("us", it.by, none); }
  std::string operator()(const Get& it) const { return Line("get").add(it.key).flag("payload", it.payload); }
  std::string operator()(const History& it) const { return Line("history").add(it.key); }
  std::string operator()(const List& it) const {
    return Line("list")
        .add("zone", it.filter.zone)
        .add("statuses", it.filter.statuses, 0)
        .add("operation", it.filter.operation)
        .add("install_id", it.filter.install_id)
        .add("package_id", it.filter.package_id)
        .add("created_from", it.filter.created_from, none)
        .add("created_until", it.filter.created_until, none)
        .add("limit", static_cast<std::int64_t>(it.limit), 50)
        .add("after", it.after)
        .add("before", it.before)
        .flag("with_total", it.with_total);
  }
  std::string operator()(const ReadChanges& it) const {
    return Line("changes")
        .add("zone", it.zone)
        .add("after", it.after)
        .flag("latest", (it.flags & TSE_CHANGES_LATEST) != 0)
        .flag("allow_gap", (it.flags & TSE_CHANGES_ALLOW_GAP) != 0)
        .add("limit", static_cast<std::int64_t>(it.limit), 100);
  }
  std::string operator()(const Decide& it) const {
    return Line("decide")
        .add(it.key)
        .flag("HEAD", it.request.head)
        .add("tag", it.tag)
        .flag("weak", it.weak)
        .add("if_none_match", it.request.if_none_match)
        .add("client_request_id", it.request.client_request_id)
        .add("path", it.request.path)
        .add("completed", it.request.completed, TSE_COMPLETED_DEFAULT);
  }
  std::string operator()(const Purge& it) const {
    return Line("purge").add("zone", it.zone).add("older_than_us", it.older_than, none).add("limit", it.limit, 0);
  }
  std::string operator()(const Erase& it) const { return Line("erase").add(it.key); }
  std::string operator()(const Count& it) const { return Line("stats").add("zone", it.zone); }
  std::string operator()(const Verify&) const { return "verify"; }
  std::string operator()(const Reopen&) const { return "close and open"; }
  std::string operator()(const Checkpoint&) const { return "checkpoint"; }
  std::string operator()(const Restore&) const { return "back up and go on with the copy"; }
  std::string operator()(const Batch& it) const { return fmt::format("batch of up to {}", it.most); }
};

}  // namespace

std::string text_of(const Setup& setup) {
  const Options& options = setup.options;
  return Line(setup.in_memory ? "in memory" : "in a file")
      .add("engines", static_cast<std::int64_t>(setup.engines), 1)
      .add("pending_limit", options.pending_limit, 0)
      .add("running_limit", options.running_limit, 0)
      .add("idempotency_retention", options.idempotency_retention, day)
      .add("retention", options.retention, 0)
      .add("tombstones", options.tombstones, 0)
      .add("feed_retention", options.feed_retention, 7 * day)
      .flag("adopt_request_id", options.adopt_request_id)
      .flag("completed_ok", options.completed == TSE_COMPLETED_OK);
}

std::string text_of(const Action& action) { return std::visit(Describe(), action); }

std::string text_of(const Operation& operation) {
  return text_of(operation.action) + (operation.engine == 0 ? "" : "  (by the second engine)");
}

std::string text_of(const Task& task, Names& names) {
  return Line(fmt::format("{} {}", task.key.zone, task.json()))
      .add("created_at", task.created_at, none)
      .add("updated_at", task.updated_at, none)
      .add("revision", task.revision, none)
      .add("error_detail", task.error_detail)
      .add("failure_kind", task.failure_kind)
      .add("client_request_id", task.client_request_id)
      .add("payload", task.payload)
      .add("worker", task.worker)
      .add("epoch", names.of_epoch(task.epoch))
      .add("attempt", task.attempt, none)
      .add("max_attempts", task.max_attempts, none)
      .add("not_before", task.not_before, none)
      .add("start_by", task.start_by, none)
      .flag("cancel_requested", task.cancel_requested)
      .flag("replayed", task.replayed);
}

std::string text_of(const Event& event, Names& names) {
  return Line(fmt::format("#{} {}/{} {} {}->{}", event.sequence, event.key.zone, event.key.id, event.kind, event.from,
                          event.to))
      .add("at", event.at, none)
      .add("revision", event.revision, none)
      .add("attempt", event.attempt, none)
      .add("worker", event.worker)
      .add("epoch", names.of_epoch(event.epoch))
      .add("request_id", event.request_id)
      .add("message", event.message)
      .add("detail", event.detail);
}

std::string text_of(const Answer& answer, Names& names) {
  std::string text = std::to_string(answer.status);
  for (const auto& [name, value] : answer.headers)
    text += fmt::format(" {}: {};", name, name == "ETag" ? "tag " + names.of("tag " + value) : value);
  return text + (answer.body ? " " + *answer.body : "");
}

std::string text_of_refusal(std::int32_t code, const std::string& field) {
  return fmt::format("{} {}", tse_code_name(code), field);
}

}  // namespace tse::model
