#include "engine/engine.hpp"

#include "engine/change.hpp"
#include "engine/checks.hpp"
#include "engine/fork_guard.hpp"
#include "store/sqlite/sqlite_store.hpp"

#include <algorithm>
#include <new>
#include <utility>
#include <variant>

namespace tse::engine {
namespace {

core::Failure closed_failure() { return {core::Code::closed, "the engine is closed"}; }
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
  return store::sqlite::open(std::move(options), {std::chrono::steady_clock::now() + settings.timeout, {}});
}

constexpr std::chrono::microseconds usual_housekeeping = std::chrono::seconds(1);

void choose_clocks(Settings& settings) {
  const bool injected = static_cast<bool>(settings.clock);
  if (!injected) settings.clock = system_now;
  if (!settings.ids) settings.ids = system_ids(settings.clock);
  if (!settings.lease_clock.now)
    settings.lease_clock =
        injected ? LeaseClock{"host:" + settings.boot_id, settings.clock} : system_lease_clock(settings.boot_id);
  // Where the time stands still until the host moves it, the host says when to look.
  if (!settings.housekeeping) settings.housekeeping = injected ? std::chrono::microseconds(0) : usual_housekeeping;
  if (settings.mode == Mode::read_only) settings.housekeeping = std::chrono::microseconds(0);
}

}  // namespace

Engine::Ptr Engine::open(const std::string& path, Settings settings) {
  fork_guard::enter();
  choose_clocks(settings);
  auto log = std::make_unique<Log>(settings.log);
  auto store = open_store(path, settings, *log);
  Ptr engine(new Engine(std::move(settings), std::move(log), std::move(store)));
  if (engine->settings_.housekeeping->count() > 0) engine->housekeeper_.start();
  return engine;
}

Engine::Engine(Settings settings, std::unique_ptr<Log> log, std::unique_ptr<store::Store> store)
    : settings_(std::move(settings)),
      log_(std::move(log)),
      store_(std::move(store)),
      group_(*store_),
      watches_(std::make_shared<Watches>()),
      housekeeper_(
          *settings_.housekeeping, [this](std::stop_token stop) { return housekeeping_round(std::move(stop)); },
          watches_, store_->commit_files()),
      generation_(fork_guard::generation()) {
  fork_guard::enroll(*this);
}

Engine::~Engine() {
  close();
  fork_guard::withdraw(*this);
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
  return std::chrono::steady_clock::now() + capped(call.timeout.value_or(settings_.timeout));
}

store::Patience Engine::patience(const Call& call) const {
  store::Patience patience{deadline(call), {}};
  if (call.stop.stop_possible()) patience.cancelled = [&stop = call.stop] { return stop.stop_requested(); };
  return patience;
}

core::Context Engine::context(const Call& call) const {
  return {settings_.clock(), call.request_id, call.traceparent, call.actor, {}};
}

Moment Engine::moment() const { return {settings_.clock(), settings_.lease_clock.now(), settings_.lease_clock.name}; }

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
  const store::Change insert{[&](store::Session& session) {
    if (!session.insert(row, spec.payload))
      throw core::Failure(core::Code::already_exists, "id: a task with this id exists in the zone");
  }};
  group_.run(insert, deadline(call), call.stop);
  if (!row.not_before) watches_->signal(row.task.zone_id, row.task.operation);
  return std::move(row);
}

core::Row Engine::change(const core::Key& key, const core::Intent& intent, const Call& call) {
  enter();
  check_call(call);
  require_possible(key);
  return change_task(key, intent, std::nullopt, call);
}

core::Row Engine::change_task(const core::Key& key, const core::Intent& intent, std::optional<std::int64_t> epoch,
                              const Call& call) {
  core::Row row;
  const store::Change replace{[&](store::Session& session) {
    core::Context context = this->context(call);
    context.epoch = epoch;
    row = carry_out(session, key, intent, context);
  }};
  group_.run(replace, deadline(call), call.stop);
  // A task that ended makes room in a zone that is at its limit.
  const bool made_room = settings_.running_limit > 0 && taskstate::is_terminal(row.task.status);
  if (made_room || core::is_offered_again(row)) watches_->signal(row.task.zone_id, row.task.operation);
  return row;
}

std::optional<core::Row> Engine::get(const core::Key& key, const Call& call) {
  enter();
  if (!is_possible(key)) return std::nullopt;
  return store_->read(key, patience(call));
}

std::optional<std::string> Engine::payload(const core::Key& key, const Call& call) {
  enter();
  if (!is_possible(key)) return std::nullopt;
  return store_->payload(key, patience(call));
}

std::vector<core::Event> Engine::history(const core::Key& key, const Call& call) {
  enter();
  if (!is_possible(key)) return {};
  return store_->history(key, patience(call));
}

store::VerifyReport Engine::verify(const Call& call) {
  enter();
  return store_->verify(patience(call));
}

core::Lookup Engine::look_up(const core::Key& key, const Call& call, store::AnswerRow& row) {
  try {
    enter();
    std::optional<store::AnswerRow> found = store_->answer(key, patience(call));
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

std::shared_ptr<Watch> Engine::watch() {
  enter();
  if (!store_->commit_files().announced.empty()) housekeeper_.start();
  return std::make_shared<Watch>(watches_);
}

void Engine::close() noexcept {
  fork_guard::enter();
  if (is_inherited() || closed_.exchange(true, std::memory_order_acq_rel)) return;
  group_.close();
  watches_->close();
  housekeeper_.stop();
  store_->close();
}

// The housekeeper first: its round may be inside of the store.
void Engine::before_fork() noexcept {
  housekeeper_.pause();
  store_->before_fork();
}

void Engine::after_fork_parent() noexcept {
  store_->after_fork_parent();
  housekeeper_.resume();
}

void Engine::after_fork_child() noexcept {
  store_->after_fork_child();
  housekeeper_.resume();
}

void Engine::abandon() noexcept { store_->abandon(); }

core::Answer answer_without_engine(const core::Key& key, const core::Request& request) {
  const IdSource ids = system_ids(system_now);
  return core::decide(key.zone_id, key.id, closed_failure().error(), request, core::Policy{}, system_now(),
                      [&ids] { return core::format_uuid(ids(IdKind::request)); });
}

}  // namespace tse::engine
