#include "internal.hpp"

#include "core/codec.hpp"

#include <cstring>

namespace tse::capi {

void refuse(std::string field, std::string message) {
  throw core::Failure(core::invalid(std::move(field), std::move(message)));
}

void require_none(std::optional<core::Error> refused) {
  if (refused) throw core::Failure(*std::move(refused));
}

std::optional<std::string_view> text_in(const char* data, std::size_t size, const char* name) {
  if (data == nullptr) {
    if (size != 0 && size != TSE_NTS) refuse(name, "is NULL but has a size");
    return std::nullopt;
  }
  if (size == TSE_NTS) return std::string_view(data);
  if (size > PTRDIFF_MAX) refuse(name, "has an impossible size");
  return std::string_view(data, size);
}

std::optional<std::string_view> text_in(const tse_str& text, const char* name) {
  return text_in(text.data, text.size, name);
}

core::Text owned(std::optional<std::string_view> text) { return text ? core::Text(*text) : std::nullopt; }

std::string text_or_empty(const char* data, std::size_t size, const char* name) {
  return std::string(text_in(data, size, name).value_or(std::string_view()));
}

core::Key key_in(const char* zone_id, std::size_t zone_id_size, const char* id, std::size_t id_size) {
  return {text_or_empty(zone_id, zone_id_size, "zone_id"), text_or_empty(id, id_size, "id")};
}

core::Text field_in(const tse_str& text, const char* name) { return owned(text_in(text, name)); }

void require_flags(std::int32_t flags, std::int32_t known) {
  if ((flags & ~known) != 0) refuse("flags", "has an unknown bit, is " + std::to_string(flags));
}

bool flag_in(std::int32_t value, const char* name) {
  if (value != 0 && value != 1) refuse(name, "must be 0 or 1, is " + std::to_string(value));
  return value == 1;
}

Snapshot::Snapshot(core::Row from, core::Text bytes, bool replay)
    : row(std::move(from)), payload(std::move(bytes)), replayed(replay) {
  if (!row.task.links.empty()) links = core::render(row.task.links);
  if (!row.task.warnings.empty()) warnings = core::render(row.task.warnings);
}

void Snapshot::view(tse_task_view& out) const noexcept {
  const core::Task& task = row.task;
  out.zone_id = task.zone_id.empty() ? tse_str{nullptr, 0} : text_out(task.zone_id);
  out.id = text_out(task.id);
  out.created_at = task.created_at;
  out.operation = text_out(task.operation);
  out.status = static_cast<std::int32_t>(task.status);
  out.updated_at = task.updated_at;
  out.error_message = text_out(task.error_message);
  out.install_id = text_out(task.install_id);
  out.links = text_out(links);
  out.package_id = text_out(task.package_id);
  out.package_slug = text_out(task.package_slug);
  out.package_version = number_out(task.package_version);
  out.warnings = text_out(warnings);
  out.json = text_out(row.body);
  out.revision = row.revision;
  out.error_detail = text_out(row.error_detail);
  const std::string_view kind = row.failure_kind ? core::to_string(*row.failure_kind) : std::string_view();
  out.failure_kind = {kind.data(), kind.size()};
  out.client_request_id = text_out(row.client_request_id);
  out.traceparent = text_out(row.traceparent);
  out.payload = text_out(payload);
  out.worker = text_out(row.worker);
  out.epoch = row.epoch;
  out.attempt = row.attempt;
  out.max_attempts = row.max_attempts;
  out.not_before = number_out(row.not_before);
  out.start_by = number_out(row.start_by);
  out.priority = row.priority;
  out.ref = text_out(row.ref);
  out.result_media_type = text_out(row.result_media_type);
  out.cancel_requested = row.cancel_requested ? 1 : 0;
  out.replayed = replayed ? 1 : 0;
}

void hand_out_committed(tse_task** out, core::Row row, bool replayed) {
  try {
    if (out != nullptr) *out = new tse_task{Snapshot(std::move(row), {}, replayed)};
  } catch (const std::bad_alloc&) {
    throw NoMemoryAfterCommit();
  }
}

void hand_out(tse_task*& out, std::optional<core::Row> row) {
  out = row ? new tse_task{Snapshot(*std::move(row))} : nullptr;
}

void view_event(const core::Event& event, tse_event_view& out) noexcept {
  out.sequence = event.sequence;
  out.zone_id = text_out(event.key.zone_id);
  out.id = text_out(event.key.id);
  out.kind = text_out(event.kind);
  out.from_status = event.from ? static_cast<std::int32_t>(*event.from) : -1;
  out.to_status = static_cast<std::int32_t>(event.to);
  out.at = event.at;
  out.revision = event.revision;
  out.attempt = event.attempt;
  out.worker = text_out(event.worker);
  out.epoch = event.epoch;
  out.request_id = text_out(event.request_id);
  out.traceparent = text_out(event.traceparent);
  out.message = text_out(event.message);
  out.detail = text_out(event.detail);
  out.position = text_out(event.position);
}

}  // namespace tse::capi
