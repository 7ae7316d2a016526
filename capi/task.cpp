// Creating, changing and reading tasks.
#include "internal.hpp"

#include "core/codec.hpp"
#include "core/validate.hpp"

#include <memory>

using namespace tse;

namespace {

void hand_out(tse_task** out, core::Row row, core::Text payload = {}) {
  if (out != nullptr) *out = new tse_task{capi::Snapshot(std::move(row), std::move(payload))};
}

void hand_out_committed(tse_task** out, core::Row row) {
  try {
    hand_out(out, std::move(row));
  } catch (const std::bad_alloc&) {
    throw capi::NoMemoryAfterCommit();
  }
}

std::vector<core::Link> links_in(const tse_str& json) {
  const auto text = capi::text_in(json, "links");
  return text ? core::parse_links(*text) : std::vector<core::Link>{};
}

std::vector<core::Warning> warnings_in(const tse_str& json) {
  const auto text = capi::text_in(json, "warnings");
  return text ? core::parse_warnings(*text) : std::vector<core::Warning>{};
}

core::Text field_in(const tse_str& text, const char* name) { return capi::owned(capi::text_in(text, name)); }

core::Additions additions_in(const tse_update& update) {
  return {field_in(update.install_id, "install_id"),
          field_in(update.package_id, "package_id"),
          field_in(update.package_slug, "package_slug"),
          capi::number_in(update.package_version),
          links_in(update.links),
          warnings_in(update.warnings)};
}

core::Additions additions_without_error(const tse_update* update) {
  if (update == nullptr) return {};
  const tse_update& from = capi::require_struct(update, "update");
  if (from.error_message.data != nullptr) capi::refuse("error_message", "belongs to a failure only");
  if (from.error_detail.data != nullptr) capi::refuse("error_detail", "belongs to a failure only");
  return additions_in(from);
}

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
    hand_out_committed(task, target.change(to, intent(), capi::call_in(call)));
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
    const auto text = capi::text_in(json, size, "json");
    if (!text) capi::refuse("json", "must not be NULL");
    const auto zone = capi::text_in(zone_id, zone_id_size, "zone_id");
    core::Row row;
    row.task = core::parse_task(*text);
    row.body = core::render(row.task);
    if (zone) {
      std::vector<core::Detail> broken;
      core::check_id(broken, "zone_id", *zone);
      if (!broken.empty()) throw core::Failure(core::invalid(std::move(broken)));
      row.task.zone_id = *zone;
    }
    hand_out(&out, std::move(row));
  });
}

int32_t tse_task_validate(const tse_task* task, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto broken = core::validate(capi::require(task, "task").snapshot.row.task);
    if (!broken.empty()) throw core::Failure(core::invalid(std::move(broken)));
  });
}

int32_t tse_create(tse_engine* engine, const tse_new_task* spec, const tse_call* call, tse_task** task,
                   tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    const tse_new_task& from = capi::require_struct(spec, "spec");
    const core::Text id = field_in(from.id, "id");
    if (id && id->empty()) capi::refuse("id", "must be 1-128 bytes, has 0 bytes");
    core::NewTask made{field_in(from.zone_id, "zone_id").value_or(""),
                       id.value_or(""),
                       field_in(from.operation, "operation").value_or(""),
                       field_in(from.install_id, "install_id"),
                       field_in(from.package_id, "package_id"),
                       field_in(from.package_slug, "package_slug"),
                       capi::number_in(from.package_version),
                       links_in(from.links),
                       warnings_in(from.warnings),
                       field_in(from.payload, "payload")};
    hand_out_committed(task, target.create(std::move(made), capi::call_in(call)));
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
    return core::Intent(core::Annotate{additions_without_error(update)});
  });
}

int32_t tse_complete(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                     const tse_update* update, const tse_call* call, tse_task** task, tse_error** error) noexcept {
  return change(engine, {zone_id, zone_id_size, id, id_size}, call, task, error,
                [&] { return core::Intent(core::Complete{additions_without_error(update)}); });
}

int32_t tse_fail(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                 const tse_update* update, const tse_call* call, tse_task** task, tse_error** error) noexcept {
  return change(engine, {zone_id, zone_id_size, id, id_size}, call, task, error, [&] {
    const tse_update& from = capi::require_struct(update, "update");
    return core::Intent(core::Fail{field_in(from.error_message, "error_message").value_or(""),
                                   field_in(from.error_detail, "error_detail"), additions_in(from)});
  });
}

int32_t tse_get(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                int32_t flags, const tse_call* call, tse_task** task, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    tse_task*& out = capi::require(task, "task");
    if ((flags & ~TSE_WITH_PAYLOAD) != 0) capi::refuse("flags", "has an unknown bit, is " + std::to_string(flags));
    const core::Key key = capi::key_in(zone_id, zone_id_size, id, id_size);
    const engine::Call how = capi::call_in(call);
    std::optional<core::Row> row = target.get(key, how);
    if (!row) {
      out = nullptr;
      return;
    }
    const bool with_payload = (flags & TSE_WITH_PAYLOAD) != 0;
    hand_out(&out, std::move(*row), with_payload ? target.payload(key, how) : std::nullopt);
  });
}
