// What a completed task produced, where the host has no resource of its own to lead to.
#pragma once

#include "core/error.hpp"
#include "core/task.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tse::core {

struct StoredResult {
  std::string bytes;  ///< may be empty
  std::string media_type;
};

/// type/subtype with any parameters (RFC 9110, section 8.3.1), of printable ASCII.
[[nodiscard]] bool is_media_type(std::string_view text) noexcept;

void check_result(std::vector<Detail>& out, const StoredResult& result);

/// How long it is kept that was produced then; `retention` in us, 0: as long as its task.
[[nodiscard]] std::optional<std::int64_t> result_kept_until(std::int64_t ended_at, std::int64_t retention) noexcept;

/// Why a task has no stored result to give: there is no such task, it has not completed, it stored none, or what it
/// stored is kept no longer.
[[nodiscard]] Error missing_result(const std::optional<Row>& row);

}  // namespace tse::core
