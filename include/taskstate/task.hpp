// The task as a value, what makes one, and what changes one.
#pragma once

#include <taskstate.h>
#include <taskstate/link.hpp>
#include <taskstate/state_machine.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace taskstate {

/// A task as it was when it was read: a value that holds no engine. @since 0.1
struct Task {
  std::string zone_id{};
  std::string id{};
  Time created_at{};
  std::string operation{};
  Status status = Status::pending;
  Time updated_at{};
  std::optional<std::string> error_message{};  ///< what the client may read; present exactly when failed
  std::optional<std::string> install_id{};
  std::vector<Link> links{};
  std::optional<std::string> package_id{};
  std::optional<std::string> package_slug{};
  std::optional<std::int64_t> package_version{};  ///< 0 ... 2^53-1
  std::vector<Warning> warnings{};
  std::string json{};  ///< the wire form, byte for byte what an answer's body holds

  /// @name Never on the wire
  /// @{
  std::int64_t revision = 0;                       ///< 1 and up; grows by one with each change that the wire shows
  std::optional<std::string> error_detail{};       ///< for operators
  std::optional<std::string> failure_kind{};       ///< "failed", "cancelled", "expired" or "lost"; only if failed
  std::optional<std::string> client_request_id{};  ///< of the call that created it
  std::optional<std::string> traceparent{};        ///< of the call that created it
  std::optional<std::string> payload{};            ///< opaque bytes; only of a lease, or where get() was asked for it
  std::optional<std::string> worker{};             ///< who holds the lease; absent if nobody does
  std::int64_t epoch = 0;                          ///< of the latest lease; 0: never leased
  std::int64_t attempt = 0;                        ///< how often it was started
  std::int64_t max_attempts = 1;
  std::optional<Time> not_before{};                ///< claims pass over it until then
  std::optional<Time> start_by{};                  ///< it fails if nobody has started it by then
  std::int64_t priority = 0;                       ///< -100 ... 100; claims take higher ones first
  std::optional<std::string> ref{};                ///< what the host calls it
  std::optional<std::string> result_media_type{};  ///< of the result that its completion stored; see Engine::result()
  bool cancel_requested = false;                   ///< cancel() asked its worker to stop
  bool replayed = false;                           ///< create() found it by its idempotency key, and made nothing
  /// @}

  bool operator==(const Task&) const = default;
};

/// What Engine::create() is given. @since 0.1
struct NewTask {
  std::string zone_id{};                      ///< required; 1-128 of A-Z a-z 0-9 - . _ ~, not "." or ".."
  std::optional<std::string> id{};            ///< as zone_id; absent: the engine makes a UUIDv7
  std::string operation{};                    ///< required; "create", "delete" or one that Options::operations allows
  std::optional<std::string> install_id{};    ///< 1-512 bytes UTF-8, no control characters; "delete" needs it
  std::optional<std::string> package_id{};    ///< 1-512 bytes UTF-8, no control characters
  std::optional<std::string> package_slug{};  ///< as package_id
  std::optional<std::int64_t> package_version{};  ///< 0 ... 2^53-1
  std::vector<Link> links{};
  std::vector<Warning> warnings{};
  std::optional<std::string> payload{};  ///< opaque bytes for the worker, at most 1 MiB; never on the wire
  std::optional<Time> not_before{};      ///< claims pass over it until then
  /// Fails, kind "expired", unless started within this time of its creation, or of not_before if that is later;
  /// 1 ms - 10 years
  std::optional<std::chrono::microseconds> start_within{};
  std::int64_t max_attempts = 1;  ///< 1-1000; above 1, a task whose lease ended without an outcome is requeued
  /// 1-512 bytes UTF-8, no control characters; per zone. The same key again with the same content (operation,
  /// install_id, the package's fields, payload and retry_of) gives the first task, `replayed`; with other content it
  /// throws idempotency_mismatch
  std::optional<std::string> idempotency_key{};
  std::optional<std::string> retry_of{};  ///< the id of a failed task of the zone; a link rel="predecessor" leads to it
  std::int64_t priority = 0;              ///< -100 ... 100: of a zone's tasks claims take higher ones first
  std::optional<std::string> ref{};       ///< private: what you call it; a ref has 1-256 bytes UTF-8 without NUL
};

/// What annotate() and complete() may add, complete() also a result. Absent fields leave the task as it is. @since 0.1
struct Update {
  std::optional<std::string> install_id{};  ///< write-once, as are the package's id and slug
  std::optional<std::string> package_id{};
  std::optional<std::string> package_slug{};
  std::optional<std::int64_t> package_version{};  ///< 0 ... 2^53-1
  std::vector<Link> links{};                      ///< appended; exact duplicates are ignored
  std::vector<Warning> warnings{};                ///< appended; exact duplicates are ignored
  /// complete() only: what the task produced, opaque bytes, at most 1 MiB, may be empty; never on the wire
  std::optional<std::string> result{};
  /// of the result, which must have one: type/subtype with any parameters (RFC 9110, section 8.3.1); a media type has
  /// 3-256 bytes of printable ASCII; alone, the result is empty
  std::optional<std::string> media_type{};
};

/// What a completed task has stored as its result: Engine::result(). @since 0.2
struct StoredResult {
  std::string bytes{};  ///< may be empty
  std::string media_type{};
  bool operator==(const StoredResult&) const = default;
};

/// Why a task failed, and what fail() may add to it. @since 0.1
struct Failure {
  std::string error_message{};                ///< required; 1-16384 bytes UTF-8 without NUL. The client reads this
  std::optional<std::string> error_detail{};  ///< at most 16384 bytes UTF-8 without NUL; private, for operators
  std::optional<std::string> install_id{};    ///< write-once, as are the package's id and slug
  std::optional<std::string> package_id{};
  std::optional<std::string> package_slug{};
  std::optional<std::int64_t> package_version{};  ///< 0 ... 2^53-1
  std::vector<Link> links{};                      ///< appended; exact duplicates are ignored
  std::vector<Warning> warnings{};                ///< appended; exact duplicates are ignored
};

/// Reads a task's wire form: JSON of at most 1 MiB, nested at most 32 deep, fields in their order, no
/// unknown and no duplicate one. Checks syntax and types only; see validate(). The wire has neither
/// zone_id nor revision: they stay empty and 0. Any thread; does not block.
/// @throws Error invalid_argument, naming the field at fault. @since 0.1
[[nodiscard]] Task parse_task(std::string_view json);

/// Checks every rule of a task's fields. The task is judged as its zone_id and `json` say; assignments to
/// its other members are not seen. Any thread; does not block.
/// @throws Error invalid_argument with one detail for each broken field. @since 0.1
void validate(const Task& task);

}  // namespace taskstate

#include <taskstate/detail/task.hpp>
