// Idempotent creation: what makes two requests the same, and what becomes of the second.
#pragma once

#include "core/apply.hpp"
#include "core/error.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tse::core {

inline constexpr std::int64_t fingerprint_version = 2;

/// Of what a request asks for: operation, install and package fields, payload, retry_of. Not of what a host's new
/// version may set otherwise, lest it turns a client's repetition into a mismatch: scheduling, priority, links,
/// warnings. 16 bytes, kept with the key; `fingerprint_version` says how they were made.
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
