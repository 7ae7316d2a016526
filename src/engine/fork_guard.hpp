// fork(): what an engine's open connections mean to a child that inherits them.
//
// Before the fork our own transactions are let finish. In the child every inherited store is only marked;
// its connections are closed at the child's first taskstate call, before anything is opened. Closing them
// inside the handler deadlocks if another thread was inside SQLite; opening while they are still open makes
// SQLite believe that the child holds locks which only the parent has.
#pragma once

#include "store/store.hpp"

#include <cstdint>

namespace tse::engine::fork_guard {

/// From now on the store takes part in fork(). It must be withdrawn before it is destroyed.
void enroll(store::Store& store);
/// Takes out a store that this process enrolled itself.
void withdraw(store::Store& store) noexcept;

/// How many forks lie between the first process and this one. What was made in another generation is
/// inherited: it must not be used, nor destroyed, since its mutexes may be held by threads that do not
/// exist here. One relaxed load.
[[nodiscard]] std::uint64_t generation() noexcept;

/// To be called first by everything that may touch a store: in a forked child, the first call closes
/// what was inherited. Otherwise one relaxed load.
void enter() noexcept;

}  // namespace tse::engine::fork_guard
