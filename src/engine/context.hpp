// What every operation stands on: the open store, and what the engine keeps beside it.
#pragma once

#include "core/apply.hpp"
#include "core/error.hpp"
#include "engine/answer_cache.hpp"
#include "engine/call.hpp"
#include "engine/claim_turn.hpp"
#include "engine/housekeeper.hpp"
#include "engine/lifetime.hpp"
#include "engine/log.hpp"
#include "engine/rules.hpp"
#include "engine/settings.hpp"
#include "engine/watch.hpp"
#include "engine/watcher.hpp"
#include "store/store.hpp"

#include <memory>
#include <optional>
#include <span>

namespace tse::engine {

/// Any number of threads. Its parts are listed in the order in which they are built upon one another.
struct Context {
  Context(Settings chosen, std::unique_ptr<Log> own_log, std::unique_ptr<store::Store> opened);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const Settings settings;
  Lifetime lifetime;
  const std::unique_ptr<Log> log;
  const std::unique_ptr<store::Store> store;
  Rules rules;  ///< what of the settings is the file's
  AnswerCache answers;
  const std::shared_ptr<Watches> watches;
  SharedClaimTurn claim_turn;
  Watcher watcher;
  Housekeeper housekeeper;

  /// How long a call waits: as it says, else as the settings say.
  [[nodiscard]] store::Patience patience(const Call& call) const;
  /// The same for what reads all there is: without an end unless the call names one.
  [[nodiscard]] store::Patience long_patience(const Call& call) const;
  /// By the host's clock, or by the store's.
  [[nodiscard]] core::Context occasion(const Call& call) const;
  [[nodiscard]] core::Context occasion(store::View& view, const Call& call) const;
  [[nodiscard]] core::MakeRequestId fresh_request_id() const;

  /// Reads the file's settings again if the store has found others than are known. Never fails: what cannot be read is
  /// told in the log, and those from before hold.
  void follow_settings(const Call& call) noexcept {
    if (store->settings_stamp() != rules.stamp()) read_settings(call);
  }
  /// Reads them. Throws Failure.
  void renew_settings(const store::Patience& patience);

  /// Durable on return. Throws Failure.
  void commit(store::Change change, const Call& call) { commit(std::move(change), call, patience(call)); }
  void commit(store::Change change, const Call& call, const store::Patience& until);
  /// Each on its own: errors[i] tells why changes[i] was not done.
  void commit(std::span<store::Change> changes, std::span<std::optional<core::Error>> errors, const Call& call,
              const store::Patience& until);

  /// A watch of nothing yet. It may outlive the engine.
  [[nodiscard]] std::shared_ptr<Watch> watch();
  /// Wakes whoever waits for what the row has made possible.
  void tell(const core::Row& row);

 private:
  void read_settings(const Call& call) noexcept;
};

}  // namespace tse::engine
