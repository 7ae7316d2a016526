#include "engine/engine.hpp"

#include "engine/callbacks.hpp"
#include "engine/checks.hpp"
#include "engine/open_store.hpp"

#include <utility>

namespace tse::engine {
namespace {

constexpr std::chrono::microseconds usual_housekeeping =
    core::usual_duration(taskstate::contract::option::housekeeping);

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
    settings.lease_clock = {"host:" + settings.boot_id.value_or(""),
                            settings.boot_clock ? settings.boot_clock : settings.clock};
  } else if (!settings.lease_clock.now) {
    settings.lease_clock = store::system_lease_clock(settings.boot_id.value_or(""));
  }
  // Where the time stands still until the host moves it, the host says when to look.
  if (!settings.housekeeping) settings.housekeeping = injected ? std::chrono::microseconds(0) : usual_housekeeping;
  if (settings.mode == Mode::read_only) settings.housekeeping = std::chrono::microseconds(0);
}

}  // namespace

Engine::Ptr Engine::open(const std::string& path, Settings settings) {
  const auto in_file = [&path](const Settings& chosen, const Log& log) { return open_store(path, chosen, log); };
  return open(path, in_file, std::move(settings));
}

Engine::Ptr Engine::open(const OpenStore& open_store, Settings settings) {
  return open(":memory:", open_store, std::move(settings));
}

Engine::Ptr Engine::open(const std::string& path, const OpenStore& open_store, Settings settings) {
  const auto report = std::make_shared<CallbackReport>();
  require(core::check(settings));
  choose_clocks(settings, report);
  auto log = std::make_unique<Log>(log_settings(path, settings));
  report->tell_to([to = log.get()](std::string_view line) { to->write(LogLevel::error, line); });
  auto store = open_store(settings, *log);
  Ptr engine(new Engine(std::move(settings), std::move(log), std::move(store)));
  Context& context = engine->context_;
  context.renew_settings(context.patience({}));
  if (context.settings.housekeeping->count() > 0) context.housekeeper.start();
  return engine;
}

Engine::Engine(Settings settings, std::unique_ptr<Log> log, std::unique_ptr<store::Store> store)
    : context_(std::move(settings), std::move(log), std::move(store)) {
  fork_guard::enroll(*this);
}

Engine::~Engine() {
  close();
  fork_guard::withdraw(*this);
}

void Engine::Retire::operator()(Engine* engine) const noexcept {
  if (!engine->context_.lifetime.is_inherited()) delete engine;
}

void Engine::close() noexcept {
  if (context_.lifetime.is_inherited() || !context_.lifetime.close()) return;
  context_.watches->close();
  context_.answers.close();
  context_.store->close();
  context_.watcher.stop();
  context_.housekeeper.stop();
}

// The housekeeper first: its round may be inside of the store.
void Engine::before_fork() noexcept {
  context_.housekeeper.pause();
  context_.watcher.pause();
  context_.store->at_fork(store::Fork::before);
}

void Engine::after_fork_parent() noexcept {
  context_.store->at_fork(store::Fork::parent);
  context_.watcher.resume();
  context_.housekeeper.resume();
}

void Engine::after_fork_child() noexcept {
  context_.store->at_fork(store::Fork::child);
  context_.watcher.resume();
  context_.housekeeper.resume();
}

}  // namespace tse::engine
