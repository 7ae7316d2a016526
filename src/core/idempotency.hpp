// Idempotent creation: what makes two requests the same, and what becomes of the second.
#pragma once

#include "core/apply.hpp"
#include "core/error.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tse::core {

inline constexpr std::int64_t fingerprint_version = 1;

/// Of all that a request says about the task but its id and not_before, which a repetition may make anew. Kept
/// with the key; `fingerprint_version` says how it was made.
[[nodiscard]] std::string fingerprint(const NewTask& spec);

/// What is kept under an idempotency key.
struct Replay {
  std::int64_t version = 0;  ///< of the fingerprint
  std::string fingerprint;
  std::string task_id;
  std::int64_t expires_at = 0;  ///< us UTC
};

/// idempotency_mismatch unless the request is the one that the key was used for.
[[nodiscard]] std::optional<Error> check_same(const Replay& first, const NewTask& spec);

}  // namespace tse::core
