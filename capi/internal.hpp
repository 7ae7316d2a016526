// What the C ABI's families share: handles, the guard that turns exceptions into codes, text in and out.
#pragma once

#include "core/apply.hpp"
#include "core/error.hpp"
#include "core/task.hpp"
#include "engine/engine.hpp"

#include <taskstate.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

struct tse_error {
  tse::core::Error error;
};

struct tse_call {
  tse::engine::Call call;
};

struct tse_options {
  tse::engine::Settings settings;
};

struct tse_cancel_token {
  std::stop_source source;
};

struct tse_engine {
  tse::engine::Engine::Ptr engine;
};

namespace tse::capi {

// ---- Errors

/// Hands the error to the caller, if it wants it, and returns its code.
int32_t fail(tse_error** out, const core::Error& error) noexcept;
/// Without allocating anything.
int32_t fail_no_memory(tse_error** out, core::Outcome outcome) noexcept;

/// Memory ran out between a durable change and its return: done, but the caller cannot be shown what.
struct NoMemoryAfterCommit {};

/// Runs the body of an exported function. Nothing leaves it but a code.
template <class Body>
int32_t guard(tse_error** out, Body&& body) noexcept {
  static_assert(std::is_void_v<std::invoke_result_t<Body>>);
  try {
    std::forward<Body>(body)();
    return TSE_OK;
  } catch (const core::Failure& failure) {
    return fail(out, failure.error());
  } catch (const std::bad_alloc&) {
    return fail_no_memory(out, core::Outcome::not_done);
  } catch (const NoMemoryAfterCommit&) {
    return fail_no_memory(out, core::Outcome::unknown);
  } catch (...) {
    return fail(out, {core::Code::internal, "an unexpected exception inside taskstate", {}, core::Outcome::unknown});
  }
}

[[noreturn]] void refuse(std::string field, std::string message);
/// Throws what core refuses.
void require_none(std::optional<core::Error> refused);

template <class T>
T& require(T* pointer, const char* name) {
  if (pointer == nullptr) refuse(name, "must not be NULL");
  return *pointer;
}

/// Hands out a new object. The place is checked first: in `require(...) = new ...` the right side would be made
/// first, and lost when the left is refused.
template <class T>
void make(T** out, const char* name) {
  T*& place = require(out, name);
  place = new T;
}

/// A public struct tells its size first; one of another size was compiled against another header.
template <class Struct>
Struct& require_struct(Struct* pointer, const char* name) {
  Struct& value = require(pointer, name);
  if (value.struct_size != sizeof(Struct))
    refuse(name, "struct_size is " + std::to_string(value.struct_size) + ", must be " + std::to_string(sizeof(Struct)) +
                     ": begin with its _INIT macro");
  return value;
}

// ---- Text

/// Nothing for a NULL pointer.
[[nodiscard]] std::optional<std::string_view> text_in(const char* data, std::size_t size, const char* name);
[[nodiscard]] std::optional<std::string_view> text_in(const tse_str& text, const char* name);
[[nodiscard]] core::Text owned(std::optional<std::string_view> text);
/// An empty string for a NULL pointer: where a value is required, the rules of core refuse it by name.
[[nodiscard]] std::string text_or_empty(const char* data, std::size_t size, const char* name);

[[nodiscard]] inline tse_str text_out(const std::string& text) noexcept { return {text.c_str(), text.size()}; }
[[nodiscard]] inline tse_str text_out(const core::Text& text) noexcept {
  return text ? tse_str{text->c_str(), text->size()} : tse_str{nullptr, 0};
}

// ---- Values

[[nodiscard]] core::Key key_in(const char* zone_id, std::size_t zone_id_size, const char* id, std::size_t id_size);
[[nodiscard]] inline engine::Call call_in(const tse_call* call) { return call ? call->call : engine::Call{}; }
[[nodiscard]] inline std::optional<std::int64_t> number_in(std::int64_t number) {
  return number == TSE_NONE ? std::nullopt : std::optional(number);
}
[[nodiscard]] inline std::int64_t number_out(std::optional<std::int64_t> number) { return number.value_or(TSE_NONE); }
[[nodiscard]] core::Text field_in(const tse_str& text, const char* name);
[[nodiscard]] std::vector<core::Link> links_in(const tse_str& json);
[[nodiscard]] std::vector<core::Warning> warnings_in(const tse_str& json);
[[nodiscard]] core::NewTask new_task_in(const tse_new_task* spec);
/// What tse_annotate(), tse_complete() and tse_fail() are given; each refuses the fields of the others. An absent
/// update completes with nothing.
[[nodiscard]] core::Additions additions_in(const tse_update* update);
[[nodiscard]] core::Complete completion_in(const tse_update* update);
[[nodiscard]] core::Fail failure_in(const tse_update* update);
/// Refuses bits that are not among those known.
void require_flags(std::int32_t flags, std::int32_t known);
[[nodiscard]] bool flag_in(std::int32_t value, const char* name);

/// A task, with what its view points into.
struct Snapshot {
  explicit Snapshot(core::Row from, core::Text bytes = {}, bool replay = false);
  void view(tse_task_view& out) const noexcept;

  core::Row row;
  core::Text payload;
  bool replayed = false;
  core::Text links;     ///< JSON
  core::Text warnings;  ///< JSON
};

/// The task as the caller wants it, after a change that is durable.
void hand_out_committed(tse_task** out, core::Row row, bool replayed = false);
/// NULL for nothing.
void hand_out(tse_task*& out, std::optional<core::Row> row);
void view_event(const core::Event& event, tse_event_view& out) noexcept;

}  // namespace tse::capi

struct tse_task {
  tse::capi::Snapshot snapshot;
};
