// One round of housekeeping, by whoever asks for it: the housekeeper's thread, or the host.
#pragma once

#include "engine/call.hpp"

#include <cstddef>
#include <cstdint>

namespace tse::engine {

class Engine;
struct Context;
struct Kept;

/// How many tasks, for each reason, one transaction of housekeeping changes at most.
inline constexpr std::size_t round_size = 64;

/// How many tasks changed.
std::int64_t tick(Engine& engine, const Call& call);
std::int64_t tick(Context& at, const Call& call);

/// Wakes who waits for what was kept, and logs what could not be.
void tell_kept(Context& at, const Kept& kept);

/// The wall clock is right, however far it has leapt.
void clock_ok(Engine& engine, const Call& call);

}  // namespace tse::engine
