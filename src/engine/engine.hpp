// The engine: one open store, from open to close. What can be done with it is a function in a file of its own
// (create.hpp, claim.hpp, decide.hpp ...), which begins with enter().
#pragma once

#include "engine/checks.hpp"
#include "engine/context.hpp"
#include "engine/fork_guard.hpp"
#include "engine/settings.hpp"

#include <functional>
#include <memory>
#include <string>

namespace tse::engine {

/// Any number of threads.
class Engine : private fork_guard::Participant {
 public:
  /// Lets an engine go. One that a fork() brought here is left in memory: its locks may be held by
  /// threads that do not exist in this process.
  struct Retire {
    void operator()(Engine* engine) const noexcept;
  };
  using Ptr = std::unique_ptr<Engine, Retire>;

  /// Throws core::Failure, as every operation does unless it says otherwise.
  [[nodiscard]] static Ptr open(const std::string& path, Settings settings);
  /// Makes the store that an engine is to stand on. The settings have their clocks by then; the log outlives the store.
  using OpenStore = std::function<std::unique_ptr<store::Store>(const Settings& settings, const Log& log)>;
  /// The same over a store of any kind.
  [[nodiscard]] static Ptr open(const OpenStore& open_store, Settings settings);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// What an operation stands on. Throws Failure: closed, forked; then invalid_argument for what core finds broken in
  /// the call and the arguments.
  template <class... Arguments>
  [[nodiscard]] Context& enter(const Call& call, const Arguments&... arguments) {
    context_.lifetime.require();
    require(core::check(call, arguments...));
    context_.follow_settings(call);
    return context_;
  }
  /// The same for what answers also where the engine cannot be used.
  [[nodiscard]] Context& enter_anyhow() noexcept { return context_; }

  /// Acts at once: whoever waits and whoever comes later gets `closed`; a commit under way ends first.
  void close() noexcept;

 private:
  Engine(Settings settings, std::unique_ptr<Log> log, std::unique_ptr<store::Store> store);
  /// `path`: of the database, beside which there must be no log.
  static Ptr open(const std::string& path, const OpenStore& open_store, Settings settings);
  ~Engine() override;
  void before_fork() noexcept override;
  void after_fork_parent() noexcept override;
  void after_fork_child() noexcept override;

  Context context_;
};

}  // namespace tse::engine
