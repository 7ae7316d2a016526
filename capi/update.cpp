// What annotate, complete and fail are given, with and without a lease.
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

}  // namespace

std::vector<core::Link> links_in(const tse_str& json) {
  const auto text = text_in(json, "links");
  return text ? core::parse_links(*text) : std::vector<core::Link>{};
}

std::vector<core::Warning> warnings_in(const tse_str& json) {
  const auto text = text_in(json, "warnings");
  return text ? core::parse_warnings(*text) : std::vector<core::Warning>{};
}

core::Additions additions_in(const tse_update* update) {
  if (update == nullptr) return {};
  const tse_update& from = require_struct(update, "update");
  if (from.error_message.data != nullptr) refuse("error_message", "belongs to a failure only");
  if (from.error_detail.data != nullptr) refuse("error_detail", "belongs to a failure only");
  return additions_of(from);
}

core::Fail failure_in(const tse_update* update) {
  const tse_update& from = require_struct(update, "update");
  return {field_in(from.error_message, "error_message").value_or(""), field_in(from.error_detail, "error_detail"),
          additions_of(from)};
}

}  // namespace tse::capi
