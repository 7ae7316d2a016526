#include "core/apply.hpp"

#include "core/codec.hpp"
#include "core/hash.hpp"
#include "core/time.hpp"
#include "core/validate.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace tse::core {

namespace {

/// What an intent comes to, whichever it is.
struct Plan {
  std::string_view event;
  std::optional<Status> to;  ///< none: the status stays
  const Additions* additions = nullptr;
  const Fail* failure = nullptr;
};

Plan plan_of(const Intent& intent) {
  struct Visitor {
    Plan operator()(const Start&) const { return {"started", Status::running, nullptr, nullptr}; }
    Plan operator()(const Annotate& it) const { return {"annotated", std::nullopt, &it.additions, nullptr}; }
    Plan operator()(const Complete& it) const { return {"completed", Status::completed, &it.additions, nullptr}; }
    Plan operator()(const Fail& it) const { return {"failed", Status::failed, &it.additions, &it}; }
  };
  return std::visit(Visitor{}, intent);
}

/// Hashes values so that no two different sequences of them look alike: each is preceded by its length.
class Digest {
 public:
  void text(std::string_view value) {
    state_ = fnv1a64(std::to_string(value.size()), state_);
    state_ = fnv1a64(":", state_);
    state_ = fnv1a64(value, state_);
  }
  void optional_text(const Text& value) {
    text(value ? "some" : "none");
    if (value) text(*value);
  }
  [[nodiscard]] std::int64_t value() const noexcept { return static_cast<std::int64_t>(state_); }

 private:
  std::uint64_t state_ = fnv_offset;
};

/// Of all that a complete or fail says: the very same call gives the very same digest.
std::int64_t digest_of(const Plan& plan) {
  Digest digest;
  const Additions& additions = *plan.additions;
  digest.text(plan.event);
  digest.optional_text(additions.install_id);
  digest.optional_text(additions.package_id);
  digest.optional_text(additions.package_slug);
  digest.optional_text(additions.package_version ? Text(std::to_string(*additions.package_version)) : Text{});
  // Lists that render alike are the same to the wire.
  digest.text(render(additions.links));
  digest.text(render(additions.warnings));
  if (plan.failure != nullptr) {
    digest.text(plan.failure->error_message);
    digest.optional_text(plan.failure->error_detail);
  }
  return digest.value();
}

std::vector<Detail> check_input(const Plan& plan) {
  std::vector<Detail> details;
  if (plan.failure != nullptr) {
    check_message(details, "error_message", plan.failure->error_message, 1);
    if (plan.failure->error_detail) check_message(details, "error_detail", *plan.failure->error_detail, 0);
  }
  if (plan.additions == nullptr) return details;
  const Additions& additions = *plan.additions;
  if (additions.install_id) check_install_id(details, "install_id", *additions.install_id);
  check_links(details, additions.links);
  if (additions.package_id) check_name(details, "package_id", *additions.package_id);
  if (additions.package_slug) check_name(details, "package_slug", *additions.package_slug);
  if (additions.package_version) check_version(details, "package_version", *additions.package_version);
  check_warnings(details, additions.warnings);
  return details;
}

void check_write_once(std::vector<Detail>& details, const Task& task, const Additions& additions) {
  const auto check = [&details](std::string_view field, const Text& now, const Text& wanted) {
    if (now && wanted && *now != *wanted) details.push_back({std::string(field), "write-once, already set"});
  };
  check("install_id", task.install_id, additions.install_id);
  check("package_id", task.package_id, additions.package_id);
  check("package_slug", task.package_slug, additions.package_slug);
}

/// Each of these says whether it changed anything.
template <typename Value>
bool set(std::optional<Value>& field, const std::optional<Value>& value) {
  if (!value || field == value) return false;
  field = value;
  return true;
}

template <typename Item>
bool append_new(std::vector<Item>& list, const std::vector<Item>& items) {
  const std::size_t before = list.size();
  for (const Item& item : items)
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
  return list.size() != before;
}

bool merge(Task& task, const Additions& additions) {
  bool changed = set(task.install_id, additions.install_id);
  changed |= set(task.package_id, additions.package_id);
  changed |= set(task.package_slug, additions.package_slug);
  changed |= set(task.package_version, additions.package_version);
  changed |= append_new(task.links, additions.links);
  changed |= append_new(task.warnings, additions.warnings);
  return changed;
}

bool is_legal(Status from, const Plan& plan) {
  return plan.to ? taskstate::can_transition(from, *plan.to) : !taskstate::is_terminal(from);
}

bool is_repetition(const Row& row, const Plan& plan) {
  return taskstate::is_terminal(row.task.status) && plan.to == row.task.status && row.outcome_digest &&
         *row.outcome_digest == digest_of(plan);
}

Error illegal(const Task& task, const Plan& plan) {
  const std::string from(to_string(task.status));
  std::string message = plan.to ? from + " -> " + std::string(to_string(*plan.to)) + " is not a legal transition; "
                                : "a " + from + " task cannot be annotated; ";
  if (task.status == Status::running) {
    // Annotating moves updated_at, so it does not tell when the run began.
    message += "running, last changed at " + format_time(task.updated_at);
  } else {
    const bool born_so = task.status == Status::pending;
    message += from + " since " + format_time(born_so ? task.created_at : task.updated_at);
  }
  return {Code::illegal_transition, std::move(message)};
}

std::int64_t spellable(std::int64_t now) { return std::clamp(now, min_time, max_time); }

EventNote note_of(std::string_view event, const Context& context) {
  EventNote note;
  note.kind = event;
  note.worker = context.actor;
  note.request_id = context.request_id;
  note.traceparent = context.traceparent;
  return note;
}

void move_to(Row& row, const Plan& plan) {
  row.task.status = *plan.to;
  if (*plan.to == Status::running) {
    ++row.attempt;
    return;
  }
  row.outcome_digest = digest_of(plan);
  if (plan.failure == nullptr) return;
  row.task.error_message = plan.failure->error_message;
  row.error_detail = plan.failure->error_detail;
  row.failure_kind = FailureKind::failed;
  row.note.message = plan.failure->error_message;
  row.note.detail = plan.failure->error_detail;
}

}  // namespace

std::variant<Row, Error> create(const NewTask& spec, std::span<const std::string> operations, const Context& context) {
  Row row;
  Task& task = row.task;
  task.zone_id = spec.zone_id;
  task.id = spec.id;
  task.created_at = task.updated_at = spellable(context.now);
  task.operation = spec.operation;
  task.install_id = spec.install_id;
  task.links = spec.links;
  task.package_id = spec.package_id;
  task.package_slug = spec.package_slug;
  task.package_version = spec.package_version;
  task.warnings = spec.warnings;
  row.revision = row.version = 1;
  row.client_request_id = context.request_id;
  row.traceparent = context.traceparent;
  row.note = note_of("created", context);
  row.body = render(task);

  std::vector<Detail> details;
  if (spec.zone_id.empty()) check_id(details, "zone_id", spec.zone_id);
  if (is_operation(spec.operation)) check_operation(details, spec.operation, operations);
  const std::vector<Detail> broken = validate(task, row.body);
  details.insert(details.end(), broken.begin(), broken.end());
  if (spec.payload) check_payload(details, spec.payload->size());
  if (!details.empty()) return invalid(std::move(details));
  return row;
}

std::variant<Row, Unchanged, Error> apply(const Row& row, const Intent& intent, const Context& context) {
  const Plan plan = plan_of(intent);
  std::vector<Detail> details = check_input(plan);
  const bool legal = is_legal(row.task.status, plan);
  if (legal && plan.additions != nullptr) check_write_once(details, row.task, *plan.additions);
  if (!details.empty()) return invalid(std::move(details));
  if (!legal) {
    if (is_repetition(row, plan)) return Unchanged{};
    return illegal(row.task, plan);
  }

  Row next = row;
  const bool added = plan.additions != nullptr && merge(next.task, *plan.additions);
  if (!plan.to && !added) return Unchanged{};
  next.note = note_of(plan.event, context);
  if (plan.to) move_to(next, plan);
  next.task.updated_at = std::max(spellable(context.now), row.task.updated_at);
  ++next.revision;
  ++next.version;
  next.body = render(next.task);
  details = validate(next.task, next.body);
  if (!details.empty()) return invalid(std::move(details));
  return next;
}

}  // namespace tse::core
