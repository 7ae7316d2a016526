// Statements of the host's own that run in the same transaction as a change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace taskstate {

/// Bytes, as opposed to text. @since 0.1
struct Blob {
  std::string bytes{};
};

/// What a parameter is bound to; std::monostate is NULL. @since 0.1
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;

/// One SQL statement, to run with each change that a call makes to a task, after it: what it writes to the host's
/// tables and what happens to the task are one transaction. It never runs when nothing changes (a replay, a
/// repetition). SELECT, INSERT, UPDATE and DELETE on tables not named taskstate_* or sqlite_*. Parameters named
/// :taskstate_zone_id, :taskstate_id and :taskstate_now (us UTC) get the task's key and the time of the change; all
/// others need a value. What is refused or fails throws `invalid_argument` with the field "also[0]" and so on, and
/// nothing is done. @since 0.1
struct Statement {
  std::string sql{};                                   ///< at most 64 KiB
  std::vector<Value> values{};                         ///< in order, for the parameters that are not named :taskstate_*
  std::vector<std::pair<std::string, Value>> named{};  ///< for parameters by their names, prefix included (":at")
};

/// The value of a parameter by its name, prefix included (":at"); for sql(). @since 0.1
struct Named {
  std::string name{};
  Value value{};
};

/// A Value of whatever stands for one: integers, floating-point numbers, text, Blob, and nullptr for NULL. @since 0.1
template <typename T>
[[nodiscard]] Value value_of(T&& from) {
  using Plain = std::remove_cvref_t<T>;
  if constexpr (std::is_same_v<Plain, std::nullptr_t>) {
    return std::monostate();
  } else if constexpr (std::is_integral_v<Plain>) {
    return static_cast<std::int64_t>(from);
  } else if constexpr (std::is_floating_point_v<Plain>) {
    return static_cast<double>(from);
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    return std::string(std::string_view(from));
  } else {
    return Value(std::forward<T>(from));
  }
}

/// A statement with its values: sql("INSERT INTO t VALUES (:taskstate_id, ?, :at)", 7, Named{":at", 0.5}). @since 0.1
template <typename... Values>
[[nodiscard]] Statement sql(std::string text, Values&&... values) {
  Statement statement{.sql = std::move(text), .values = {}, .named = {}};
  [[maybe_unused]] const auto add = [&statement]<typename T>(T&& value) {
    if constexpr (std::is_same_v<std::remove_cvref_t<T>, Named>) {
      statement.named.emplace_back(value.name, value.value);
    } else {
      statement.values.push_back(value_of(std::forward<T>(value)));
    }
  };
  (add(std::forward<Values>(values)), ...);
  return statement;
}

}  // namespace taskstate
