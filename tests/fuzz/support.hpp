// What the harnesses share: rules that end the program when they are broken, so that the input is kept, and the C ABI's
// objects with their owners.
#pragma once

#include "taskstate.h"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace tse::fuzz {

inline void require(bool holds, std::string_view rule) {
  if (holds) return;
  std::fprintf(stderr, "VIOLATION: %.*s\n", static_cast<int>(rule.size()), rule.data());
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// What the parts of an input are separated by: a byte that is in no valid text, so that corpora stay readable.
inline constexpr char separator = '\x1e';

/// Takes the first part, or all there is.
inline std::string_view take_part(std::string_view& input) {
  const std::size_t end = input.find(separator);
  const std::string_view taken = input.substr(0, end);
  input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  return taken;
}
/// Takes one byte, 0 if there is none.
inline unsigned take_byte(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  return byte;
}

inline tse_str given(std::string_view text) { return {text.data() == nullptr ? "" : text.data(), text.size()}; }
/// An empty part stands for an absent value.
inline tse_str given_or_absent(std::string_view text) { return text.empty() ? tse_str{nullptr, 0} : given(text); }
inline std::string_view view(tse_str text) { return {text.data == nullptr ? "" : text.data, text.size}; }

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using Engine = std::unique_ptr<tse_engine, Freed<tse_engine_free>>;
using Options = std::unique_ptr<tse_options, Freed<tse_options_free>>;
using Answer = std::unique_ptr<tse_answer, Freed<tse_answer_free>>;
using Task = std::unique_ptr<tse_task, Freed<tse_task_free>>;
using Leases = std::unique_ptr<tse_leases, Freed<tse_leases_free>>;
using Page = std::unique_ptr<tse_page, Freed<tse_page_free>>;
using History = std::unique_ptr<tse_history, Freed<tse_history_free>>;
using Changes = std::unique_ptr<tse_changes, Freed<tse_changes_free>>;
using Report = std::unique_ptr<tse_report, Freed<tse_report_free>>;
using Stats = std::unique_ptr<tse_stats, Freed<tse_stats_free>>;
using Error = std::unique_ptr<tse_error, Freed<tse_error_free>>;

inline bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
inline bool has_control(std::string_view text) { return std::any_of(text.begin(), text.end(), is_control); }

inline void require_json(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = 32;  // as deep as anything that is taken
  boost::json::error_code error;
  boost::json::parse(boost::json::string_view(text.data(), text.size()), error, {}, options);
  require(!error, "what is written is JSON");
}

/// A failure is one of those that the header promises, and says which field broke which rule without repeating it.
inline void require_refusal(int32_t code, const Error& error, std::initializer_list<int32_t> promised) {
  const char* const name = tse_code_name(code);
  require(name != nullptr, "a code has a name");
  if (std::find(promised.begin(), promised.end(), code) == promised.end()) {
    tse_error_view told = TSE_ERROR_VIEW_INIT;
    if (error) tse_error_get(error.get(), &told);
    std::fprintf(stderr, "%s: %.*s\n", name, static_cast<int>(told.message.size), view(told.message).data());
    require(false, "a call fails in the ways that are promised");
  }
  require(error != nullptr, "a failure is told");
  tse_error_view told = TSE_ERROR_VIEW_INIT;
  require(tse_error_get(error.get(), &told) == TSE_OK && told.code == code, "the error is the code's");
  require(told.message.size > 0 && !has_control(view(told.message)), "a message is one line");
  require(!has_control(view(told.field)), "a field's name is one line");
  if (code == TSE_INVALID_ARGUMENT) require(told.field.size > 0, "a refusal names the field");
}

/// Nothing that was put into an answer can end a header line, and a body is JSON.
inline void require_sound(const tse_answer_view& answer) {
  for (std::size_t i = 0; i < answer.header_count; ++i) {
    const std::string_view name = view(answer.headers[i].name);
    require(!name.empty() && !has_control(name), "a header's name is a line's part");
    require(!has_control(view(answer.headers[i].value)), "a header's value is one line");
    for (std::size_t other = 0; other < i; ++other)
      require(name != view(answer.headers[other].name), "no header comes twice");
  }
  if (answer.body.data != nullptr) require_json(view(answer.body));
}
/// The value of a header, or nothing.
inline std::string_view header(const tse_answer_view& answer, std::string_view name) {
  for (std::size_t i = 0; i < answer.header_count; ++i)
    if (view(answer.headers[i].name) == name) return view(answer.headers[i].value);
  return {};
}

/// Options of an engine whose time stands still, which is quiet, and without a thread of its own.
inline Options quiet_options() {
  tse_options* made = nullptr;
  require(tse_options_new(&made, nullptr) == TSE_OK, "options can be made");
  tse_options_set_log_level(made, TSE_LOG_OFF, nullptr);
  tse_options_set_housekeeping(made, 0, nullptr);
  tse_options_set_clock(
      made, [](void*) -> int64_t { return 1'700'000'000'000'000; }, nullptr, nullptr, nullptr);
  return Options(made);
}

inline Engine open_memory(const Options& options) {
  tse_engine* made = nullptr;
  require(tse_open(":memory:", TSE_NTS, options.get(), &made, nullptr) == TSE_OK, "a database in memory opens");
  return Engine(made);
}

}  // namespace tse::fuzz
