#include "side.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstring>
#include <stdexcept>

namespace tse::model {
namespace {

tse_str in(const std::string& text) { return {text.data(), text.size()}; }
tse_str in(const Text& text) { return text ? in(*text) : tse_str{nullptr, 0}; }

Text out(tse_str text) { return text.data == nullptr ? Text() : Text(std::in_place, text.data, text.size); }
std::string word(tse_str text) { return out(text).value_or(""); }

void must(std::int32_t code, const char* what) {
  if (code != TSE_OK) throw std::runtime_error(fmt::format("{}: {}", what, tse_code_name(code)));
}

/// What a failed call says; frees the error.
std::string refusal(std::int32_t code, tse_error* error) {
  tse_error_view view = TSE_ERROR_VIEW_INIT;
  must(tse_error_get(error, &view), "tse_error_get");
  std::string text = text_of_refusal(code, word(view.field));
  if (view.code != code) text += fmt::format(" (the error says {})", view.code);
  if (view.outcome != TSE_NOT_DONE) text += " (outcome unknown)";
  tse_error_free(error);
  return text;
}

/// A detail, of which only the first word counts if it is the engine's own.
Text detail_out(tse_str text) {
  const Text detail = out(text);
  return detail && detail->starts_with("attempt ") ? "attempt" : detail;
}

/// A JSON array; absent if it has no elements.
struct Array {
  explicit Array(const std::vector<std::string>& elements) : text(fmt::format("[{}]", fmt::join(elements, ","))) {
    if (!elements.empty()) view = in(text);
  }
  std::string text;
  tse_str view{nullptr, 0};
};

/// The elements of a JSON array of objects, each as it stands there.
std::vector<std::string> elements_of(tse_str array) {
  std::vector<std::string> elements;
  const std::string text = word(array);
  int depth = 0;
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{' && depth++ == 0) from = i;
    if (text[i] == '}' && --depth == 0) elements.push_back(text.substr(from, i + 1 - from));
  }
  return elements;
}

class CallIn {
 public:
  explicit CallIn(const Call& call) {
    must(tse_call_new(&call_, nullptr), "tse_call_new");
    const auto set = [&](auto* setter, const Text& text) {
      if (text) must(setter(call_, text->data(), text->size(), nullptr), "tse_call_set");
    };
    set(tse_call_set_request_id, call.request_id);
    set(tse_call_set_actor, call.actor);
    must(tse_call_set_timeout(call_, 600 * second, nullptr), "tse_call_set_timeout");
  }
  ~CallIn() { tse_call_free(call_); }
  CallIn(const CallIn&) = delete;
  CallIn& operator=(const CallIn&) = delete;
  operator const tse_call*() const { return call_; }  // NOLINT(google-explicit-constructor)

 private:
  tse_call* call_ = nullptr;
};

struct NewTaskIn {
  explicit NewTaskIn(const NewTask& given) : links(given.fields.links), warnings(given.fields.warnings) {
    spec.zone_id = in(given.key.zone);
    if (!given.key.id.empty()) spec.id = in(given.key.id);
    spec.operation = in(given.operation);
    spec.install_id = in(given.fields.install_id);
    spec.package_id = in(given.fields.package_id);
    spec.package_slug = in(given.fields.package_slug);
    spec.package_version = given.fields.package_version;
    spec.links = links.view;
    spec.warnings = warnings.view;
    spec.payload = in(given.payload);
    spec.not_before = given.not_before;
    spec.start_within_us = given.start_within;
    spec.max_attempts = given.max_attempts;
    spec.idempotency_key = in(given.idempotency_key);
    spec.retry_of = in(given.retry_of);
  }
  Array links;
  Array warnings;
  tse_new_task spec = TSE_NEW_TASK_INIT;
};

struct UpdateIn {
  explicit UpdateIn(const Update& given) : links(given.fields.links), warnings(given.fields.warnings) {
    update.install_id = in(given.fields.install_id);
    update.package_id = in(given.fields.package_id);
    update.package_slug = in(given.fields.package_slug);
    update.package_version = given.fields.package_version;
    update.links = links.view;
    update.warnings = warnings.view;
    update.error_message = in(given.error_message);
    update.error_detail = in(given.error_detail);
  }
  Array links;
  Array warnings;
  tse_update update = TSE_UPDATE_INIT;
};

/// A task as the model would hold it; its JSON is compared besides.
Task task_of(const tse_task_view& view) {
  Task task;
  task.key = {word(view.zone_id), word(view.id)};
  task.created_at = view.created_at;
  task.operation = word(view.operation);
  task.status = view.status;
  task.updated_at = view.updated_at;
  task.error_message = out(view.error_message);
  task.fields = {out(view.install_id), out(view.package_id),    out(view.package_slug),
                 view.package_version, elements_of(view.links), elements_of(view.warnings)};
  task.revision = view.revision;
  task.error_detail = detail_out(view.error_detail);
  task.failure_kind = out(view.failure_kind);
  task.client_request_id = out(view.client_request_id);
  task.payload = out(view.payload);
  task.worker = out(view.worker);
  task.epoch = view.epoch;
  task.attempt = view.attempt;
  task.max_attempts = view.max_attempts;
  task.not_before = view.not_before;
  task.start_by = view.start_by;
  task.cancel_requested = view.cancel_requested != 0;
  task.replayed = view.replayed != 0;
  return task;
}

/// The engine through its C ABI.
class EngineSide final : public Side {
 public:
  EngineSide(const Setup& setup, std::string directory) : setup_(setup), directory_(std::move(directory)) {
    must(tse_options_new(&options_, nullptr), "tse_options_new");
    const auto set = [&](auto* setter, auto value) { must(setter(options_, value, nullptr), "tse_options_set"); };
    const Options& given = setup.options;
    set(tse_options_set_pending_limit, given.pending_limit);
    set(tse_options_set_running_limit, given.running_limit);
    set(tse_options_set_idempotency_retention, given.idempotency_retention);
    set(tse_options_set_retention, given.retention);
    set(tse_options_set_tombstones, given.tombstones);
    set(tse_options_set_feed_retention, given.feed_retention);
    set(tse_options_set_adopt_request_id, given.adopt_request_id ? 1 : 0);
    set(tse_options_set_completed, given.completed);
    set(tse_options_set_timeout, 600 * second);
    must(tse_options_set_clock(options_, &EngineSide::time, this, nullptr, nullptr), "tse_options_set_clock");
    must(tse_options_set_ids(options_, &EngineSide::id, this, nullptr, nullptr), "tse_options_set_ids");
    must(tse_answer_new(&answer_, nullptr), "tse_answer_new");
    open();
  }
  ~EngineSide() override {
    close();
    tse_answer_free(answer_);
    tse_options_free(options_);
  }

  std::string run(const Operation& operation, std::size_t number) override {
    number_ = number;
    engine_ = engines_[operation.engine % engines_.size()];
    return std::visit(*this, operation.action);
  }
  std::string run(const std::vector<Action>& batch, std::size_t engine) override;

  std::string operator()(const Create& it) {
    const NewTaskIn spec(it.spec);
    tse_task* task = nullptr;
    tse_error* error = nullptr;
    const std::int32_t code = tse_create(engine_, &spec.spec, CallIn(it.call), &task, &error);
    must(tse_accept(engine_, task, error, nullptr, answer_, nullptr), "tse_accept");
    Answer answer = taken(answer_);
    if (code != TSE_OK) answer.body.reset();  // its message is free
    return changed(code, task, error) + " | " + text_of(answer, names_);
  }
  std::string operator()(const Start& it) {
    return change([&](auto... out) {
      return tse_start(engine_, it.key.zone.data(), it.key.zone.size(), it.key.id.data(), it.key.id.size(),
                       CallIn(it.call), out...);
    });
  }
  std::string operator()(const Annotate& it) { return update(it, tse_annotate, tse_lease_annotate); }
  std::string operator()(const Complete& it) { return update(it, tse_complete, tse_lease_complete); }
  std::string operator()(const Fail& it) { return update(it, tse_fail, tse_lease_fail); }
  std::string operator()(const StartLeased& it) {
    tse_leases* leases = nullptr;
    tse_error* error = nullptr;
    const tse_str worker = in(it.worker);
    const std::int32_t code =
        tse_start_leased(engine_, it.key.zone.data(), it.key.zone.size(), it.key.id.data(), it.key.id.size(),
                         worker.data, worker.size, it.duration, CallIn(it.call), &leases, &error);
    if (code != TSE_OK) return refusal(code, error);
    std::string text = granted(leases, 0);
    tse_leases_free(leases);
    return text;
  }
  std::string operator()(const Cancel& it) {
    const tse_str reason = in(it.reason);
    return change([&](auto... out) {
      return tse_cancel(engine_, it.key.zone.data(), it.key.zone.size(), it.key.id.data(), it.key.id.size(),
                        it.force ? TSE_CANCEL_FORCE : 0, reason.data, reason.size, CallIn(it.call), out...);
    });
  }
  std::string operator()(const Claim& it) {
    const std::string zones = fmt::format("{}", fmt::join(it.spec.zones, ","));
    const std::string operations = fmt::format("{}", fmt::join(it.spec.operations, ","));
    tse_claim_spec spec = TSE_CLAIM_SPEC_INIT;
    if (!zones.empty()) spec.zones = in(zones);
    if (!operations.empty()) spec.operations = in(operations);
    spec.worker = in(it.spec.worker);
    spec.lease_us = it.spec.lease;
    spec.limit = it.spec.limit;
    tse_leases* leases = nullptr;
    tse_error* error = nullptr;
    const std::int32_t code = tse_claim(engine_, &spec, CallIn(it.call), &leases, &error);
    if (code != TSE_OK) return refusal(code, error);
    std::string text;
    for (std::size_t i = 0; i < tse_leases_count(leases); ++i) text += granted(leases, i) + "\n    ";
    tse_leases_free(leases);
    return text.empty() ? "none" : text;
  }
  std::string operator()(const Heartbeat& it) {
    const std::string* lease = handed_out(leases_, it.lease);
    if (lease == nullptr) return nothing_handed_out;
    tse_heartbeat_view view = TSE_HEARTBEAT_VIEW_INIT;
    tse_error* error = nullptr;
    const tse_str progress = in(it.progress);
    const std::int32_t code = tse_lease_heartbeat(engine_, lease->data(), lease->size(), it.duration, progress.data,
                                                  progress.size, nullptr, &view, &error);
    if (code != TSE_OK) return refusal(code, error);
    return fmt::format("cancel_requested={} duration={} end={}", view.cancel_requested, view.duration_us,
                       view.expires_at);
  }
  std::string operator()(const Release& it) {
    const std::string* lease = handed_out(leases_, it.lease);
    if (lease == nullptr) return nothing_handed_out;
    return change([&](auto... out) {
      return tse_lease_release(engine_, lease->data(), lease->size(), it.delay, nullptr, out...);
    });
  }
  std::string operator()(const Tick&) {
    return number([&](auto... out) { return tse_tick(engine_, nullptr, out...); });
  }
  std::string operator()(const Advance& it) {
    now_ += it.by;
    return {};
  }
  std::string operator()(const Get& it) {
    tse_task* task = nullptr;
    tse_error* error = nullptr;
    const std::int32_t code = tse_get(engine_, it.key.zone.data(), it.key.zone.size(), it.key.id.data(),
                                      it.key.id.size(), it.payload ? TSE_WITH_PAYLOAD : 0, nullptr, &task, &error);
    return code == TSE_OK && task == nullptr ? "none" : changed(code, task, error);
  }
  std::string operator()(const History& it) {
    tse_history* history = nullptr;
    tse_error* error = nullptr;
    const std::int32_t code = tse_history_read(engine_, it.key.zone.data(), it.key.zone.size(), it.key.id.data(),
                                               it.key.id.size(), 1000, nullptr, 0, nullptr, &history, &error);
    if (code != TSE_OK) return refusal(code, error);
    std::string text = events(history, tse_history_count(history), tse_history_event);
    tse_history_free(history);
    return text;
  }
  std::string operator()(const List& it);
  std::string operator()(const ReadChanges& it);
  std::string operator()(const Decide& it);
  std::string operator()(const Purge& it) {
    tse_purge_spec spec = TSE_PURGE_SPEC_INIT;
    spec.zone_id = in(it.zone);
    spec.older_than_us = it.older_than;
    spec.limit = it.limit;
    return number([&](auto... out) { return tse_purge(engine_, &spec, nullptr, out...); });
  }
  std::string operator()(const Erase& it) {
    std::int32_t erased = -1;
    tse_error* error = nullptr;
    const std::int32_t code = tse_erase(engine_, it.key.zone.data(), it.key.zone.size(), it.key.id.data(),
                                        it.key.id.size(), nullptr, &erased, &error);
    return code != TSE_OK ? refusal(code, error) : std::to_string(erased);
  }
  std::string operator()(const Count& it);
  std::string operator()(const Verify&) {
    tse_report* report = nullptr;
    must(tse_verify(engine_, nullptr, &report, nullptr), "tse_verify");
    tse_report_view view = TSE_REPORT_VIEW_INIT;
    must(tse_report_get(report, &view), "tse_report_get");
    std::string text = view.ok == 1 ? "" : word(view.text);
    tse_report_free(report);
    return text;
  }
  /// Others may go on meanwhile.
  std::string operator()(const Reopen&) {
    if (setup_.in_memory) return {};
    for (tse_engine*& each : engines_) {
      if (each != engine_) continue;
      must(tse_close(each, nullptr), "tse_close");
      tse_task* task = nullptr;
      const std::int32_t code = tse_get(each, "a", 1, "1", 1, 0, nullptr, &task, nullptr);
      tse_engine_free(each);
      each = nullptr;
      each = opened();
      if (code != TSE_CLOSED) return fmt::format("a closed engine gives {}", code);
    }
    return {};
  }
  /// As any other program that uses the file might do.
  std::string operator()(const Checkpoint&) {
    if (setup_.in_memory) return {};
    sqlite3* file = nullptr;
    int code = sqlite3_open(path().c_str(), &file);
    if (code == SQLITE_OK) code = sqlite3_exec(file, "PRAGMA wal_checkpoint(TRUNCATE)", nullptr, nullptr, nullptr);
    sqlite3_close(file);
    return code == SQLITE_OK ? "" : fmt::format("checkpoint: {}", code);
  }
  std::string operator()(const Restore&) {
    if (setup_.in_memory) return {};
    const std::string copy = directory_ + fmt::format("/{}.db", copies_ + 1);
    tse_error* error = nullptr;
    const std::int32_t code = tse_backup(engine_, copy.data(), copy.size(), nullptr, &error);
    if (code != TSE_OK) return refusal(code, error);
    close();
    ++copies_;
    open();
    return {};
  }
  std::string operator()(const Batch&) { return {}; }

 private:
  static std::int64_t time(void* side) { return static_cast<EngineSide*>(side)->now_; }
  static void id(void* side, std::int32_t kind, std::uint8_t* uuid) {
    std::memset(uuid, 0, 16);
    uuid[0] = static_cast<std::uint8_t>(kind);
    const std::size_t number = static_cast<EngineSide*>(side)->number_;
    for (std::size_t i = 0; i < sizeof number; ++i) uuid[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  }

  std::string path() const { return setup_.in_memory ? ":memory:" : directory_ + fmt::format("/{}.db", copies_); }
  tse_engine* opened() {
    tse_engine* engine = nullptr;
    must(tse_open(path().c_str(), TSE_NTS, options_, &engine, nullptr), "tse_open");
    return engine;
  }
  void open() {
    for (std::size_t i = 0; i < setup_.engines; ++i) engines_.push_back(opened());
  }
  void close() {
    for (tse_engine* engine : engines_) tse_engine_free(engine);
    engines_.clear();
  }

  std::string changed(std::int32_t code, tse_task* task, tse_error* error) {
    if (code != TSE_OK) return refusal(code, error);
    tse_task_view view = TSE_TASK_VIEW_INIT;
    must(tse_task_get(task, &view), "tse_task_get");
    std::string text = shown(view);
    tse_task_free(task);
    return text;
  }
  std::string shown(const tse_task_view& view) {
    const Task task = task_of(view);
    std::string text = text_of(task, names_);
    if (task.json() != word(view.json)) text += " but its JSON is " + word(view.json);
    return text;
  }
  template <class Carry>
  std::string change(const Carry& carry_out) {
    tse_task* task = nullptr;
    tse_error* error = nullptr;
    const std::int32_t code = carry_out(&task, &error);
    return changed(code, task, error);
  }
  template <class Change, class ByKey, class ByLease>
  std::string update(const Change& it, ByKey by_key, ByLease by_lease) {
    const UpdateIn update(it.update);
    const CallIn call(it.call);
    const Target& target = it.target;
    if (!target.lease)
      return change([&](auto... out) {
        return by_key(engine_, target.key.zone.data(), target.key.zone.size(), target.key.id.data(),
                      target.key.id.size(), &update.update, call, out...);
      });
    const std::string* lease = handed_out(leases_, *target.lease);
    if (lease == nullptr) return nothing_handed_out;
    return change(
        [&](auto... out) { return by_lease(engine_, lease->data(), lease->size(), &update.update, call, out...); });
  }
  template <class Carry>
  std::string number(const Carry& carry_out) {
    std::int64_t count = -1;
    tse_error* error = nullptr;
    const std::int32_t code = carry_out(&count, &error);
    return code != TSE_OK ? refusal(code, error) : std::to_string(count);
  }
  std::string granted(const tse_leases* leases, std::size_t index) {
    tse_lease_view lease = TSE_LEASE_VIEW_INIT;
    tse_task_view task = TSE_TASK_VIEW_INIT;
    must(tse_leases_lease(leases, index, &lease), "tse_leases_lease");
    must(tse_leases_task(leases, index, &task), "tse_leases_task");
    leases_.push_back(word(lease.token));
    const std::string start = fmt::format("epoch={} attempt={} duration={} end={} ", names_.of_epoch(lease.epoch),
                                          lease.attempt, lease.duration_us, lease.expires_at);
    return start + shown(task);
  }
  template <class Events, class Read>
  std::string events(const Events* events, std::size_t count, Read read) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      tse_event_view view = TSE_EVENT_VIEW_INIT;
      must(read(events, i, &view), "an event");
      const Event event{view.sequence,          {word(view.zone_id), word(view.id)},
                        word(view.kind),        view.from_status,
                        view.to_status,         view.at,
                        view.revision,          view.attempt,
                        out(view.worker),       view.epoch,
                        out(view.request_id),   out(view.message),
                        detail_out(view.detail)};
      text += text_of(event, names_) + "\n    ";
    }
    return text;
  }
  static Answer taken(const tse_answer* answer) {
    tse_answer_view view = TSE_ANSWER_VIEW_INIT;
    must(tse_answer_get(answer, &view), "tse_answer_get");
    Answer given{view.status, {}, out(view.body)};
    for (std::size_t i = 0; i < view.header_count; ++i)
      given.headers.emplace_back(word(view.headers[i].name), word(view.headers[i].value));
    return given;
  }

  Setup setup_;
  std::string directory_;
  int copies_ = 0;
  tse_options* options_ = nullptr;
  tse_answer* answer_ = nullptr;
  std::vector<tse_engine*> engines_;
  tse_engine* engine_ = nullptr;  // that carries out the operation
  Us now_ = start_of_time;
  std::size_t number_ = 0;
  Names names_;
  std::vector<std::string> leases_;
  std::vector<std::string> cursors_;
  std::vector<std::string> positions_;
  std::vector<std::string> tags_;
};

std::string EngineSide::run(const std::vector<Action>& items, std::size_t engine) {
  engine_ = engines_[engine % engines_.size()];
  tse_batch* batch = nullptr;
  must(tse_batch_new(&batch, nullptr), "tse_batch_new");
  std::vector<std::string> texts;  // of what cannot be added, else empty
  const auto add = [&](const Action& action) -> std::string {
    tse_error* error = nullptr;
    std::int32_t code = TSE_OK;
    if (const auto* create = std::get_if<Create>(&action)) {
      const NewTaskIn spec(create->spec);
      code = tse_batch_create(batch, &spec.spec, &error);
    } else if (const auto* start = std::get_if<Start>(&action)) {
      code = tse_batch_start(batch, start->key.zone.data(), start->key.zone.size(), start->key.id.data(),
                             start->key.id.size(), &error);
    } else {
      const auto update = [&](const auto& it, auto by_key, auto by_lease) -> std::string {
        const UpdateIn given(it.update);
        const Target& target = it.target;
        if (!target.lease) {
          code = by_key(batch, target.key.zone.data(), target.key.zone.size(), target.key.id.data(),
                        target.key.id.size(), &given.update, &error);
        } else {
          const std::string* lease = handed_out(leases_, *target.lease);
          if (lease == nullptr) return nothing_handed_out;
          code = by_lease(batch, lease->data(), lease->size(), &given.update, &error);
        }
        return {};
      };
      using ByLease = decltype(&tse_batch_lease_fail);
      std::string nothing;
      if (const auto* annotate = std::get_if<Annotate>(&action))
        nothing = update(*annotate, tse_batch_annotate, static_cast<ByLease>(nullptr));
      if (const auto* complete = std::get_if<Complete>(&action))
        nothing = update(*complete, tse_batch_complete, tse_batch_lease_complete);
      if (const auto* fail = std::get_if<Fail>(&action)) nothing = update(*fail, tse_batch_fail, tse_batch_lease_fail);
      if (!nothing.empty()) return nothing;
    }
    return code == TSE_OK ? "" : refusal(code, error);
  };
  for (const Action& action : items) texts.push_back(add(action));
  tse_results* results = nullptr;
  must(tse_batch_run(engine_, batch, nullptr, &results, nullptr), "tse_batch_run");
  tse_batch_free(batch);
  std::string text;
  std::size_t next = 0;
  for (const std::string& each : texts) {
    text += "\n    ";
    if (!each.empty()) {
      text += each;
      continue;
    }
    tse_task_view view = TSE_TASK_VIEW_INIT;
    tse_error* error = nullptr;
    const std::int32_t code = tse_results_get(results, next++, &view, &error);
    text += code == TSE_OK ? shown(view) : refusal(code, error);
  }
  tse_results_free(results);
  return text;
}

std::string EngineSide::operator()(const List& it) {
  const std::string* after = it.after ? handed_out(cursors_, *it.after) : nullptr;
  const std::string* before = it.before ? handed_out(cursors_, *it.before) : nullptr;
  const Filter& filter = it.filter;
  tse_list_query query = TSE_LIST_QUERY_INIT;
  query.zone_id = in(filter.zone);
  query.statuses = filter.statuses;
  query.operation = in(filter.operation);
  query.install_id = in(filter.install_id);
  query.package_id = in(filter.package_id);
  query.created_from = filter.created_from;
  query.created_until = filter.created_until;
  query.limit = static_cast<std::int64_t>(it.limit);
  if (after != nullptr) query.after = in(*after);
  if (before != nullptr) query.before = in(*before);
  query.with_total = it.with_total ? 1 : 0;
  tse_page* page = nullptr;
  tse_error* error = nullptr;
  if (const std::int32_t code = tse_list(engine_, &query, nullptr, &page, &error)) return refusal(code, error);
  tse_page_view view = TSE_PAGE_VIEW_INIT;
  must(tse_page_get(page, &view), "tse_page_get");
  std::string text = fmt::format("total={}", view.total_count == none ? -1 : view.total_count);
  for (std::size_t i = 0; i < view.count; ++i) {
    tse_task_view task = TSE_TASK_VIEW_INIT;
    must(tse_page_task(page, i, &task), "tse_page_task");
    text += "\n    " + shown(task);
  }
  if (const Text cursor = out(view.after_cursor)) cursors_.push_back(*cursor), text += " after";
  if (const Text cursor = out(view.before_cursor)) cursors_.push_back(*cursor), text += " before";
  tse_page_free(page);
  return text;
}

std::string EngineSide::operator()(const ReadChanges& it) {
  const std::string* after = it.after ? handed_out(positions_, *it.after) : nullptr;
  tse_changes_spec spec = TSE_CHANGES_SPEC_INIT;
  spec.zone_id = in(it.zone);
  if (after != nullptr) spec.after = in(*after);
  spec.flags = it.flags;
  spec.limit = static_cast<std::int64_t>(it.limit);
  tse_changes* part = nullptr;
  tse_error* error = nullptr;
  if (const std::int32_t code = tse_changes_read(engine_, &spec, nullptr, &part, &error)) return refusal(code, error);
  tse_changes_view view = TSE_CHANGES_VIEW_INIT;
  must(tse_changes_get(part, &view), "tse_changes_get");
  positions_.push_back(word(view.position));
  std::string text = events(part, view.count, tse_changes_event);
  text += fmt::format(" purged_through={}", view.purged_through);
  tse_changes_free(part);
  return text;
}

std::string EngineSide::operator()(const Decide& it) {
  std::vector<std::string> tags = it.request.if_none_match;
  if (it.tag)
    if (const std::string* tag = handed_out(tags_, *it.tag)) tags.push_back((it.weak ? "W/" : "") + *tag);
  const std::string if_none_match = fmt::format("{}", fmt::join(tags, ", "));
  tse_request request = TSE_REQUEST_INIT;
  if (it.request.head) request.method = tse_text("HEAD");
  request.client_request_id = in(it.request.client_request_id);
  if (!tags.empty()) request.if_none_match = in(if_none_match);
  request.path = in(it.request.path);
  request.completed = it.request.completed;
  const auto ask = [&] {
    must(tse_decide(engine_, it.key.zone.data(), it.key.zone.size(), it.key.id.data(), it.key.id.size(), &request,
                    nullptr, answer_, nullptr),
         "tse_decide");
    return taken(answer_);
  };
  request.kept_only = 1;
  const Answer kept = ask();
  request.kept_only = 0;
  const Answer answer = ask();
  for (const auto& [name, value] : answer.headers)
    if (name == "ETag") tags_.push_back(value);
  std::string text = text_of(answer, names_);
  if (kept.status != 0 && text_of(kept, names_) != text) text += " but kept: " + text_of(kept, names_);
  return text;
}

std::string EngineSide::operator()(const Count& it) {
  tse_stats* stats = nullptr;
  tse_error* error = nullptr;
  const tse_str zone = in(it.zone);
  if (const std::int32_t code = tse_stats_read(engine_, zone.data, zone.size, nullptr, &stats, &error))
    return refusal(code, error);
  tse_stats_view view = TSE_STATS_VIEW_INIT;
  must(tse_stats_get(stats, &view), "tse_stats_get");
  std::map<std::string, std::int64_t> counts;  // in the model's order
  for (std::size_t i = 0; i < view.count_count; ++i) {
    tse_count_view count = TSE_COUNT_VIEW_INIT;
    must(tse_stats_count(stats, i, &count), "tse_stats_count");
    counts[fmt::format("{}/{}/{}", word(count.zone_id), word(count.operation), count.status)] = count.count;
  }
  std::string text = fmt::format("last_sequence={}", view.last_sequence);
  for (const auto& [name, count] : counts) text += fmt::format(" {}={}", name, count);
  tse_stats_free(stats);
  return text;
}

}  // namespace

std::string task_id_of(std::size_t number) {
  return fmt::format("00000000-0000-0000-{:04x}-{:012x}", number >> 48, number);
}
std::string request_id_of(std::size_t number) {
  return fmt::format("01000000-0000-0000-{:04x}-{:012x}", number >> 48, number);
}

std::unique_ptr<Side> engine_side(const Setup& setup, const std::string& directory) {
  return std::make_unique<EngineSide>(setup, directory);
}

}  // namespace tse::model
