// The rules of change. Pure: row + intent + context in; new row, "nothing to do" or a refusal out.
#pragma once

#include "core/error.hpp"
#include "core/task.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace tse::core {

/// Who asks, and when.
struct Context {
  std::int64_t now = 0;  ///< us UTC
  Text request_id;
  Text traceparent;
  Text actor;
};

/// What a new task is made of.
struct NewTask {
  std::string zone_id;
  std::string id;  ///< already made if the host gave none
  std::string operation;
  Text install_id;
  Text package_id;
  Text package_slug;
  std::optional<std::int64_t> package_version;
  std::vector<Link> links;
  std::vector<Warning> warnings;
  Text payload;
};

/// What annotate, complete and fail may add.
struct Additions {
  Text install_id;
  Text package_id;
  Text package_slug;
  std::optional<std::int64_t> package_version;
  std::vector<Link> links;
  std::vector<Warning> warnings;
};

struct Start {};
struct Annotate {
  Additions additions;
};
struct Complete {
  Additions additions;
};
struct Fail {
  std::string error_message;
  Text error_detail;
  Additions additions;
};
using Intent = std::variant<Start, Annotate, Complete, Fail>;

/// The intent asks for what is already so.
struct Unchanged {};

/// The pending row of a new task, or every rule that its fields break. `operations` are those allowed.
/// A "delete" needs an install_id.
[[nodiscard]] std::variant<Row, Error> create(const NewTask& spec, std::span<const std::string> operations,
                                              const Context& context);

/// The row after the intent, or why not. Every rule of change is here:
/// - moves only as state_machine.hpp lists them; an illegal one names from, to and since when;
/// - a terminal task never changes; repeating the very outcome that ended it is Unchanged;
/// - install_id, package_id, package_slug are write-once; links and warnings are appended, exact
///   duplicates ignored;
/// - completed needs a result, failed a message, nothing else may have one;
/// - updated_at never goes back, whatever `context.now` says; revision and version grow by one.
[[nodiscard]] std::variant<Row, Unchanged, Error> apply(const Row& row, const Intent& intent, const Context& context);

}  // namespace tse::core
