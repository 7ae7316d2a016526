// Descriptors that tell an event loop when to look.
#include "lease.hpp"

#include <memory>

using namespace tse;

struct tse_watch {
  std::shared_ptr<engine::Watch> watch;
};

int32_t tse_watch_new(tse_engine* engine, tse_watch** watch, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    tse_watch*& out = capi::require(watch, "watch");
    auto made = std::make_unique<tse_watch>();
    made->watch = target.watch();
    out = made.release();
  });
}

int32_t tse_watch_claim(tse_watch* watch, const tse_claim_spec* spec, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    engine::Watch& target = *capi::require(watch, "watch").watch;
    const engine::ClaimSpec wanted = capi::claim_in(spec);
    engine::check(wanted);
    target.await_claim(wanted.filter);
  });
}

intptr_t tse_watch_descriptor(const tse_watch* watch) noexcept { return watch ? watch->watch->descriptor() : -1; }

int32_t tse_watch_reset(tse_watch* watch, tse_error** error) noexcept {
  return capi::guard(error, [&] { capi::require(watch, "watch").watch->reset(); });
}

void tse_watch_free(tse_watch* watch) noexcept { delete watch; }
