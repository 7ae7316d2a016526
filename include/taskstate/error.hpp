// What a call throws: one exception type over one error category.
#pragma once

#include <taskstate.h>

#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace taskstate {

/// Why a call failed. The numbers are those of `taskstate.h`. @since 0.1
enum class Errc : std::int32_t {
  invalid_argument = TSE_INVALID_ARGUMENT,          ///< a value breaks its rule; nothing was stored
  not_found = TSE_NOT_FOUND,                        ///< no such task
  already_exists = TSE_ALREADY_EXISTS,              ///< a task with that key exists
  illegal_transition = TSE_ILLEGAL_TRANSITION,      ///< the state machine has no such move from here
  lease_lost = TSE_LEASE_LOST,                      ///< the lease's epoch is no longer current
  idempotency_mismatch = TSE_IDEMPOTENCY_MISMATCH,  ///< same idempotency key, other content
  limit_exceeded = TSE_LIMIT_EXCEEDED,              ///< a configured limit is reached
  busy = TSE_BUSY,                                  ///< no write lock before the deadline; guaranteed not applied
  cancelled = TSE_CANCELLED,                        ///< the caller cancelled; guaranteed not applied
  read_only = TSE_READ_ONLY,                        ///< opened read-only, or the file is
  access_denied = TSE_ACCESS_DENIED,                ///< the operating system refused access
  disk_full = TSE_DISK_FULL,                        ///< no room; the change was rolled back whole
  io_error = TSE_IO_ERROR,                          ///< the disk failed; open the file again
  corrupt = TSE_CORRUPT,                            ///< the file is damaged
  not_a_taskstate_file = TSE_NOT_A_TASKSTATE_FILE,  ///< the file is something else; it was not touched
  schema_too_new = TSE_SCHEMA_TOO_NEW,              ///< the file needs a newer taskstate
  schema_too_old = TSE_SCHEMA_TOO_OLD,              ///< the file is older and was not migrated
  moved = TSE_MOVED,                                ///< the file was replaced or removed while it was open
  forked = TSE_FORKED,                              ///< opened before fork(); open the file again in the child
  closed = TSE_CLOSED,                              ///< the engine was closed
  no_memory = TSE_NO_MEMORY,                        ///< out of memory; state unharmed
  unavailable = TSE_UNAVAILABLE,                    ///< the file cannot be opened or reached now
  unsupported = TSE_UNSUPPORTED,                    ///< not possible on this system, file system or build
  internal = TSE_INTERNAL,                          ///< a defect in taskstate
  restored = TSE_RESTORED,                          ///< content of a copy: a position is void or, once, a call not done
  behind = TSE_BEHIND,                              ///< the position expired: purges after it are trimmed
};

/// The code's name as it is spelled in every language, "illegal_transition"; empty for a value that is
/// no code. Any thread; does not block. @since 0.1
[[nodiscard]] inline std::string_view to_string(Errc code) noexcept {
  const char* name = code == Errc{} ? nullptr : tse_code_name(static_cast<std::int32_t>(code));
  return name ? std::string_view(name) : std::string_view();
}

/// The category "taskstate"; its messages are the codes' names. Any thread; does not block. @since 0.1
[[nodiscard]] inline const std::error_category& error_category() noexcept {
  class Category final : public std::error_category {
   public:
    [[nodiscard]] const char* name() const noexcept override { return "taskstate"; }
    [[nodiscard]] std::string message(int code) const override {
      const std::string_view text = to_string(static_cast<Errc>(code));
      return text.empty() ? "no taskstate code" : std::string(text);
    }
  };
  // Never destroyed: what runs after main() may ask, too.
  alignas(Category) static unsigned char place[sizeof(Category)];
  static const Category& category = *new (place) Category;
  return category;
}

/// Makes `error.code() == taskstate::Errc::busy` work. @since 0.1
[[nodiscard]] inline std::error_code make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), error_category()};
}

/// Whether a failed change may have happened all the same. @since 0.1
enum class Outcome : std::int32_t {
  not_done = TSE_NOT_DONE,  ///< the change is guaranteed not applied
  unknown = TSE_UNKNOWN,    ///< the change may or may not have been applied; read to find out
};

/// One field of the input that breaks its rule. @since 0.1
struct ErrorDetail {
  std::string field{};    ///< a path into the input: "package_id", "links[0].href"
  std::string message{};  ///< the rule, and the value's length or kind, never its content
  bool operator==(const ErrorDetail&) const = default;
};

class Error;

namespace detail {
[[nodiscard]] Error error_from(tse_error* owned);
[[nodiscard]] const tse_error* handle_of(const Error& error) noexcept;
}  // namespace detail

/// What every failing call throws. `code()` compares with Errc; `what()` is the message and the code's
/// name. Immutable; copies share their content, any thread may read them, and they outlive the engine.
/// @since 0.1
class Error : public std::system_error {
 public:
  /// An error of the host's own making, for tests. Engine::accept() takes only errors that an engine threw.
  Error(Errc code, std::string message)
      : Error(code, std::make_shared<const Content>(Content{.message = std::move(message)})) {}

  /// One sentence; names the field, the rule and the value's length or kind, never its content.
  [[nodiscard]] const std::string& message() const noexcept { return content_->message; }
  /// Whether the change may have happened.
  [[nodiscard]] Outcome outcome() const noexcept { return content_->outcome; }
  /// The first offending field, or nothing. Borrowed from this error.
  [[nodiscard]] std::optional<std::string_view> field() const noexcept {
    return content_->field ? std::optional<std::string_view>(*content_->field) : std::nullopt;
  }
  /// One entry for each offending field of invalid input. Borrowed from this error.
  [[nodiscard]] const std::vector<ErrorDetail>& details() const noexcept { return content_->details; }

 private:
  struct Content {
    std::string message{};
    Outcome outcome = Outcome::not_done;
    std::optional<std::string> field{};
    std::vector<ErrorDetail> details{};
    std::shared_ptr<tse_error> handle{};
  };

  Error(Errc code, std::shared_ptr<const Content> content)
      : std::system_error(static_cast<int>(code), error_category(), content->message), content_(std::move(content)) {}

  friend Error detail::error_from(tse_error* owned);
  friend const tse_error* detail::handle_of(const Error& error) noexcept;

  std::shared_ptr<const Content> content_;
};

}  // namespace taskstate

template <>
struct std::is_error_code_enum<taskstate::Errc> : std::true_type {};

#include <taskstate/detail/check.hpp>
