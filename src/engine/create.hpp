// Creating a task, once for each idempotency key.
#pragma once

#include "core/apply.hpp"
#include "core/task.hpp"
#include "engine/call.hpp"
#include "store/store.hpp"

namespace tse::engine {

class Engine;
struct Context;

/// A task as create() made it, or found it by its idempotency key.
struct Created {
  core::Row row;
  bool replayed = false;
};

/// Durable on return. An empty id: one is made.
Created create(Engine& engine, core::NewTask spec, const Call& call);

/// Stores the new task of `created`, or puts the first task of its idempotency key in its place. `spec` has its id.
void create_in(Context& at, store::Session& session, const core::NewTask& spec, const Call& call, Created& created);

/// A task that is to be made.
struct Creation {
  core::NewTask spec;
  core::Row fresh;
  core::Key key = fresh.key();
  core::Key predecessor{spec.zone_id, spec.retry_of.value_or("")};
  Created made{};
};
/// Throws Failure for what the rules refuse.
[[nodiscard]] Creation prepare_create(const Context& at, core::NewTask spec, const Call& call);
/// Refers to all three.
[[nodiscard]] store::Change change_of(Context& at, Creation& creation, const Call& call);
/// Wakes whoever waits for what was made.
void tell(Context& at, const Created& made);

}  // namespace tse::engine
