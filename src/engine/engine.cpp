#include "engine/engine.hpp"

#include "core/time.hpp"
#include "engine/callbacks.hpp"
#include "engine/change.hpp"
#include "engine/checks.hpp"
#include "engine/fork_guard.hpp"
#include "store/sqlite/files.hpp"
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
  options.refuse_migration = settings.refuse_migration;
  options.max_bytes = settings.max_bytes;
  options.checkpoint_bytes = settings.checkpoint_bytes;
  options.file_mode = settings.file_mode;
  options.log = [&log](store::sqlite::LogLevel level, const std::string& text) {
    log.write(static_cast<LogLevel>(level), text);
  };
  return store::sqlite::open(std::move(options), {std::chrono::steady_clock::now() + settings.timeout, {}});
}

/// Lines in the middle of a database would be its end.
void refuse_log_in_the_database(const std::string& path, const std::string& log_file) {
  if (log_file.empty() || path == ":memory:") return;
  std::string log;
  try {
    log = store::sqlite::resolve(log_file).database;
  } catch (const core::Failure&) {
    return;  // opening it says what is wrong
  }
  const store::sqlite::Paths paths = store::sqlite::resolve(path);
  for (const std::string* each : {&paths.database, &paths.wal, &paths.shm, &paths.journal, &paths.sidecar})
    if (log == *each)
      throw core::Failure(core::invalid("log_file", "must not be the database or one of the files beside it"));
}

constexpr std::chrono::microseconds usual_housekeeping = std::chrono::seconds(1);

void choose_clocks(Settings& settings, const std::shared_ptr<const CallbackReport>& report) {
  const bool injected = static_cast<bool>(settings.clock);
  if (injected) settings.clock = contained(std::move(settings.clock), report);
  if (settings.boot_clock) settings.boot_clock = contained(std::move(settings.boot_clock), report);
  settings.rough_clock = injected ? settings.clock : rough_system_now;
  if (!injected) settings.clock = system_now;
  settings.ids = settings.ids ? contained(std::move(settings.ids), report) : system_ids(settings.clock);
  const bool hosted = injected || settings.boot_clock;
  settings.real_time = !hosted && !settings.lease_clock.now;
  if (!settings.lease_clock.now && hosted) {
    settings.lease_clock = {"host:" + settings.boot_id, settings.boot_clock ? settings.boot_clock : settings.clock};
  } else if (!settings.lease_clock.now) {
    settings.lease_clock = system_lease_clock(settings.boot_id);
  }
  // Where the time stands still until the host moves it, the host says when to look.
  if (!settings.housekeeping) settings.housekeeping = injected ? std::chrono::microseconds(0) : usual_housekeeping;
  if (settings.mode == Mode::read_only) settings.housekeeping = std::chrono::microseconds(0);
}

/// Empty where leases are held in the wall clock itself.
Clock even_clock(const Settings& settings) {
  if (settings.lease_clock.even) return settings.lease_clock.even;
  const bool is_apart = settings.real_time || settings.boot_clock || settings.lease_clock.name.starts_with("boot:");
  return is_apart ? settings.lease_clock.now : Clock();
}

}  // namespace

Engine::Ptr Engine::open(const std::string& path, Settings settings) {
  const auto report = std::make_shared<CallbackReport>();
  choose_clocks(settings, report);
  if (!settings.log.callback) refuse_log_in_the_database(path, settings.log.file);
  auto log = std::make_unique<Log>(settings.log);
  report->tell_to([to = log.get()](std::string_view line) { to->write(LogLevel::error, line); });
  auto store = open_store(path, settings, *log);
  store->use_clock(settings.lease_clock.name, {std::chrono::steady_clock::now() + settings.timeout, {}});
  Ptr engine(new Engine(std::move(settings), std::move(log), std::move(store)));
  if (engine->settings_.housekeeping->count() > 0) engine->housekeeper_.start();
  return engine;
}

Engine::Engine(Settings settings, std::unique_ptr<Log> log, std::unique_ptr<store::Store> store)
    : settings_(std::move(settings)),
      log_(std::move(log)),
      store_(std::move(store)),
      answers_(*store_, static_cast<std::size_t>(settings_.answer_cache_bytes)),
      group_(*store_),
      judge_(*store_, settings_.lease_clock),
      wall_(*store_, settings_.clock, even_clock(settings_), core::tells_boot(settings_.lease_clock.name)),
      watches_(std::make_shared<Watches>(news_source())),
      watcher_(
          watches_, store_->commit_files(), [this] { tell_moves(); }, [this] { housekeeper_.reconsider(); }),
      housekeeper_(
          *settings_.housekeeping, [this](std::stop_token stop) { return housekeeping_round(std::move(stop)); },
          [this](bool after_round, std::stop_token stop) { return plan_round(after_round, std::move(stop)); }),
      generation_(fork_guard::generation()) {
  fork_guard::enroll(*this);
}

Engine::~Engine() {
  close();
  fork_guard::withdraw(*this);
}

void Engine::Retire::operator()(Engine* engine) const noexcept {
  if (!engine->is_inherited()) delete engine;
}

bool Engine::is_inherited() const noexcept { return generation_ != fork_guard::generation(); }

void Engine::enter() const {
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

Moment Engine::moment() const {
  const std::int64_t now = settings_.clock();
  return {now, settings_.lease_clock.now(), settings_.lease_clock.name, wall_.expired_until(now)};
}

core::MakeRequestId Engine::fresh_request_id() const {
  return [this] { return core::format_uuid(settings_.ids(IdKind::request)); };
}

store::Patience Engine::long_patience(const Call& call) const {
  store::Patience patience = this->patience(call);
  if (!call.timeout) patience.until = std::chrono::steady_clock::now() + capped(std::chrono::microseconds::max());
  return patience;
}

void Engine::commit(store::Change change, const Call& call, const store::Patience& until) {
  std::optional<core::Error> error;
  commit({&change, 1}, {&error, 1}, call, until);
  if (error) throw core::Failure(std::move(*error));
}

void Engine::commit(std::span<store::Change> changes, std::span<std::optional<core::Error>> errors, const Call& call,
                    const store::Patience& until) {
  for (store::Change& change : changes) {
    change.patience = until;
    change.has_statements = !call.also.empty();
  }
  if (settings_.durability == store::Durability::relaxed)
    for (store::Change& change : changes) change.durability = store::Durability::relaxed;
  if (call.is_our_own)
    for (store::Change& change : changes) change.tells = false;
  group_.run(changes, errors, until.until, call.stop);
  const bool seen =
      std::any_of(changes.begin(), changes.end(), [](const store::Change& change) { return change.seen; });
  if (seen && watches_->follows()) watches_->attention().raise();
}

core::Row Engine::change(const core::Key& key, const core::Intent& intent, const Call& call) {
  enter();
  check_call(call);
  require_possible(key);
  return edit({key, &intent, {}, {}, {}}, call);
}

core::Row Engine::edit(Edit what, const Call& call) {
  commit(change_of(what, call), call);
  tell(what.row);
  return std::move(what.row);
}

store::Change Engine::change_of(Edit& edit, const Call& call) {
  return {[this, &edit, &call](store::Session& session) {
    core::Context context = this->context(call);
    context.epoch = edit.epoch;
    if (edit.generation) require_given_out_here(session, *edit.generation);
    Carried carried = carry_out(session, edit.key, *edit.intent, context);
    if (carried.changed) run_also(session, call.also, edit.key, carried.row.task.updated_at);
    edit.row = std::move(carried.row);
  }};
}

void Engine::tell(const core::Row& row) {
  wake_housekeeper(row);
  // A task that ended makes room in a zone that is at its limit.
  const bool made_room = settings_.running_limit > 0 && taskstate::is_terminal(row.task.status);
  if (made_room || core::is_offered_again(row)) watches_->signal(row.task.zone_id, row.task.operation);
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

std::vector<core::Event> Engine::history(const core::Key& key, const Call& call, const HistoryQuery& query) {
  enter();
  std::vector<core::Detail> broken;
  core::check_page_limit(broken, "limit", query.limit);
  if (query.before_revision && *query.before_revision < 1)
    broken.push_back({"before_revision", "must be 1 or more, is " + std::to_string(*query.before_revision)});
  if (!broken.empty()) throw core::Failure(core::invalid(std::move(broken)));
  if (!is_possible(key)) return {};
  auto events = store_->history(key, query.before_revision, static_cast<std::size_t>(query.limit), patience(call));
  std::reverse(events.begin(), events.end());
  return events;
}

store::VerifyReport Engine::verify(const Call& call) {
  enter();
  return store_->verify(long_patience(call));
}

void Engine::backup(const std::string& path, const Call& call) {
  enter();
  store_->backup(path, long_patience(call));
}

core::Answer Engine::accept(const core::Row& created, const core::Request& request) {
  return core::accept(created.task, created.body, request, settings_.policy, settings_.clock(), fresh_request_id());
}

core::Answer Engine::accept(const core::Error& failure, const core::Request& request) {
  return core::accept(failure, request, settings_.policy, settings_.clock(), fresh_request_id());
}

std::shared_ptr<Watch> Engine::watch() {
  enter();
  watcher_.start();
  return std::make_shared<Watch>(watches_);
}

NewsSource Engine::news_source() {
  const auto patience = [this] { return store::Patience(std::chrono::steady_clock::now() + settings_.timeout); };
  const auto look = [this, patience](const core::Key& key) -> std::optional<store::Move> {
    const auto row = is_possible(key) ? store_->answer(key, {}, patience()).row : std::nullopt;
    if (!row) return std::nullopt;
    return store::Move{0, key, row->revision, taskstate::is_terminal(row->status)};
  };
  return {[this, patience] { return store_->latest_event(patience()); }, look};
}

// What cannot be read now is told with the next commit.
void Engine::tell_moves() noexcept {
  constexpr std::size_t at_once = 1000;
  try {
    while (const auto after = watches_->following()) {
      const auto moves = store_->moves(*after, at_once, {std::chrono::steady_clock::now() + settings_.timeout});
      if (const std::uint64_t content = store_->content(); content != told_content_) {
        watches_->tell_all(store_->latest_event({std::chrono::steady_clock::now() + settings_.timeout}));
        told_content_ = content;
        return;
      }
      watches_->tell(moves);
      if (moves.size() < at_once) return;
    }
  } catch (const std::exception& failure) {
    log_->write(LogLevel::debug, failure.what());  // as it is: there may be no memory for more
  }
}

void Engine::close() noexcept {
  if (is_inherited() || closed_.exchange(true, std::memory_order_acq_rel)) return;
  group_.close();
  watches_->close();
  watcher_.stop();
  housekeeper_.stop();
  answers_.close();
  store_->close();
}

// The housekeeper first: its round may be inside of the store.
void Engine::before_fork() noexcept {
  housekeeper_.pause();
  watcher_.pause();
  store_->before_fork();
}

void Engine::after_fork_parent() noexcept {
  store_->after_fork_parent();
  watcher_.resume();
  housekeeper_.resume();
}

void Engine::after_fork_child() noexcept {
  store_->after_fork_child();
  watcher_.resume();
  housekeeper_.resume();
}

core::Answer answer_without_engine(core::KeyView key, const core::Request& request) {
  const IdSource ids = system_ids(system_now);
  return core::decide(key.zone_id, key.id, closed_failure().error(), request, core::Policy{}, system_now(),
                      [&ids] { return core::format_uuid(ids(IdKind::request)); });
}

}  // namespace tse::engine
