// The Prefer header's "wait" (RFC 7240, section 4.3).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tse::core {

/// The seconds that the first "wait" preference of a field value names; several lines are joined with ", ". Nothing if
/// there is none, or it is no whole number. Parameters are skipped; what is malformed ends the reading.
[[nodiscard]] std::optional<std::int64_t> preferred_wait(std::string_view field) noexcept;

}  // namespace tse::core
