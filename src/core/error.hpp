// What can go wrong, as a value: a code, whether the change may have happened, and the fields at fault.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tse::core {

// The one home of the error codes: name and number. The C header, the bindings and the docs are
// checked against this table.
#define TSE_ERROR_CODES(X)    \
  X(invalid_argument, 1)      \
  X(not_found, 2)             \
  X(already_exists, 3)        \
  X(illegal_transition, 4)    \
  X(lease_lost, 5)            \
  X(idempotency_mismatch, 6)  \
  X(limit_exceeded, 7)        \
  X(busy, 8)                  \
  X(cancelled, 9)             \
  X(read_only, 10)            \
  X(access_denied, 11)        \
  X(disk_full, 12)            \
  X(io_error, 13)             \
  X(corrupt, 14)              \
  X(not_a_taskstate_file, 15) \
  X(schema_too_new, 16)       \
  X(schema_too_old, 17)       \
  X(moved, 18)                \
  X(forked, 19)               \
  X(closed, 20)               \
  X(no_memory, 21)            \
  X(unavailable, 22)          \
  X(unsupported, 23)          \
  X(internal, 24)             \
  X(restored, 25)             \
  X(behind, 26)

enum class Code : std::int32_t {
#define TSE_X(name, number) name = number,
  TSE_ERROR_CODES(TSE_X)
#undef TSE_X
};

/// "illegal_transition" and so on; empty for a value that is no code.
[[nodiscard]] std::string_view to_string(Code code) noexcept;

/// Whether a failed change certainly did not happen.
enum class Outcome : std::int32_t { not_done = 0, unknown = 1 };

/// One field that breaks its rule. `field` is a path into the input: "package_id", "links[0].href".
struct Detail {
  std::string field;
  std::string message;
  bool operator==(const Detail&) const = default;
};

struct Error {
  Code code = Code::internal;
  std::string message;
  std::vector<Detail> details{};
  Outcome outcome = Outcome::not_done;
};

/// invalid_argument from one or more details; the message is made of the first.
[[nodiscard]] Error invalid(std::vector<Detail> details);
[[nodiscard]] Error invalid(std::string field, std::string message);

/// An Error of fixed words, guaranteed not applied. It is there before the host's first constructor runs and after its
/// last destructor has, which a static Error is not.
struct FixedError {
  Code code;
  std::string_view message;
};

/// A copy; where there is no memory for one, `no_memory` with the same outcome.
[[nodiscard]] Error copy_of(const Error& error) noexcept;
[[nodiscard]] Error copy_of(const FixedError& error) noexcept;

/// An Error on its way up through code that has nothing to say about it.
class Failure : public std::exception {
 public:
  explicit Failure(Error error) : error_(std::move(error)) {}
  Failure(Code code, std::string message, Outcome outcome = Outcome::not_done)
      : error_{code, std::move(message), {}, outcome} {}
  [[nodiscard]] const Error& error() const noexcept { return error_; }
  [[nodiscard]] const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  Error error_;
};

}  // namespace tse::core
