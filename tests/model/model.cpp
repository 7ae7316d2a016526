#include "model.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>

namespace tse::model {
namespace {

constexpr std::size_t most_links = 64;
constexpr std::size_t longest_text = 512;
constexpr std::size_t longest_message = 16384;
const char* const who_it_was = "attempt";  // how the detail begins of a worker that is gone; the rest is free

// ---- The rules of the fields

bool is_plain(const Text& text) {
  return !text || (!text->empty() && text->size() <= longest_text &&
                   std::none_of(text->begin(), text->end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }));
}

bool is_message(const Text& text) {
  return !text || (!text->empty() && text->size() <= longest_message && text->find('\0') == std::string::npos);
}

bool is_uuid(const std::string& text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

/// The value of a member of a link as the wire shows it.
std::string member(const std::string& link, const std::string& name) {
  const std::size_t at = link.find("\"" + name + "\":\"");
  if (at == std::string::npos) return {};
  const std::size_t from = at + name.size() + 4;
  return link.substr(from, link.find('"', from) - from);
}

bool is_link(const std::string& link) {
  const std::string href = member(link, "href");
  if (href.find(' ') != std::string::npos) return false;
  return href.starts_with("/") || (href.starts_with("#") && member(link, "rel") != "result");
}

const std::string* result_link(const Fields& fields) {
  for (const std::string& link : fields.links)
    if (member(link, "rel") == "result") return &link;
  return nullptr;
}

/// The first field that breaks its rule, or nothing.
std::string fault_in(const Fields& fields) {
  if (!is_plain(fields.install_id) || fields.install_id == "." || fields.install_id == "..") return "install_id";
  const auto is_result = [](const std::string& link) { return member(link, "rel") == "result"; };
  if (std::count_if(fields.links.begin(), fields.links.end(), is_result) > 1) return "links";
  for (std::size_t i = 0; i < fields.links.size(); ++i)
    if (!is_link(fields.links[i])) return fmt::format("links[{}].href", i);
  if (!is_plain(fields.package_id)) return "package_id";
  if (!is_plain(fields.package_slug)) return "package_slug";
  if (fields.package_version != none && (fields.package_version < 0 || fields.package_version > (1LL << 53) - 1))
    return "package_version";
  return {};
}

std::string fault_in(const NewTask& spec) {
  if (spec.operation != "create" && spec.operation != "delete") return "operation";
  if (!is_id(spec.key.zone)) return "zone_id";
  if (!spec.key.id.empty() && !is_id(spec.key.id)) return "id";
  if (const std::string fault = fault_in(spec.fields); !fault.empty()) return fault;
  if (spec.operation == "delete" && !spec.fields.install_id) return "install_id";
  if (spec.start_within != none && (spec.start_within < millisecond || spec.start_within > 3653 * day))
    return "start_within_us";
  if (spec.max_attempts < 1 || spec.max_attempts > 1000) return "max_attempts";
  if (!is_plain(spec.idempotency_key)) return "idempotency_key";
  if (spec.retry_of && !is_id(*spec.retry_of)) return "retry_of";
  return {};
}

std::string fault_in(const Update& update) {
  if (!is_message(update.error_message)) return "error_message";
  return fault_in(update.fields);
}

/// What no task in the world could take: judged before it is looked for.
std::string misplaced_in(const Update& update, bool failing) {
  if (update.error_message && !failing) return "error_message";
  return update.error_detail && !failing ? "error_detail" : "";
}

Result refused(std::int32_t code, std::string field = {}) { return {code, std::move(field)}; }
Result done(const Task& task) { return {TSE_OK, {}, task}; }

/// Everything that makes two creations the same.
std::string content_of(const NewTask& spec) {
  const Fields& fields = spec.fields;
  const auto shown = [](const Text& text) { return text ? "=" + *text : std::string("-"); };
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", spec.operation, shown(fields.install_id),
                     shown(fields.package_id), shown(fields.package_slug), fields.package_version,
                     fmt::join(fields.links, ","), fmt::join(fields.warnings, ","), shown(spec.payload),
                     spec.start_within, spec.max_attempts, shown(spec.retry_of));
}

std::string rfc3339(Us at) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::microseconds(at))};
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(whole)),
                     (time - whole).count());
}

}  // namespace

bool is_id(const std::string& text) {
  const auto allowed = [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_' || c == '~');
  };
  return !text.empty() && text.size() <= 128 && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), allowed);
}

std::string Task::json() const {
  static const char* const statuses[] = {"pending", "running", "completed", "failed"};
  std::string out = fmt::format(R"({{"id":"{}","created_at":"{}","operation":"{}","status":"{}","updated_at":"{}")",
                                key.id, rfc3339(created_at), operation, statuses[status], rfc3339(updated_at));
  const auto add = [&out](const char* name, const Text& text) {
    if (text) out += fmt::format(R"(,"{}":"{}")", name, *text);
  };
  add("error_message", error_message);
  add("install_id", fields.install_id);
  if (!fields.links.empty()) out += fmt::format(R"(,"links":[{}])", fmt::join(fields.links, ","));
  add("package_id", fields.package_id);
  add("package_slug", fields.package_slug);
  if (fields.package_version != none) out += fmt::format(R"(,"package_version":{})", fields.package_version);
  if (!fields.warnings.empty()) out += fmt::format(R"(,"warnings":[{}])", fmt::join(fields.warnings, ","));
  return out + "}";
}

// ---- Small steps

Task* Model::find(const Key& key) {
  const auto found = tasks_.find(key);
  return found == tasks_.end() ? nullptr : &found->second;
}

/// The task whose latest lease this is.
Task* Model::find(const Lease& lease) {
  Task* task = find(lease.key);
  return task != nullptr && task->epoch == lease.epoch && lease.generation == generation_ ? task : nullptr;
}

void Model::record(Task& task, const std::string& kind, int to, const Call& call, const Text& message,
                   const Text& detail) {
  Event event;
  event.sequence = ++sequence_;
  event.key = task.key;
  event.kind = kind;
  event.from = task.revision == 0 ? -1 : task.status;
  event.to = to;
  task.status = to;
  task.updated_at = std::max(task.updated_at, now);
  event.at = task.updated_at;
  task.progress_at = kind == "progress" ? task.updated_at : none;
  event.revision = ++task.revision;
  event.attempt = task.attempt;
  event.worker = call.actor ? call.actor : task.worker;
  event.epoch = task.epoch;
  event.request_id = call.request_id;
  event.message = message;
  event.detail = detail;
  feed_.push_back(std::move(event));
}

/// Adds fields to a task; the field that cannot be added, or nothing.
std::string Model::merge(Task& task, const Fields& fields, bool& changed) const {
  Fields& there = task.fields;
  const Fields before = there;
  const auto once = [](Text& text, const Text& given) {
    if (given && text && *text != *given) return false;
    if (given) text = given;
    return true;
  };
  const auto append = [](std::vector<std::string>& to, const std::vector<std::string>& given) {
    for (const std::string& each : given)
      if (std::find(to.begin(), to.end(), each) == to.end()) to.push_back(each);
  };
  if (!once(there.install_id, fields.install_id)) return "install_id";
  if (!once(there.package_id, fields.package_id)) return "package_id";
  if (!once(there.package_slug, fields.package_slug)) return "package_slug";
  if (fields.package_version != none) there.package_version = fields.package_version;
  append(there.links, fields.links);
  append(there.warnings, fields.warnings);
  if (there.links.size() > most_links) return "links";
  if (const std::string fault = fault_in(there); !fault.empty()) return fault;
  changed = there != before;
  return {};
}

bool Model::key_is_kept(const Key& task) const {
  return std::any_of(keys_.begin(), keys_.end(),
                     [&](const auto& each) { return each.second.task == task && each.second.until > now; });
}

bool Model::has_tombstone(const Key& key) const {
  const auto found = tombstones_.find(key);
  return found != tombstones_.end() && found->second > now;
}

std::vector<Task*> Model::oldest_first() {
  std::vector<Task*> all;
  for (auto& [key, task] : tasks_) all.push_back(&task);
  std::sort(all.begin(), all.end(), [](const Task* one, const Task* other) { return one->order < other->order; });
  return all;
}

// ---- Changes by whoever names the task

Result Model::create(const NewTask& spec, const Call& call) {
  if (const std::string fault = fault_in(spec); !fault.empty()) return refused(TSE_INVALID_ARGUMENT, fault);
  Text kept = spec.idempotency_key;
  if (!kept && options_.adopt_request_id && call.request_id && is_uuid(*call.request_id)) kept = call.request_id;
  if (kept) {
    const auto found = keys_.find({spec.key.zone, *kept});
    if (found != keys_.end() && found->second.until > now) {
      if (found->second.content != content_of(spec)) return refused(TSE_IDEMPOTENCY_MISMATCH);
      Task first = tasks_.at(found->second.task);
      first.replayed = true;
      return done(first);
    }
  }
  Task task;
  task.key = {spec.key.zone, spec.key.id.empty() ? next_id : spec.key.id};
  task.fields = spec.fields;
  if (spec.retry_of) {
    const Task* failed = find(Key{spec.key.zone, *spec.retry_of});
    if (failed == nullptr) return refused(TSE_NOT_FOUND);
    if (failed->status != TSE_FAILED) return refused(TSE_ILLEGAL_TRANSITION);
    task.fields.links.push_back(fmt::format(R"({{"href":"/zones/{}/catalog_tasks/{}","rel":"predecessor"}})",
                                            failed->key.zone, failed->key.id));
  }
  if (has_tombstone(task.key)) return refused(TSE_ALREADY_EXISTS);
  if (options_.pending_limit != 0) {
    const auto pending = std::count_if(tasks_.begin(), tasks_.end(), [&](const auto& each) {
      return each.first.zone == spec.key.zone && each.second.status == TSE_PENDING;
    });
    if (pending >= options_.pending_limit) return refused(TSE_LIMIT_EXCEEDED);
  }
  if (find(task.key) != nullptr) return refused(TSE_ALREADY_EXISTS);
  task.operation = spec.operation;
  task.created_at = task.updated_at = now;
  task.client_request_id = call.request_id;
  task.payload = spec.payload;
  task.max_attempts = spec.max_attempts;
  task.not_before = spec.not_before;
  if (spec.start_within != none) task.start_by = std::max(now, spec.not_before) + spec.start_within;
  task.order = ++created_;
  record(task, "created", TSE_PENDING, call);
  if (kept) keys_[{spec.key.zone, *kept}] = {content_of(spec), task.key, now + options_.idempotency_retention};
  tasks_[task.key] = task;
  return done(task);
}

Result Model::start(const Key& key, const Call& call) {
  Task* task = find(key);
  if (task == nullptr) return refused(TSE_NOT_FOUND);
  if (task->status != TSE_PENDING) return refused(TSE_ILLEGAL_TRANSITION);
  ++task->attempt;
  task->not_before = none;
  record(*task, "started", TSE_RUNNING, call);
  return done(*task);
}

Result Model::annotate(const Key& key, const Update& update, const Call& call) {
  if (const std::string fault = misplaced_in(update, false); !fault.empty())
    return refused(TSE_INVALID_ARGUMENT, fault);
  Task* task = find(key);
  return task == nullptr ? refused(TSE_NOT_FOUND) : add(*task, update, call);
}

Result Model::add(Task& task, const Update& update, const Call& call) {
  if (const std::string fault = fault_in(update); !fault.empty()) return refused(TSE_INVALID_ARGUMENT, fault);
  if (task.terminal()) return refused(TSE_ILLEGAL_TRANSITION);
  Task changed = task;
  bool differs = false;
  if (const std::string fault = merge(changed, update.fields, differs); !fault.empty())
    return refused(TSE_INVALID_ARGUMENT, fault);
  if (!differs) return done(task);
  task = changed;
  record(task, "annotated", task.status, call);
  return done(task);
}

Result Model::complete(const Key& key, const Update& update, const Call& call) {
  if (const std::string fault = misplaced_in(update, false); !fault.empty())
    return refused(TSE_INVALID_ARGUMENT, fault);
  Task* task = find(key);
  if (task == nullptr) return refused(TSE_NOT_FOUND);
  if (task->status == TSE_RUNNING && task->epoch != 0) return refused(TSE_LEASE_LOST);
  return finish(*task, TSE_COMPLETED, update, call);
}

Result Model::fail(const Key& key, const Update& update, const Call& call) {
  if (const std::string fault = misplaced_in(update, true); !fault.empty()) return refused(TSE_INVALID_ARGUMENT, fault);
  Task* task = find(key);
  if (task == nullptr) return refused(TSE_NOT_FOUND);
  if (task->status == TSE_RUNNING && task->epoch != 0) return refused(TSE_LEASE_LOST);
  return finish(*task, TSE_FAILED, update, call);
}

/// running -> completed or failed, by whoever may.
Result Model::finish(Task& task, int status, const Update& update, const Call& call) {
  if (status == TSE_FAILED && !update.error_message) return refused(TSE_INVALID_ARGUMENT, "error_message");
  if (const std::string fault = fault_in(update); !fault.empty()) return refused(TSE_INVALID_ARGUMENT, fault);
  if (task.terminal()) return repeat(task, status, update);
  if (task.status != TSE_RUNNING) return refused(TSE_ILLEGAL_TRANSITION);
  Task changed = task;
  bool ignored = false;
  if (const std::string fault = merge(changed, update.fields, ignored); !fault.empty())
    return refused(TSE_INVALID_ARGUMENT, fault);
  if (status == TSE_COMPLETED && !changed.fields.install_id && result_link(changed.fields) == nullptr)
    return refused(TSE_INVALID_ARGUMENT, "install_id");
  task = changed;
  task.outcome = update;
  task.error_message = update.error_message;
  task.error_detail = update.error_detail;
  if (status == TSE_FAILED) task.failure_kind = task.cancel_requested ? "cancelled" : "failed";
  record(task, status == TSE_COMPLETED ? "completed" : "failed", status, call, task.error_message, task.error_detail);
  task.held = false;
  task.worker.reset();
  return done(task);
}

Result Model::repeat(const Task& task, int status, const Update& update) const {
  return task.status == status && task.outcome == update ? done(task) : refused(TSE_ILLEGAL_TRANSITION);
}

/// Fails a task that nobody finished.
void Model::give_up(Task& task, const std::string& kind, const std::string& failure, const std::string& message,
                    const Call& call, const Text& detail) {
  if (task.status == TSE_PENDING) record(task, kind, TSE_RUNNING, call);
  task.error_message = message;
  task.error_detail = detail;
  task.failure_kind = failure;
  record(task, kind, TSE_FAILED, call, message, detail);
  task.not_before = none;
  task.held = false;
  task.worker.reset();
}

Result Model::cancel(const Key& key, bool force, const Text& reason, const Call& call) {
  Task* task = find(key);
  if (task == nullptr) return refused(TSE_NOT_FOUND);
  if (!is_message(reason)) return refused(TSE_INVALID_ARGUMENT, "reason");
  if (task->terminal()) return task->failure_kind == "cancelled" ? done(*task) : refused(TSE_ILLEGAL_TRANSITION);
  if (task->status == TSE_PENDING || task->offered() || force) {
    give_up(*task, "cancelled", "cancelled", reason.value_or("The task was cancelled."), call,
            task->status == TSE_RUNNING ? Text(who_it_was) : Text());
  } else if (!task->cancel_requested) {
    task->cancel_requested = true;
    record(*task, "cancel_requested", TSE_RUNNING, call, reason);
  }
  return done(*task);
}

// ---- Leases

Result Model::grant(Task& task, const Text& worker, Us duration, const Call& call) {
  ++task.attempt;
  task.not_before = none;
  task.epoch = ++epochs_;
  task.held = true;
  task.worker = worker;
  task.lease_duration = duration == none ? 30 * second : duration;
  task.lease_end = now + task.lease_duration;
  record(task, "started", TSE_RUNNING, call);
  Result granted = done(task);
  granted.lease = {task.key, task.epoch, generation_, task.attempt, task.lease_duration, task.lease_end};
  return granted;
}

Result Model::start_leased(const Key& key, const Text& worker, Us duration, const Call& call) {
  Task* task = find(key);
  if (task == nullptr) return refused(TSE_NOT_FOUND);
  if (task->status != TSE_PENDING && !task->offered()) return refused(TSE_ILLEGAL_TRANSITION);
  return grant(*task, worker, duration, call);
}

std::vector<Result> Model::claim(const ClaimSpec& spec, const Call& call) {
  expire();
  const auto among = [](const std::vector<std::string>& wanted, const std::string& one) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), one) != wanted.end();
  };
  std::vector<Result> granted;
  while (granted.size() < static_cast<std::size_t>(spec.limit)) {
    std::map<std::string, std::int64_t> running;  // by zone
    for (const auto& [key, task] : tasks_)
      if (task.status == TSE_RUNNING) ++running[key.zone];
    std::map<std::string, Task*> first;  // runnable one of each zone
    for (Task* task : oldest_first()) {
      // A new attempt of what is running already makes no more of them.
      const bool room = options_.running_limit == 0 || running[task->key.zone] < options_.running_limit;
      const bool runnable = (task->status == TSE_PENDING && room) || task->offered();
      if (runnable && task->not_before <= now && among(spec.zones, task->key.zone) &&
          among(spec.operations, task->operation))
        first.emplace(task->key.zone, task);
    }
    if (first.empty()) break;
    auto next = first.upper_bound(last_served_[engine]);
    if (next == first.end()) next = first.begin();
    last_served_[engine] = next->first;
    granted.push_back(grant(*next->second, spec.worker, spec.lease, call));
  }
  return granted;
}

Beat Model::heartbeat(const Lease& lease, Us duration, const Text& progress, const Call& call) {
  Task* task = find(lease);
  if (task == nullptr || !task->held) return {TSE_LEASE_LOST};
  if (progress && (task->progress_at == none || now >= task->progress_at + second || now < task->progress_at)) {
    std::vector<std::string> links = task->fields.links;
    const auto old =
        std::find_if(links.begin(), links.end(), [](const auto& each) { return member(each, "rel") == "progress"; });
    if (old != links.end()) *old = *progress;
    else links.push_back(*progress);
    if (links.size() > most_links) return {TSE_INVALID_ARGUMENT, "links"};
    if (links != task->fields.links) {
      task->fields.links = links;
      record(*task, "progress", TSE_RUNNING, call);
    }
  }
  const Us chosen = duration == none ? task->lease_duration : duration;
  task->lease_end = now + chosen;
  return {TSE_OK, {}, task->cancel_requested, chosen, task->lease_end};
}

Result Model::annotate(const Lease& lease, const Update& update, const Call& call) {
  if (const std::string fault = misplaced_in(update, false); !fault.empty())
    return refused(TSE_INVALID_ARGUMENT, fault);
  Task* task = find(lease);
  if (task == nullptr || (!task->held && !task->outcome)) return refused(TSE_LEASE_LOST);
  return add(*task, update, call);
}

Result Model::complete(const Lease& lease, const Update& update, const Call& call) {
  if (const std::string fault = misplaced_in(update, false); !fault.empty())
    return refused(TSE_INVALID_ARGUMENT, fault);
  Task* task = find(lease);
  if (task == nullptr || (!task->held && !task->outcome)) return refused(TSE_LEASE_LOST);
  return finish(*task, TSE_COMPLETED, update, call);
}

Result Model::fail(const Lease& lease, const Update& update, const Call& call) {
  if (const std::string fault = misplaced_in(update, true); !fault.empty()) return refused(TSE_INVALID_ARGUMENT, fault);
  Task* task = find(lease);
  if (task == nullptr || (!task->held && !task->outcome)) return refused(TSE_LEASE_LOST);
  return finish(*task, TSE_FAILED, update, call);
}

/// Its worker is gone: another attempt, or the end.
void Model::end_lease(Task& task, const std::string& kind, Us not_before, const Call& call) {
  if (task.cancel_requested) return give_up(task, kind, "cancelled", "The task was cancelled.", call, who_it_was);
  if (task.attempt >= task.max_attempts)
    return give_up(task, kind, "lost", "The worker stopped before the task was finished.", call, who_it_was);
  record(task, kind, TSE_RUNNING, call, {}, who_it_was);
  task.held = false;
  task.worker.reset();
  task.not_before = not_before;
}

Result Model::release(const Lease& lease, Us delay, const Call& call) {
  Task* task = find(lease);
  if (task == nullptr || !task->held) return refused(TSE_LEASE_LOST);
  end_lease(*task, "released", delay == 0 ? none : now + delay, call);
  return done(*task);
}

// ---- What time does

std::int64_t Model::expire() {
  std::int64_t count = 0;
  // Whose time ended first comes first.
  const auto each_due = [&](auto time_of, auto act) {
    std::vector<Task*> due;
    for (Task* task : oldest_first())
      if (time_of(*task) != none && time_of(*task) <= now) due.push_back(task);
    std::stable_sort(due.begin(), due.end(), [&](const Task* a, const Task* b) { return time_of(*a) < time_of(*b); });
    for (Task* task : due) act(*task);
    count += static_cast<std::int64_t>(due.size());
  };
  each_due([](const Task& task) { return task.status == TSE_PENDING ? task.start_by : none; },
           [&](Task& task) { give_up(task, "expired", "expired", "The task was not started in time.", {}); });
  each_due([](const Task& task) { return task.held ? task.lease_end : none; },
           [&](Task& task) { end_lease(task, "lost", none, {}); });
  each_due([](const Task& task) { return task.not_before; }, [](Task& task) { task.not_before = none; });
  return count;
}

std::int64_t Model::tick() {
  std::int64_t count = expire();
  if (options_.retention != 0) count += purge({}, options_.retention, 1000);
  // What is forgotten stays so, even if the clock goes back.
  std::erase_if(keys_, [&](const auto& each) { return each.second.until <= now; });
  std::erase_if(tombstones_, [&](const auto& each) { return each.second <= now; });
  // The newest event stays, however old it is.
  std::erase_if(feed_, [&](const Event& event) {
    if (event.kind != "purged" || event.at > now - options_.feed_retention || event.sequence == sequence_) return false;
    behind_ = event.sequence;
    purged_through_ = std::max(purged_through_, event.sequence);
    return true;
  });
  return count;
}

void Model::remove(const Key& key) {
  const Task task = tasks_.at(key);
  std::erase_if(keys_, [&](const auto& each) { return each.second.task == key; });
  for (const Event& event : feed_)
    if (event.key == key && event.kind != "purged") purged_through_ = std::max(purged_through_, event.sequence);
  std::erase_if(feed_, [&](const Event& event) { return event.key == key && event.kind != "purged"; });
  tasks_.erase(key);
  if (options_.tombstones != 0) tombstones_[key] = now + options_.tombstones;
  Event event;
  event.sequence = ++sequence_;
  event.key = key;
  event.kind = "purged";
  event.from = event.to = task.status;
  event.at = std::max(task.updated_at, now);
  event.revision = task.revision + 1;
  feed_.push_back(event);
}

std::int64_t Model::purge(const Text& zone, Us older_than, std::int64_t limit) {
  std::vector<Task*> old;
  for (Task* task : oldest_first())
    if (task->terminal() && task->updated_at <= now - older_than && (!zone || task->key.zone == *zone) &&
        !key_is_kept(task->key))
      old.push_back(task);
  // Which of them goes first, if not all may go: of all zones what ended first, of one what was created first.
  std::stable_sort(old.begin(), old.end(), [&](const Task* one, const Task* other) {
    if (zone) return std::pair(one->created_at, one->key.id) < std::pair(other->created_at, other->key.id);
    return one->updated_at < other->updated_at;
  });
  if (limit != 0 && old.size() > static_cast<std::size_t>(limit)) old.resize(static_cast<std::size_t>(limit));
  std::vector<Key> keys;
  for (const Task* task : old) keys.push_back(task->key);
  for (const Key& key : keys) remove(key);
  return static_cast<std::int64_t>(keys.size());
}

Result Model::erase(const Key& key) {
  const Task* task = find(key);
  if (task == nullptr) return {};
  if (!task->terminal()) return refused(TSE_ILLEGAL_TRANSITION);
  Result erased = done(*task);
  remove(key);
  return erased;
}

// ---- Look-ups

std::optional<Task> Model::get(const Key& key) const {
  const auto found = tasks_.find(key);
  return found == tasks_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Event> Model::history(const Key& key) const {
  std::vector<Event> events;
  for (const Event& event : feed_)
    if (event.key == key && event.kind != "purged") events.push_back(event);
  return events;
}

Page Model::list(const Filter& filter, std::size_t limit, const std::optional<Cursor>& after,
                 const std::optional<Cursor>& before, bool with_total) const {
  if (!is_id(filter.zone)) return {TSE_INVALID_ARGUMENT, "zone_id"};
  for (const auto& cursor : {after, before})
    if (cursor && (cursor->generation != generation_ || cursor->filter != filter))
      return {TSE_INVALID_ARGUMENT, after ? "after" : "before"};
  const auto place = [](const Task& task) { return std::pair(task.created_at, task.key.id); };
  std::vector<Task> rows;
  for (const auto& [key, task] : tasks_) {
    const bool status = filter.statuses == 0 || (filter.statuses & (1 << task.status)) != 0;
    if (key.zone == filter.zone && status && (!filter.operation || task.operation == *filter.operation) &&
        (!filter.install_id || task.fields.install_id == filter.install_id) &&
        (!filter.package_id || task.fields.package_id == filter.package_id) &&
        (filter.created_from == none || task.created_at >= filter.created_from) &&
        (filter.created_until == none || task.created_at < filter.created_until))
      rows.push_back(task);
  }
  std::sort(rows.begin(), rows.end(), [&](const Task& one, const Task& other) { return place(one) > place(other); });
  Page page;
  if (with_total) page.total = static_cast<std::int64_t>(rows.size());
  if (after) std::erase_if(rows, [&](const Task& task) { return place(task) >= after->row; });
  if (before) std::erase_if(rows, [&](const Task& task) { return place(task) <= before->row; });
  const bool more = rows.size() > limit;
  if (more && before) rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(limit));
  else if (more) rows.resize(limit);
  page.tasks = rows;
  if (rows.empty()) return page;
  if (more || before) page.after = Cursor{filter, generation_, place(rows.back())};
  if (after || (before && more)) page.before = Cursor{filter, generation_, place(rows.front())};
  return page;
}

Changes Model::changes(const Text& zone, const std::optional<Position>& after, int flags, std::size_t limit) const {
  Changes part;
  part.position = {sequence_, generation_};
  part.purged_through = purged_through_;
  if (zone && !is_id(*zone)) return {TSE_INVALID_ARGUMENT, "zone_id"};
  if (after && after->generation != generation_) return {TSE_RESTORED};
  if (after && after->sequence < behind_ && (flags & TSE_CHANGES_ALLOW_GAP) == 0) return {TSE_BEHIND};
  if ((flags & TSE_CHANGES_LATEST) != 0) return part;
  for (const Event& event : feed_) {
    if ((after && event.sequence <= after->sequence) || (zone && event.key.zone != *zone)) continue;
    part.events.push_back(event);
    if (part.events.size() == limit) {
      part.position.sequence = event.sequence;
      break;
    }
  }
  return part;
}

std::map<std::tuple<std::string, std::string, int>, std::int64_t> Model::counts(const Text& zone) const {
  std::map<std::tuple<std::string, std::string, int>, std::int64_t> counts;
  for (const auto& [key, task] : tasks_)
    if (!zone || key.zone == *zone) ++counts[{key.zone, task.operation, task.status}];
  return counts;
}

// ---- The HTTP answers

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

const std::pair<std::string, std::string> content_type{"Content-Type", "application/json"};
const std::pair<std::string, std::string> cache_control{"Cache-Control", "private, no-cache"};

Answer answer(int status, Headers headers, const std::string& body, const Request& request) {
  if (request.client_request_id && is_uuid(*request.client_request_id))
    headers.emplace_back("X-Client-Request-ID", *request.client_request_id);
  if (!request.head) return {status, headers, body};
  headers.emplace_back("Content-Length", std::to_string(body.size()));
  return {status, headers, {}};
}

std::string encoded(const std::string& text) {
  std::string out;
  for (const char c : text)
    out += is_id({'x', c}) ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return out;
}

/// A dot segment has no URL.
std::string status_url(const Key& key) {
  if (key.id == "..") return "/";
  return fmt::format("/zones/{}/catalog_tasks/{}", encoded(key.zone), encoded(key.id));
}

}  // namespace

std::string Model::retry_after(const Task& task) const {
  return std::to_string(std::clamp<Us>((now - task.created_at) / (10 * second), 1, 30));
}

Answer Model::error(int status, const std::string& code, const std::string& message, const std::string& path,
                    const Request& request, const std::string& details) const {
  const bool named = request.client_request_id && is_uuid(*request.client_request_id);
  Headers headers{content_type, cache_control};
  if (status == 429) headers.emplace_back("Retry-After", "1");
  if (status == 409) headers.emplace_back("x-should-retry", "false");
  return answer(
      status, headers,
      fmt::format(
          R"({{"code":"{}","details":[{}],"message":"{}","path":"{}","request_id":"{}","status":{},"timestamp":"{}"}})",
          code, details, message, request.path.value_or(path), named ? *request.client_request_id : next_request_id,
          status, rfc3339(now)),
      request);
}

Answer Model::decide(const Key& key, const Request& request) const {
  if (request.client_request_id && !is_uuid(*request.client_request_id)) {
    const std::string rule = "The header X-Client-Request-ID must be a UUID.";
    return error(400, "validation_error", rule, status_url(key), request,
                 fmt::format(R"({{"code":"validation_error","field":"X-Client-Request-ID","message":"{}"}})", rule));
  }
  const auto task = get(key);
  if (!task) {
    if (has_tombstone(key)) return error(410, "not_found", "The task is no longer kept.", status_url(key), request);
    return error(404, "not_found", "There is no such task.", status_url(key), request);
  }
  const std::string* result = result_link(task->fields);
  const std::string location =
      result != nullptr ? member(*result, "href")
                        : fmt::format("/zones/{}/installs/{}", key.zone, task->fields.install_id.value_or(""));
  const bool see_other =
      (request.completed == TSE_COMPLETED_DEFAULT ? options_.completed : request.completed) == TSE_COMPLETED_SEE_OTHER;
  if (task->status == TSE_COMPLETED && see_other)
    return answer(303, {content_type, cache_control, {"Location", location}}, task->json(), request);
  // Whatever the tag is, it names the revision and the body.
  const std::string tag = fmt::format("{} {}", task->revision, task->json());
  Headers headers{content_type, cache_control, {"ETag", tag}};
  if (!task->terminal()) headers.emplace_back("Retry-After", retry_after(*task));
  for (const std::string& wanted : request.if_none_match) {
    // The asterisk stands alone, or the list is none.
    if (wanted == "*" && request.if_none_match.size() > 1) break;
    if (wanted != "*" && wanted != tag) continue;
    headers.erase(headers.begin());
    Request bare = request;
    bare.head = false;
    Answer same = answer(304, headers, {}, bare);
    same.body.reset();
    return same;
  }
  if (task->status == TSE_COMPLETED) headers.emplace_back("Link", fmt::format(R"(<{}>; rel="related")", location));
  return answer(200, headers, task->json(), request);
}

Answer Model::accept(const Result& created, const Request& request) const {
  if (created.task) {
    return answer(202,
                  {content_type,
                   cache_control,
                   {"Retry-After", retry_after(*created.task)},
                   {"Location", status_url(created.task->key)}},
                  created.task->json(), request);
  }
  switch (created.code) {
    case TSE_INVALID_ARGUMENT: return error(400, "validation_error", {}, "/", request);
    case TSE_NOT_FOUND: return error(404, "not_found", {}, "/", request);
    case TSE_LIMIT_EXCEEDED: return error(429, "rate_limit_exceeded", {}, "/", request);
    default: return error(409, "conflict", {}, "/", request);
  }
}

}  // namespace tse::model
