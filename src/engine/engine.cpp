#include "engine/engine.hpp"

#include "core/validate.hpp"
#include "engine/fork_guard.hpp"
#include "store/sqlite/sqlite_store.hpp"

#include <algorithm>
#include <new>
#include <utility>
#include <variant>

namespace tse::engine {
namespace {

core::Failure closed_failure() { return {core::Code::closed, "the engine is closed"}; }
core::Failure not_found() { return {core::Code::not_found, "no such task in this zone"}; }

// Ids outside the grammar cannot name a task, so they are never looked up.
bool is_possible(const core::Key& key) { return core::is_id(key.zone_id) && core::is_id(key.id); }

void check_call(const Call& call) {
  std::vector<core::Detail> broken;
  if (call.request_id && !core::is_request_id(*call.request_id))
    broken.push_back({"request_id", "must be 1-128 visible ASCII characters, has " +
                                        std::to_string(call.request_id->size()) + " bytes"});
  if (call.traceparent && !core::is_traceparent(*call.traceparent))
    broken.push_back({"traceparent", "must be a W3C traceparent of version 00, has " +
                                         std::to_string(call.traceparent->size()) + " bytes"});
  if (call.actor) core::check_actor(broken, *call.actor);
  if (!broken.empty()) throw core::Failure(core::invalid(std::move(broken)));
}

template <class To, class From>
constexpr bool same_value(To to, From from) {
  return static_cast<std::int32_t>(to) == static_cast<std::int32_t>(from);
}

// open_store() hands these on by their numbers.
static_assert(same_value(store::sqlite::Mode::create, Mode::create) &&
              same_value(store::sqlite::Mode::read_write, Mode::read_write) &&
              same_value(store::sqlite::Mode::read_only, Mode::read_only));
static_assert(same_value(store::sqlite::LogLevel::trace, LogLevel::trace) &&
              same_value(store::sqlite::LogLevel::error, LogLevel::error));

std::unique_ptr<store::Store> open_store(const std::string& path, const Settings& settings, const Log& log) {
  store::sqlite::Options options;
  options.path = path;
  options.mode = static_cast<store::sqlite::Mode>(settings.mode);
  options.adopt = settings.adopt;
  options.any_filesystem = settings.any_filesystem;
  options.log = [&log](store::sqlite::LogLevel level, const std::string& text) {
    log.write(static_cast<LogLevel>(level), text);
  };
  return store::sqlite::open(std::move(options), std::chrono::steady_clock::now() + settings.timeout);
}

}  // namespace

Engine::Ptr Engine::open(const std::string& path, Settings settings) {
  fork_guard::enter();
  if (!settings.clock) settings.clock = system_now;
  if (!settings.ids) settings.ids = system_ids(settings.clock);
  auto log = std::make_unique<Log>(settings.log);
  auto store = open_store(path, settings, *log);
  return Ptr(new Engine(std::move(settings), std::move(log), std::move(store)));
}

Engine::Engine(Settings settings, std::unique_ptr<Log> log, std::unique_ptr<store::Store> store)
    : settings_(std::move(settings)),
      log_(std::move(log)),
      store_(std::move(store)),
      group_(*store_),
      generation_(fork_guard::generation()) {
  fork_guard::enroll(*store_);
}

Engine::~Engine() {
  close();
  fork_guard::withdraw(*store_);
}

void Engine::Retire::operator()(Engine* engine) const noexcept {
  fork_guard::enter();
  if (!engine->is_inherited()) delete engine;
}

bool Engine::is_inherited() const noexcept { return generation_ != fork_guard::generation(); }

void Engine::enter() const {
  fork_guard::enter();
  if (is_inherited())
    throw core::Failure(core::Code::forked, "the engine was opened before fork(); open it anew in this process");
  if (closed_.load(std::memory_order_acquire)) throw closed_failure();
}

store::Deadline Engine::deadline(const Call& call) const {
  const auto now = std::chrono::steady_clock::now();
  const auto timeout = call.timeout.value_or(settings_.timeout);
  const auto longest = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::hours(24 * 365));
  return now + std::min(timeout, longest);
}

core::Context Engine::context(const Call& call) const {
  return {settings_.clock(), call.request_id, call.traceparent, call.actor};
}

core::MakeRequestId Engine::fresh_request_id() const {
  return [this] { return core::format_uuid(settings_.ids(IdKind::request)); };
}

core::Row Engine::create(core::NewTask spec, const Call& call) {
  enter();
  check_call(call);
  if (spec.id.empty()) spec.id = core::format_uuid(settings_.ids(IdKind::task));
  auto made = core::create(spec, settings_.operations, context(call));
  if (auto* refused = std::get_if<core::Error>(&made)) throw core::Failure(std::move(*refused));
  core::Row& row = std::get<core::Row>(made);
  const store::Change insert = [&](store::Session& session) {
    if (!session.insert(row, spec.payload))
      throw core::Failure(core::Code::already_exists, "id: a task with this id exists in the zone");
  };
  group_.run(insert, deadline(call));
  return std::move(row);
}

core::Row Engine::change(const core::Key& key, const core::Intent& intent, const Call& call) {
  enter();
  check_call(call);
  if (!is_possible(key)) throw not_found();
  std::optional<core::Row> result;
  const store::Change replace = [&](store::Session& session) {
    for (;;) {
      std::optional<core::Row> row = session.read(key);
      if (!row) throw not_found();
      auto applied = core::apply(*row, intent, context(call));
      if (auto* refused = std::get_if<core::Error>(&applied)) throw core::Failure(std::move(*refused));
      if (std::holds_alternative<core::Unchanged>(applied)) {
        result = std::move(row);
        return;
      }
      core::Row& next = std::get<core::Row>(applied);
      if (session.replace(row->version, next)) {
        result = std::move(next);
        return;
      }
    }
  };
  group_.run(replace, deadline(call));
  return std::move(*result);
}

std::optional<core::Row> Engine::get(const core::Key& key, const Call& call) {
  enter();
  if (!is_possible(key)) return std::nullopt;
  return store_->read(key, deadline(call));
}

std::optional<std::string> Engine::payload(const core::Key& key, const Call& call) {
  enter();
  if (!is_possible(key)) return std::nullopt;
  return store_->payload(key, deadline(call));
}

std::vector<core::Event> Engine::history(const core::Key& key, const Call& call) {
  enter();
  if (!is_possible(key)) return {};
  return store_->history(key, deadline(call));
}

store::VerifyReport Engine::verify(const Call& call) {
  enter();
  return store_->verify(deadline(call));
}

core::Lookup Engine::look_up(const core::Key& key, const Call& call, store::AnswerRow& row) {
  try {
    enter();
    std::optional<store::AnswerRow> found = store_->answer(key, deadline(call));
    if (!found) return core::Missing{};
    row = std::move(*found);
    return core::Answerable{row.status, row.created_at, row.revision, row.body, row.install_id, row.result_href};
  } catch (const core::Failure& failure) {
    return failure.error();
  }
}

core::Answer Engine::decide(const core::Key& key, const core::Request& request, const Call& call) {
  const std::int64_t now = settings_.clock();
  const core::MakeRequestId fresh = fresh_request_id();
  store::AnswerRow row;
  if (closed_.load(std::memory_order_acquire))
    return core::decide(key.zone_id, key.id, closed_failure().error(), request, settings_.policy, now, fresh);
  if (auto refused = core::refuse(key.zone_id, key.id, request, settings_.policy, now, fresh))
    return std::move(*refused);
  const core::Lookup found = look_up(key, call, row);
  if (const auto* error = std::get_if<core::Error>(&found))
    log_->write(LogLevel::error,
                std::string("status lookup failed: ") + std::string(to_string(error->code)) + ": " + error->message);
  return core::decide(key.zone_id, key.id, found, request, settings_.policy, now, fresh);
}

core::Answer Engine::accept(const core::Row& created, const core::Request& request) {
  return core::accept(created.task, created.body, request, settings_.policy, settings_.clock(), fresh_request_id());
}

core::Answer Engine::accept(const core::Error& failure, const core::Request& request) {
  return core::accept(failure, request, settings_.policy, settings_.clock(), fresh_request_id());
}

void Engine::close() noexcept {
  fork_guard::enter();
  if (is_inherited() || closed_.exchange(true, std::memory_order_acq_rel)) return;
  group_.close();
  store_->close();
}

core::Answer answer_without_engine(const core::Key& key, const core::Request& request) {
  const IdSource ids = system_ids(system_now);
  return core::decide(key.zone_id, key.id, closed_failure().error(), request, core::Policy{}, system_now(),
                      [&ids] { return core::format_uuid(ids(IdKind::request)); });
}

}  // namespace tse::engine
