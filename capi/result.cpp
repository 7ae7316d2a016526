// What a completed task has stored as its result.
#include "internal.hpp"

#include "engine/result.hpp"

using namespace tse;

struct tse_stored_result {
  core::StoredResult stored;
};

int32_t tse_stored_result_read(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id,
                               size_t id_size, const tse_call* call, tse_stored_result** result,
                               tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    tse_stored_result*& out = capi::require(result, "result");
    const core::Key key = capi::key_in(zone_id, zone_id_size, id, id_size);
    out = new tse_stored_result{engine::result(target, key, capi::call_in(call))};
  });
}

int32_t tse_stored_result_get(const tse_stored_result* result, tse_stored_result_view* view) noexcept {
  return capi::guard(nullptr, [&] {
    const core::StoredResult& from = capi::require(result, "result").stored;
    tse_stored_result_view& out = capi::require_struct(view, "view");
    out.bytes = capi::text_out(from.bytes);
    out.media_type = capi::text_out(from.media_type);
  });
}

void tse_stored_result_free(tse_stored_result* result) noexcept { delete result; }
