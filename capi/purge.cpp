// Removing tasks, and keeping a copy of all.
#include "internal.hpp"

#include "engine/file.hpp"
#include "engine/purge.hpp"

using namespace tse;

int32_t tse_purge(tse_engine* engine, const tse_purge_spec* spec, const tse_call* call, int64_t* count,
                  tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    const tse_purge_spec& from = capi::require_struct(spec, "spec");
    engine::PurgeQuery query{capi::field_in(from.zone_id, "zone_id"), {}, from.limit};
    if (from.older_than_us != TSE_NONE) query.older_than = std::chrono::microseconds(from.older_than_us);
    const std::int64_t removed = engine::purge(target, query, capi::call_in(call));
    if (count != nullptr) *count = removed;
  });
}

int32_t tse_erase(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                  const tse_call* call, int32_t* erased, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    const bool was_there = engine::erase(target, capi::key_in(zone_id, zone_id_size, id, id_size), capi::call_in(call));
    if (erased != nullptr) *erased = was_there ? 1 : 0;
  });
}

int32_t tse_backup(tse_engine* engine, const char* path, size_t size, const tse_call* call,
                   tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    engine::backup(target, capi::text_or_empty(path, size, "path"), capi::call_in(call));
  });
}
