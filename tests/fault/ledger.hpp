// What callers were told, held against what the feed tells: every change acknowledged is there, every change that is
// there was acknowledged or is the one call that a killed thread was in, and no task was held or ended by two.
#pragma once

#include "core/task.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tse::test {

/// Which process made a call, which of its threads, and its how-manyth call it was, from 1 on. It is the call's actor,
/// so that each event names the call that made it.
struct CallName {
  std::uint32_t process = 0;
  std::uint32_t thread = 0;
  std::uint32_t number = 0;
  auto operator<=>(const CallName&) const = default;
};

inline std::string text_of(const CallName& call) {
  return std::to_string(call.process) + '.' + std::to_string(call.thread) + '.' + std::to_string(call.number);
}

/// Nothing for an actor that is no call's: of housekeeping, and of the parent.
inline std::optional<CallName> call_in(std::string_view actor) {
  CallName call;
  for (std::uint32_t* part : {&call.process, &call.thread, &call.number}) {
    const auto [end, error] = std::from_chars(actor.data(), actor.data() + actor.size(), *part);
    if (error != std::errc()) return std::nullopt;
    actor.remove_prefix(std::min(actor.size(), static_cast<std::size_t>(end - actor.data()) + 1));
  }
  return call;
}

/// What a call told of one task. It goes through a pipe as it is.
struct Reply {
  enum What : std::uint8_t { nothing, changed, replayed, erased };
  CallName call;
  What what = nothing;
  core::Status status = core::Status::pending;
  std::int64_t revision = 0;
  std::int64_t version = 0;
  std::int64_t epoch = 0;
  std::array<char, 64> task{};             // zone_id/id
  std::array<char, 64> etag{};             // of `changed`
  std::array<char, 64> idempotency_key{};  // of `replayed`
};

template <std::size_t size>
void set_text(std::array<char, size>& to, std::string_view text) {
  std::copy_n(text.data(), std::min(text.size(), size - 1), to.begin());
}

struct Ledger {
  struct Event {
    std::optional<CallName> call;
    std::string kind;
    std::optional<core::Status> from;
    core::Status to = core::Status::pending;
    std::int64_t revision = 0;
    std::int64_t epoch = 0;
    std::string idempotency_key;
  };
  struct Task {
    std::vector<Event> events;
    bool purged = false;  // what was read of its events before is kept
  };

  void take(const Reply& reply) {
    returned[{reply.call.process, reply.call.thread}] = reply.call.number;
    if (reply.what != Reply::nothing) replies.push_back(reply);
  }
  void take(const core::Event& event) {
    Task& task = tasks[event.key.zone_id + '/' + event.key.id];
    if (event.kind == "purged") {
      task.purged = true;
    } else {
      task.events.push_back({call_in(event.worker.value_or("")), event.kind, event.from, event.to, event.revision,
                             event.epoch, event.request_id.value_or("")});
    }
  }

  std::vector<Reply> replies;
  std::map<std::string, Task> tasks;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> returned;  // the last call of each thread that did
  std::set<std::uint32_t> dead;
};

/// Holds the two sides of a ledger against each other. The replies must have been read before the feed was.
class Audit {
 public:
  explicit Audit(const Ledger& ledger) : ledger_(ledger) {
    for (const Reply& reply : ledger.replies)
      if (reply.what == Reply::changed) told_[{reply.call, reply.task.data()}] = reply.revision;
    for (const auto& [name, task] : ledger.tasks) {
      look_at_life(name, task);
      for (const Ledger::Event& event : task.events) look_for_caller(name, event);
    }
    for (const Reply& reply : ledger.replies) look_for_change(reply);
  }
  std::vector<std::string> problems;
  std::set<CallName> in_doubt;  // calls of the dead that were done, and never returned

 private:
  void require(bool good, const std::string& name, const std::string& what) {
    if (!good) problems.push_back(name + ": " + what);
  }

  void look_at_life(const std::string& name, const Ledger::Task& task) {
    std::optional<core::Status> status;
    std::int64_t epoch = 0;  // of the newest lease
    bool held = false;       // under it
    for (std::size_t i = 0; i < task.events.size(); ++i) {
      const Ledger::Event& event = task.events[i];
      const std::string which = event.kind + " at revision " + std::to_string(event.revision);
      require(event.revision == static_cast<std::int64_t>(i) + 1, name, which + " comes out of order");
      require(event.from == status, name, which + " does not begin where the event before ended");
      require(!status || !taskstate::is_terminal(*status), name, which + " comes after the end");
      if (event.kind == "created" && !event.idempotency_key.empty())
        require(made_.emplace(event.idempotency_key, name).second, name, "its idempotency key made another task, too");
      if (event.kind == "started" && event.epoch > 0) {
        require(epochs_.insert(event.epoch).second, name, which + " has an epoch that was given out before");
        require(!held && event.epoch > epoch, name, which + " takes it from its holder");
        epoch = event.epoch;
        held = true;
      }
      const bool ends_lease = event.kind == "lost" || event.kind == "released";
      if (ends_lease || (epoch > 0 && (event.kind == "completed" || event.kind == "failed")))
        require(held && event.epoch == epoch, name, which + " is under a lease that had ended");
      if (ends_lease) held = false;
      status = event.to;
    }
  }

  void look_for_caller(const std::string& name, const Ledger::Event& event) {
    if (!event.call) return require(event.kind == "lost", name, event.kind + " was done by nobody");
    const CallName& call = *event.call;
    const auto found = ledger_.returned.find({call.process, call.thread});
    const std::uint32_t returned = found != ledger_.returned.end() ? found->second : 0;
    if (call.number <= returned) {
      const auto told = told_.find({call, name});
      require(told != told_.end() && told->second >= event.revision, name,
              event.kind + " was done by call " + text_of(call) + ", which did not tell so");
    } else if (ledger_.dead.contains(call.process)) {
      require(call.number == returned + 1, name, "call " + text_of(call) + " was done before others returned");
      in_doubt.insert(call);
    }
  }

  void look_for_change(const Reply& reply) {
    const std::string name = reply.task.data();
    const auto found = ledger_.tasks.find(name);
    const std::string call = "call " + text_of(reply.call);
    if (found == ledger_.tasks.end()) return require(false, name, call + " was acknowledged, and there is no task");
    const Ledger::Task& task = found->second;
    if (reply.what == Reply::erased) require(task.purged, name, call + " erased it, and it is there");
    if (reply.what == Reply::replayed) {
      const auto made = made_.find(reply.idempotency_key.data());
      require(made != made_.end() && made->second == name, name, call + " was given it for another's key");
    }
    if (reply.what != Reply::changed || task.purged) return;
    const auto index = static_cast<std::size_t>(reply.revision - 1);
    if (index >= task.events.size())
      return require(false, name, call + " was told of revision " + std::to_string(reply.revision) + ", which is lost");
    const Ledger::Event& event = task.events[index];
    require(event.call == reply.call && event.to == reply.status && event.epoch == reply.epoch, name,
            call + " was told otherwise than revision " + std::to_string(reply.revision) + " has it");
  }

  const Ledger& ledger_;
  std::map<std::pair<CallName, std::string>, std::int64_t> told_;
  std::map<std::string, std::string> made_;  // task by idempotency key
  std::set<std::int64_t> epochs_;
};

}  // namespace tse::test
