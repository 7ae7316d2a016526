// What create, annotate, complete and fail are given, alone and in a batch, with and without a lease.
#include "internal.hpp"

#include "core/codec.hpp"

namespace tse::capi {

namespace {

core::Additions additions_of(const tse_update& update) {
  return {field_in(update.install_id, "install_id"),
          field_in(update.package_id, "package_id"),
          field_in(update.package_slug, "package_slug"),
          number_in(update.package_version),
          links_in(update.links),
          warnings_in(update.warnings)};
}

void refuse_failure(const tse_update& from) {
  if (from.error_message.data != nullptr) refuse("error_message", "belongs to a failure only");
  if (from.error_detail.data != nullptr) refuse("error_detail", "belongs to a failure only");
}

void refuse_result(const tse_update& from) {
  if (from.result.data != nullptr) refuse("result", "belongs to a completion only");
  if (from.media_type.data != nullptr) refuse("media_type", "belongs to a completion only");
}

}  // namespace

std::vector<core::Link> links_in(const tse_str& json) {
  const auto text = text_in(json, "links");
  return text ? core::parse_links(*text) : std::vector<core::Link>{};
}

std::vector<core::Warning> warnings_in(const tse_str& json) {
  const auto text = text_in(json, "warnings");
  return text ? core::parse_warnings(*text) : std::vector<core::Warning>{};
}

core::NewTask new_task_in(const tse_new_task* spec) {
  const tse_new_task& from = require_struct(spec, "spec");
  return {field_in(from.zone_id, "zone_id").value_or(""),
          field_in(from.id, "id"),
          field_in(from.operation, "operation").value_or(""),
          field_in(from.install_id, "install_id"),
          field_in(from.package_id, "package_id"),
          field_in(from.package_slug, "package_slug"),
          number_in(from.package_version),
          links_in(from.links),
          warnings_in(from.warnings),
          field_in(from.payload, "payload"),
          number_in(from.not_before),
          number_in(from.start_within_us),
          from.max_attempts,
          field_in(from.idempotency_key, "idempotency_key"),
          field_in(from.retry_of, "retry_of"),
          from.priority,
          field_in(from.ref, "ref")};
}

core::Additions additions_in(const tse_update* update) {
  const tse_update& from = require_struct(update, "update");
  refuse_failure(from);
  refuse_result(from);
  return additions_of(from);
}

core::Complete completion_in(const tse_update* update) {
  if (update == nullptr) return {};
  const tse_update& from = require_struct(update, "update");
  refuse_failure(from);
  core::Complete complete{additions_of(from)};
  auto bytes = field_in(from.result, "result");
  auto media_type = field_in(from.media_type, "media_type");
  if (bytes || media_type)
    complete.result = core::StoredResult{std::move(bytes).value_or(""), std::move(media_type).value_or("")};
  return complete;
}

core::Fail failure_in(const tse_update* update) {
  const tse_update& from = require_struct(update, "update");
  refuse_result(from);
  return {field_in(from.error_message, "error_message").value_or(""), field_in(from.error_detail, "error_detail"),
          additions_of(from)};
}

}  // namespace tse::capi
