// What claims pass over.
#include "internal.hpp"

#include "engine/pause.hpp"

using namespace tse;

namespace {

int32_t set_paused(tse_engine* engine, const tse_pause_spec* spec, const tse_call* call, int32_t* changed,
                   tse_error** error,
                   bool (*set)(engine::Engine&, const core::PauseTarget&, const engine::Call&)) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    const tse_pause_spec& from = capi::require_struct(spec, "spec");
    const core::PauseTarget what{capi::field_in(from.zone_id, "zone_id"), capi::field_in(from.operation, "operation")};
    const bool is_new = set(target, what, capi::call_in(call));
    if (changed != nullptr) *changed = is_new ? 1 : 0;
  });
}

}  // namespace

int32_t tse_pause(tse_engine* engine, const tse_pause_spec* spec, const tse_call* call, int32_t* changed,
                  tse_error** error) noexcept {
  return set_paused(engine, spec, call, changed, error, engine::pause);
}

int32_t tse_unpause(tse_engine* engine, const tse_pause_spec* spec, const tse_call* call, int32_t* changed,
                    tse_error** error) noexcept {
  return set_paused(engine, spec, call, changed, error, engine::unpause);
}
