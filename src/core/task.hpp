// The task: what the wire shows (Task), what the engine keeps beside it (Row), what its history holds (Event).
#pragma once

#include <taskstate/contract/kinds.hpp>
#include <taskstate/state_machine.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tse::core {

using taskstate::Status;

using Text = std::optional<std::string>;

/// A link of RFC 7033, section 4.4.4.
struct Link {
  std::string href;
  std::string rel;
  Text properties;  ///< a JSON object as minified text; its numbers keep the spelling they came with
  std::optional<std::vector<std::pair<std::string, std::string>>> titles;  ///< language tag -> title, in order
  Text type;
  bool operator==(const Link&) const = default;
};

struct WarningDetail {
  std::string code, field, message;
  bool operator==(const WarningDetail&) const = default;
};

/// A warning about the task's outcome; the same shape is the API's error object.
struct Warning {
  std::string code;
  std::vector<WarningDetail> details;
  std::string message;
  std::string path;
  std::string request_id;
  std::int64_t status = 0;
  std::int64_t timestamp = 0;  ///< us UTC
  bool operator==(const Warning&) const = default;
};

struct Key {
  std::string zone_id;
  std::string id;
  bool operator==(const Key&) const = default;
};

/// The same, borrowed.
struct KeyView {
  std::string_view zone_id;
  std::string_view id;
};

/// What the wire shows, in wire order, and the zone that is part of the key.
struct Task {
  std::string zone_id;  ///< not on the wire
  std::string id;
  std::int64_t created_at = 0;  ///< us UTC
  std::string operation;
  Status status = Status::pending;
  std::int64_t updated_at = 0;  ///< us UTC
  Text error_message;
  Text install_id;
  std::vector<Link> links;  ///< empty: absent
  Text package_id;
  Text package_slug;
  std::optional<std::int64_t> package_version;
  std::vector<Warning> warnings;  ///< empty: absent
  bool operator==(const Task&) const = default;
};

using taskstate::contract::failure_kind_from_string;
using taskstate::contract::FailureKind;
using taskstate::contract::to_string;

/// What the change that makes this row says to the history; the store turns it into an event, and gives none back.
struct EventNote {
  std::string kind{};  ///< one of contract::event_kinds
  Text worker{};
  Text request_id{};
  Text traceparent{};
  Text message{};
  Text detail{};
  std::optional<std::int64_t> took{};  ///< us that the state which it ends has lasted
};

/// A task and what is kept beside it, hidden from the wire.
struct Row {
  std::int64_t number = 0;      ///< of its first event, given by the store: the order of creation
  std::int64_t last_event = 0;  ///< the number of its newest event, given by the store
  Task task;
  std::int64_t revision = 0;                ///< grows by one with every change that the wire shows
  std::int64_t version = 0;                 ///< grows by one with every write of the row
  std::int64_t epoch = 0;                   ///< of its latest lease: the number of its event. 0: never leased
  std::optional<std::int64_t> lease_until;  ///< us on the clock that lease_clock names
  Text lease_clock;
  std::optional<std::int64_t> lease_duration;  ///< us
  Text worker;
  std::int64_t attempt = 0;
  std::int64_t max_attempts = 1;
  std::optional<std::int64_t> not_before;
  std::optional<std::int64_t> start_by;
  std::optional<std::int64_t> started_at;   ///< us UTC, its latest attempt
  std::optional<std::int64_t> progress_at;  ///< us UTC, when progress was shown last
  std::int64_t priority = 0;                ///< higher first
  Text ref;                                 ///< what the host calls it
  bool cancel_requested = false;
  std::optional<FailureKind> failure_kind;
  Text failure_reason;
  Text error_detail;
  Text result_media_type;  ///< of the result that was stored with its completion
  Text client_request_id;
  Text traceparent;
  Text outcome_digest;  ///< of the complete or fail that ended it, to know a repetition
  EventNote note;
  std::string body;  ///< the wire form of `task`, rendered

  [[nodiscard]] Key key() const { return {task.zone_id, task.id}; }
};

/// The href of the link rel="result", or nothing. It is where a completed task leads, before its install id.
[[nodiscard]] std::optional<std::string_view> result_href(const Task& task) noexcept;

/// One entry of a task's history.
struct Event {
  std::int64_t sequence = 0;
  Key key;
  std::string kind;
  std::optional<Status> from;  ///< none for the first
  Status to = Status::pending;
  std::int64_t at = 0;  ///< us UTC
  std::int64_t revision = 0;
  std::int64_t attempt = 0;
  Text worker;
  std::int64_t epoch = 0;
  Text request_id;
  Text traceparent;
  Text message;
  Text detail;
  Text position{};  ///< in the feed
  std::string operation{};
  std::int64_t previous = 0;                  ///< the number of the task's event before it; 0: none
  std::optional<std::int64_t> took{};         ///< us that the state which it ends had lasted
  std::optional<FailureKind> failure_kind{};  ///< where it ends in failure
};

}  // namespace tse::core
