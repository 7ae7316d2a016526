// The error codes, whether a change that failed may have happened, and the codes of the API's error objects.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace taskstate::contract {

// Name, number, meaning. A number keeps its meaning; a new code takes the next one.
#define TASKSTATE_CODES(X)                                                           \
  X(invalid_argument, 1, "a value breaks its rule; nothing was stored")              \
  X(not_found, 2, "no such task")                                                    \
  X(already_exists, 3, "a task with that key exists")                                \
  X(illegal_transition, 4, "the state machine has no such move from here")           \
  X(lease_lost, 5, "the lease's epoch is no longer current")                         \
  X(idempotency_mismatch, 6, "same idempotency key, other content")                  \
  X(limit_exceeded, 7, "a configured limit is reached")                              \
  X(busy, 8, "no write lock before the deadline; guaranteed not applied")            \
  X(cancelled, 9, "the caller cancelled; guaranteed not applied")                    \
  X(read_only, 10, "opened read-only, or the file is")                               \
  X(access_denied, 11, "the operating system refused access")                        \
  X(disk_full, 12, "no room; the change was rolled back whole")                      \
  X(io_error, 13, "the disk failed; open the file again")                            \
  X(corrupt, 14, "the file is damaged")                                              \
  X(not_a_taskstate_file, 15, "the file is something else; it was not touched")      \
  X(schema_too_new, 16, "the file needs a newer taskstate")                          \
  X(schema_too_old, 17, "the file is older and was not migrated")                    \
  X(moved, 18, "the file was replaced or removed while it was open")                 \
  X(forked, 19, "opened before fork(); open the file again in the child")            \
  X(closed, 20, "the engine was closed")                                             \
  X(no_memory, 21, "out of memory; state unharmed")                                  \
  X(unavailable, 22, "the file cannot be opened or reached now")                     \
  X(unsupported, 23, "not possible on this system, file system or build")            \
  X(internal, 24, "a defect in taskstate")                                           \
  X(restored, 25, "content of a copy: a position is void or, once, a call not done") \
  X(behind, 26, "the position expired: purges after it are trimmed")

enum class Code : std::int32_t {
#define TASKSTATE_X(name, number, meaning) name = number,
  TASKSTATE_CODES(TASKSTATE_X)
#undef TASKSTATE_X
};

struct CodeEntry {
  Code code;
  std::string_view name;
  std::string_view meaning;
};

inline constexpr std::array codes{
#define TASKSTATE_X(name, number, meaning) CodeEntry{Code::name, #name, meaning},
    TASKSTATE_CODES(TASKSTATE_X)
#undef TASKSTATE_X
};
#undef TASKSTATE_CODES

/// The name, NUL-terminated; empty for a value that is no code.
[[nodiscard]] constexpr std::string_view to_string(Code code) noexcept {
  for (const CodeEntry& each : codes)
    if (each.code == code) return each.name;
  return {};
}

/// Whether a change that failed may have happened all the same.
enum class Outcome : std::int32_t { not_done = 0, unknown = 1 };

struct OutcomeEntry {
  Outcome outcome;
  std::string_view name;
  std::string_view meaning;
};

inline constexpr std::array outcomes{
    OutcomeEntry{Outcome::not_done, "not_done", "the change is guaranteed not applied"},
    OutcomeEntry{Outcome::unknown, "unknown", "the change may or may not have been applied; read to find out"}};

/// What the `code` of an error object or warning of the API may be.
inline constexpr std::array<std::string_view, 9> api_codes{
    "validation_error", "bad_request",         "unauthorized",   "forbidden",          "not_found",
    "conflict",         "rate_limit_exceeded", "internal_error", "service_unavailable"};

}  // namespace taskstate::contract
