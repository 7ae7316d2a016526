// Creating, changing and reading tasks.
#include "internal.hpp"

#include "core/check.hpp"
#include "core/codec.hpp"
#include "engine/change.hpp"
#include "engine/create.hpp"
#include "engine/read.hpp"
#include "engine/retry.hpp"
#include "engine/wait.hpp"

#include <memory>

using namespace tse;

namespace {

struct KeyArguments {
  const char* zone_id;
  size_t zone_id_size;
  const char* id;
  size_t id_size;
};

/// One change of one task: `intent` is made inside the guard, since reading it may refuse.
template <class MakeIntent>
int32_t change(tse_engine* engine, const KeyArguments& key, const tse_call* call, tse_task** task, tse_error** error,
               MakeIntent&& intent) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    const core::Key to = capi::key_in(key.zone_id, key.zone_id_size, key.id, key.id_size);
    capi::hand_out_committed(task, engine::change(target, to, intent(), capi::call_in(call)));
  });
}

}  // namespace

int32_t tse_task_get(const tse_task* task, tse_task_view* view) noexcept {
  return capi::guard(nullptr, [&] { capi::require(task, "task").snapshot.view(capi::require_struct(view, "view")); });
}

void tse_task_free(tse_task* task) noexcept { delete task; }

int32_t tse_task_from_json(const char* zone_id, size_t zone_id_size, const char* json, size_t size, tse_task** task,
                           tse_error** error) noexcept {
  return capi::guard(error, [&] {
    tse_task*& out = capi::require(task, "task");
    const std::string text = capi::text_or_empty(json, size, "json");
    const core::ZoneFilter zone{capi::owned(capi::text_in(zone_id, zone_id_size, "zone_id"))};
    core::Row row;
    row.task = core::parse_task(text);
    row.body = core::render(row.task);
    capi::require_none(core::check(zone));
    row.task.zone_id = zone.zone_id.value_or("");
    capi::hand_out(out, std::move(row));
  });
}

int32_t tse_task_validate(const tse_task* task, tse_error** error) noexcept {
  return capi::guard(error, [&] { capi::require_none(core::check(capi::require(task, "task").snapshot.row)); });
}

int32_t tse_create(tse_engine* engine, const tse_new_task* spec, const tse_call* call, tse_task** task,
                   tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    engine::Created created = engine::create(target, capi::new_task_in(spec), capi::call_in(call));
    capi::hand_out_committed(task, std::move(created.row), created.replayed);
  });
}

int32_t tse_start(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                  const tse_call* call, tse_task** task, tse_error** error) noexcept {
  return change(engine, {zone_id, zone_id_size, id, id_size}, call, task, error,
                [] { return core::Intent(core::Start{}); });
}

int32_t tse_annotate(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                     const tse_update* update, const tse_call* call, tse_task** task, tse_error** error) noexcept {
  return change(engine, {zone_id, zone_id_size, id, id_size}, call, task, error, [&] {
    (void)capi::require(update, "update");
    return core::Intent(core::Annotate{capi::additions_in(update)});
  });
}

int32_t tse_complete(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                     const tse_update* update, const tse_call* call, tse_task** task, tse_error** error) noexcept {
  return change(engine, {zone_id, zone_id_size, id, id_size}, call, task, error,
                [&] { return core::Intent(capi::completion_in(update)); });
}

int32_t tse_fail(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                 const tse_update* update, const tse_call* call, tse_task** task, tse_error** error) noexcept {
  return change(engine, {zone_id, zone_id_size, id, id_size}, call, task, error,
                [&] { return core::Intent(capi::failure_in(update)); });
}

int32_t tse_cancel(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                   int32_t flags, const char* reason, size_t reason_size, const tse_call* call, tse_task** task,
                   tse_error** error) noexcept {
  return change(engine, {zone_id, zone_id_size, id, id_size}, call, task, error, [&] {
    capi::require_flags(flags, TSE_CANCEL_FORCE);
    return core::Intent(
        core::Cancel{flags == TSE_CANCEL_FORCE, capi::owned(capi::text_in(reason, reason_size, "reason"))});
  });
}

int32_t tse_reprioritize(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                         int64_t priority, const tse_call* call, tse_task** task, tse_error** error) noexcept {
  return change(engine, {zone_id, zone_id_size, id, id_size}, call, task, error,
                [&] { return core::Intent(core::Reprioritize{priority}); });
}

int32_t tse_retry(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                  int32_t flags, const tse_call* call, tse_task** task, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    const core::Key key = capi::key_in(zone_id, zone_id_size, id, id_size);
    capi::require_flags(flags, TSE_RETRY_AGAIN);
    capi::hand_out_committed(task, engine::retry(target, key, flags == TSE_RETRY_AGAIN, capi::call_in(call)));
  });
}

int32_t tse_get(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                int32_t flags, const tse_call* call, tse_task** task, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    tse_task*& out = capi::require(task, "task");
    capi::require_flags(flags, TSE_WITH_PAYLOAD);
    const core::Key key = capi::key_in(zone_id, zone_id_size, id, id_size);
    const engine::Call how = capi::call_in(call);
    std::optional<core::Row> row = engine::get(target, key, how);
    if (!row || (flags & TSE_WITH_PAYLOAD) == 0) return capi::hand_out(out, std::move(row));
    out = new tse_task{capi::Snapshot(*std::move(row), engine::payload(target, key, how))};
  });
}

int32_t tse_wait(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                 int64_t revision, int64_t wait_us, const tse_call* call, tse_task** task, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    tse_task*& out = capi::require(task, "task");
    const core::Key key = capi::key_in(zone_id, zone_id_size, id, id_size);
    capi::hand_out(out, engine::wait(target, key, capi::number_in(revision), std::chrono::microseconds(wait_us),
                                     capi::call_in(call)));
  });
}
