// Descriptors that tell an event loop when to look.
#include "lease.hpp"

#include "core/check.hpp"

#include "engine/claim.hpp"
#include "engine/wait.hpp"

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
    made->watch = engine::watch(target);
    out = made.release();
  });
}

int32_t tse_watch_claim(tse_watch* watch, const tse_claim_spec* spec, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    engine::Watch& target = *capi::require(watch, "watch").watch;
    const engine::ClaimSpec wanted = capi::claim_in(spec);
    capi::require_none(core::check(wanted));
    target.await_claim(wanted.filter);
  });
}

int32_t tse_watch_task(tse_watch* watch, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                       int64_t revision, int64_t tag, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    engine::Watch& target = *capi::require(watch, "watch").watch;
    target.await_task(capi::key_in(zone_id, zone_id_size, id, id_size), capi::number_in(revision), tag);
  });
}

int32_t tse_watch_forget(tse_watch* watch, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                         int64_t tag, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    engine::Watch& target = *capi::require(watch, "watch").watch;
    target.forget_task(capi::key_in(zone_id, zone_id_size, id, id_size), tag);
  });
}

int32_t tse_watch_take(tse_watch* watch, int64_t* tags, size_t capacity, size_t* count, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    engine::Watch& target = *capi::require(watch, "watch").watch;
    std::size_t& out = capi::require(count, "count");
    if (capacity > 0) (void)capi::require(tags, "tags");
    out = target.take({tags, capacity});
  });
}

int32_t tse_watch_changes(tse_watch* watch, const char* zone_id, size_t zone_id_size, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    engine::Watch& target = *capi::require(watch, "watch").watch;
    const core::ZoneFilter zone{capi::owned(capi::text_in(zone_id, zone_id_size, "zone_id"))};
    capi::require_none(core::check(zone));
    target.await_changes(zone.zone_id.value_or(""));
  });
}

intptr_t tse_watch_descriptor(const tse_watch* watch) noexcept { return watch ? watch->watch->descriptor() : -1; }

int32_t tse_watch_reset(tse_watch* watch, tse_error** error) noexcept {
  return capi::guard(error, [&] { capi::require(watch, "watch").watch->reset(); });
}

void tse_watch_free(tse_watch* watch) noexcept { delete watch; }
