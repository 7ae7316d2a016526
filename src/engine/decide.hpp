// The HTTP answers: to a status request, from what is cached if that is current, else from the store; and to a create.
#pragma once

#include "core/answer.hpp"
#include "core/error.hpp"
#include "core/task.hpp"
#include "engine/call.hpp"

#include <cstdint>

namespace tse::engine {

class Engine;

/// Whether decide() waits itself for what the request's Prefer asks, or tells for how long to.
enum class Waiting { here, elsewhere };

/// Every failure is an answer; throws std::bad_alloc at most. Tells how long to wait elsewhere, in us.
std::int64_t decide(Engine& engine, core::Answer& out, core::KeyView key, const core::Request& request, Waiting waiting,
                    const Call& call);
/// The same, if the answer is cached and current. Never blocks.
bool decide_cached(Engine& engine, core::Answer& out, core::KeyView key, const core::Request& request);
/// The answer where there is no usable engine: 503.
[[nodiscard]] core::Answer answer_without_engine(core::KeyView key, const core::Request& request);

core::Answer accept(Engine& engine, const core::Row& created, const core::Request& request);
core::Answer accept(Engine& engine, const core::Error& failure, const core::Request& request);

}  // namespace tse::engine
