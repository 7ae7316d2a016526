// What a program does, one operation after the other. An operation is made of one 64-bit number, so that chance, a
// fuzzer and a person can all write programs, and any part of a program is a program.
#pragma once

#include "model.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace tse::model {

/// How far back something lies that was handed out: 0 is the newest.
using Back = std::size_t;

/// Whom a change concerns: a task by its key, or the holder of a lease.
struct Target {
  Key key;
  std::optional<Back> lease{};
};

// clang-format off
struct Create { NewTask spec; Call call{}; };
struct Start { Key key; Call call{}; };
struct Annotate { Target target; Update update; Call call{}; };
struct Complete { Target target; Update update; Call call{}; };
struct Fail { Target target; Update update; Call call{}; };
struct StartLeased { Key key; Text worker; Us duration = none; Call call{}; };
struct Cancel { Key key; bool force = false; Text reason{}; Call call{}; };
struct Claim { ClaimSpec spec; Call call{}; };
struct Heartbeat { Back lease = 0; Us duration = none; Text progress{}; };
struct Release { Back lease = 0; Us delay = 0; };
struct Tick {};
struct Advance { Us by = 0; };
struct Get { Key key; bool payload = false; };
struct History { Key key; };
struct List { Filter filter; std::size_t limit = 50; std::optional<Back> after{}, before{}; bool with_total = false; };
struct ReadChanges { Text zone{}; std::optional<Back> after{}; int flags = 0; std::size_t limit = 100; };
struct Decide { Key key; Request request; std::optional<Back> tag{}; bool weak = false; };
struct Purge { Text zone{}; Us older_than = 0; std::int64_t limit = 0; };
struct Erase { Key key; };
struct Count { Text zone{}; };
struct Verify {};
struct Reopen {};
struct Checkpoint {};
struct Restore {};
/// The changes that follow it, up to so many, are one call.
struct Batch { std::size_t most = 0; };
// clang-format on

using Action = std::variant<Create, Start, Annotate, Complete, Fail, StartLeased, Cancel, Claim, Heartbeat, Release,
                            Tick, Advance, Get, History, List, ReadChanges, Decide, Purge, Erase, Count, Verify, Reopen,
                            Checkpoint, Restore, Batch>;

struct Operation {
  Action action;
  std::size_t engine = 0;  // which of the engines that have the file open
};

/// Where a program runs.
struct Setup {
  bool in_memory = false;
  std::size_t engines = 1;
  Options options{};
};

using Program = std::vector<std::uint64_t>;  // the first is the setup

Setup setup_of(std::uint64_t number);
Operation operation_of(std::uint64_t number);

}  // namespace tse::model
