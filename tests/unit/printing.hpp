// How Boost.Test shows the values of the core in a test that fails: BOOST_TEST(row.task.status == Status::failed) says
// what it was.
#pragma once

#include "core/error.hpp"
#include "core/task.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <ostream>
#include <string_view>
#include <variant>

namespace tse::test {

/// " name=value"; nothing for a value that is absent.
template <typename Value>
void print_field(std::ostream& out, std::string_view name, const Value& value) {
  out << ' ' << name << '=' << value;
}
template <typename Value>
void print_field(std::ostream& out, std::string_view name, const std::optional<Value>& value) {
  if (value) print_field(out, name, *value);
}

}  // namespace tse::test

namespace taskstate {

inline std::ostream& boost_test_print_type(std::ostream& out, Status status) { return out << to_string(status); }

/// Whatever of these may be absent.
template <typename Value>
std::ostream& boost_test_print_type(std::ostream& out, const std::optional<Value>& value) {
  return value ? boost_test_print_type(out, *value) : out << "(none)";
}

}  // namespace taskstate

namespace taskstate::contract {

inline std::ostream& boost_test_print_type(std::ostream& out, Code code) { return out << to_string(code); }

inline std::ostream& boost_test_print_type(std::ostream& out, Outcome outcome) {
  return out << (outcome == Outcome::not_done ? "not_done" : "unknown");
}

inline std::ostream& boost_test_print_type(std::ostream& out, FailureKind kind) { return out << to_string(kind); }

using taskstate::boost_test_print_type;

}  // namespace taskstate::contract

namespace tse::core {

inline std::ostream& boost_test_print_type(std::ostream& out, const Detail& detail) {
  return out << detail.field << ": " << detail.message;
}

inline std::ostream& boost_test_print_type(std::ostream& out, const Error& error) {
  out << to_string(error.code) << ": " << error.message;
  for (const Detail& detail : error.details) boost_test_print_type(out << "; ", detail);
  return boost_test_print_type(out << "; ", error.outcome);
}

inline std::ostream& boost_test_print_type(std::ostream& out, const Key& key) {
  return out << key.zone_id << '/' << key.id;
}

inline std::ostream& boost_test_print_type(std::ostream& out, const Link& link) {
  return out << link.rel << " -> " << link.href;
}

inline std::ostream& boost_test_print_type(std::ostream& out, const Warning& warning) {
  return out << warning.code << ": " << warning.message;
}

inline std::ostream& boost_test_print_type(std::ostream& out, const Task& task) {
  using test::print_field;
  boost_test_print_type(out, Key{task.zone_id, task.id});
  print_field(out, "status", to_string(task.status));
  print_field(out, "operation", task.operation);
  print_field(out, "created_at", task.created_at);
  print_field(out, "updated_at", task.updated_at);
  print_field(out, "error_message", task.error_message);
  print_field(out, "install_id", task.install_id);
  print_field(out, "package_id", task.package_id);
  print_field(out, "package_slug", task.package_slug);
  print_field(out, "package_version", task.package_version);
  for (const Link& link : task.links) boost_test_print_type(out << " [", link) << ']';
  for (const Warning& warning : task.warnings) boost_test_print_type(out << " (", warning) << ')';
  return out;
}

inline std::ostream& boost_test_print_type(std::ostream& out, const Row& row) {
  using test::print_field;
  boost_test_print_type(out, row.task);
  print_field(out, "revision", row.revision);
  print_field(out, "version", row.version);
  print_field(out, "epoch", row.epoch);
  print_field(out, "attempt", row.attempt);
  print_field(out, "max_attempts", row.max_attempts);
  print_field(out, "lease_until", row.lease_until);
  print_field(out, "lease_clock", row.lease_clock);
  print_field(out, "worker", row.worker);
  print_field(out, "not_before", row.not_before);
  print_field(out, "start_by", row.start_by);
  if (row.priority != 0) print_field(out, "priority", row.priority);
  print_field(out, "ref", row.ref);
  if (row.cancel_requested) out << " cancel_requested";
  if (row.failure_kind) print_field(out, "failure_kind", to_string(*row.failure_kind));
  print_field(out, "error_detail", row.error_detail);
  print_field(out, "note", row.note.kind);
  return out;
}

inline std::ostream& boost_test_print_type(std::ostream& out, const Event& event) {
  using test::print_field;
  out << '#' << event.sequence << ' ';
  boost_test_print_type(out, event.key) << ' ' << event.kind;
  if (event.from) print_field(out, "from", to_string(*event.from));
  print_field(out, "to", to_string(event.to));
  print_field(out, "at", event.at);
  print_field(out, "revision", event.revision);
  print_field(out, "attempt", event.attempt);
  print_field(out, "epoch", event.epoch);
  print_field(out, "worker", event.worker);
  print_field(out, "message", event.message);
  print_field(out, "detail", event.detail);
  return out;
}

inline std::ostream& boost_test_print_type(std::ostream& out, const std::variant<Row, Error>& made) {
  return std::visit([&out](const auto& value) -> std::ostream& { return boost_test_print_type(out, value); }, made);
}

using taskstate::boost_test_print_type;

}  // namespace tse::core
