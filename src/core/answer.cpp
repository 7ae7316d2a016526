#include "core/answer.hpp"

#include "core/ascii.hpp"
#include "core/codec.hpp"
#include "core/prefer.hpp"
#include "core/validate.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <initializer_list>

namespace tse::core {

namespace {

constexpr std::int64_t second = 1000000;

/// An answer before it is put together.
struct Draft {
  int status = 200;
  std::string_view etag{};
  std::optional<std::int64_t> retry_after{};  ///< s
  std::string_view location{};
  std::string_view related{};
  bool never_retry = false;
  std::optional<std::int64_t> waited{};  ///< us; that were granted
  std::int64_t revision = 0;
};

/// What an error answer says, apart from what it takes from the request.
struct Problem {
  int status;
  std::string_view code;
  std::string_view message;
  std::vector<WarningDetail> details{};
  std::optional<std::int64_t> retry_after{};
  bool never_retry = false;
};

std::optional<std::string_view> valid_request_id(const Request& request) {
  return request.client_request_id && is_uuid(*request.client_request_id) ? request.client_request_id : std::nullopt;
}

constexpr std::size_t number_size = 20;  // of any 64-bit integer

/// Puts an answer together: texts one after the other in memory of a size that is known before.
class Composer {
 public:
  Composer(Answer& out, std::size_t size) : out_(out), at_(out.text.begin(size)), end_(at_ + size) { out.clear(); }
  void literal(std::string_view name, std::string_view value) { out_.headers.push_back({name, value}); }
  void header(std::string_view name, std::initializer_list<std::string_view> parts) {
    const char* const begin = at_;
    for (const std::string_view part : parts) append(part);
    out_.headers.push_back({name, ended(begin)});
  }
  void number(std::string_view name, std::string_view prefix, std::int64_t value) {
    std::array<char, number_size> digits;
    const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
    header(name, {prefix, {digits.data(), static_cast<std::size_t>(end - digits.data())}});
  }
  void body(std::string_view bytes) {
    const char* const begin = at_;
    append(bytes);
    out_.body = ended(begin);
  }

 private:
  void append(std::string_view part) {
    if (part.size() >= static_cast<std::size_t>(end_ - at_)) [[unlikely]]
      throw Failure(Code::internal, "an answer is longer than it should be");
    if (!part.empty()) std::memcpy(at_, part.data(), part.size());
    at_ += part.size();
  }
  [[nodiscard]] std::string_view ended(const char* begin) noexcept {
    const auto size = static_cast<std::size_t>(at_ - begin);
    *at_++ = '\0';
    return {begin, size};
  }
  Answer& out_;
  char* at_;
  char* const end_;  // append() leaves room for the NUL before it
};

void finish(Answer& out, const Draft& draft, std::string_view body, const Request& request) {
  constexpr std::size_t framing = 256;  // numbers, the request id, what stands around a Link
  Composer compose(out, framing + draft.etag.size() + draft.location.size() + draft.related.size() + body.size());
  out.status = draft.status;
  out.revision = draft.revision;
  const bool has_body = draft.status != 304;
  if (has_body) compose.literal("Content-Type", "application/json");
  compose.literal("Cache-Control", "private, no-cache");
  if (!draft.etag.empty()) compose.header("ETag", {draft.etag});
  if (draft.retry_after) compose.number("Retry-After", "", *draft.retry_after);
  if (!draft.location.empty()) compose.header("Location", {draft.location});
  if (!draft.related.empty()) compose.header("Link", {"<", draft.related, ">; rel=\"related\""});
  if (draft.never_retry) compose.literal("x-should-retry", "false");
  if (draft.waited) compose.number("Preference-Applied", "wait=", *draft.waited / second);
  if (const auto id = valid_request_id(request)) compose.header("X-Client-Request-ID", {*id});
  if (!has_body) return;
  if (request.method == "HEAD") {
    compose.number("Content-Length", "", static_cast<std::int64_t>(body.size()));
  } else {
    compose.body(body);
  }
}

/// The path for an error body: the request's own if it can stand there, else `otherwise`.
std::string error_path(const Request& request, std::string otherwise) {
  const auto is_printable = [](char c) { return is_visible(c) || c == ' '; };
  if (request.path && !request.path->empty() && all_of(*request.path, is_printable)) return std::string(*request.path);
  return otherwise;
}

std::string status_path(const Policy& policy, std::string_view zone_id, std::string_view id) {
  return policy.status_url.fill({zone_id, id, std::nullopt}).value_or("/");
}

Answer error_answer(Problem problem, std::string path, const Request& request, std::int64_t now,
                    const MakeRequestId& fresh) {
  const auto given = valid_request_id(request);
  Warning error;
  error.code = problem.code;
  error.details = std::move(problem.details);
  error.message = problem.message;
  error.path = std::move(path);
  error.request_id = given ? std::string(*given) : fresh();
  error.status = problem.status;
  error.timestamp = now;
  Draft draft;
  draft.status = problem.status;
  draft.retry_after = problem.retry_after;
  draft.never_retry = problem.never_retry;
  Answer answer;
  finish(answer, draft, render(error), request);
  return answer;
}

Problem not_found() { return {404, "not_found", "There is no such task."}; }
Problem gone() { return {410, "not_found", "The task is no longer kept."}; }
Problem internal_error() { return {500, "internal_error", "The task's state could not be told."}; }
Problem unavailable() { return {503, "service_unavailable", "The task's state cannot be reached right now.", {}, 1}; }

bool is_passing(Code code) {
  return code == Code::busy || code == Code::closed || code == Code::unavailable || code == Code::cancelled ||
         code == Code::restored;
}

/// A tenth of the task's age: soon for a young task, seldom for one that takes long.
std::int64_t retry_after(std::int64_t created_at, const Policy& policy, std::int64_t now) {
  constexpr std::int64_t tenth_of_a_second = 10 * second;
  const std::int64_t age = now > created_at ? now - created_at : 0;
  return std::clamp(age / tenth_of_a_second, policy.retry_after_min, policy.retry_after_max);
}

std::vector<WarningDetail> body_details(const Error& failure) {
  std::vector<WarningDetail> details;
  for (const Detail& detail : failure.details)
    details.push_back({"validation_error", "$." + detail.field, detail.message});
  return details;
}

Problem problem_of(const Error& failure, const Policy& policy) {
  const auto conflict = [](std::string_view message) { return Problem{409, "conflict", message, {}, {}, true}; };
  if (is_passing(failure.code)) return unavailable();
  switch (failure.code) {
    // A statement of the host's own is no fault of the client's.
    case Code::invalid_argument:
      if (!failure.details.empty() && failure.details.front().field.starts_with("also[")) return internal_error();
      return {400, "validation_error", failure.message, body_details(failure)};
    case Code::not_found: return not_found();
    case Code::already_exists: return conflict("A task with this id exists already.");
    case Code::idempotency_mismatch: return conflict("The idempotency key was used for a different request.");
    case Code::illegal_transition: return conflict("The task's state does not allow this.");
    case Code::limit_exceeded:
      return {429, "rate_limit_exceeded", "Too many tasks are under way.", {}, policy.retry_after_min};
    default: return internal_error();
  }
}

constexpr bool is_etag_character(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte <= 0x7e) || byte >= 0x80;
}

void skip_white_space(std::string_view& text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

/// Takes one entity tag and gives its opaque part with the quotes; empty if there is none.
std::string_view take_opaque_tag(std::string_view& text) noexcept {
  if (text.starts_with("W/")) text.remove_prefix(2);
  if (!text.starts_with('"')) return {};
  const std::size_t end = text.find('"', 1);
  if (end == std::string_view::npos) return {};
  const std::string_view tag = text.substr(0, end + 1);
  if (!all_of(tag.substr(1, end - 1), is_etag_character)) return {};
  text.remove_prefix(tag.size());
  return tag;
}

/// Proxies that compress a body mark its tag: Apache with "-", Jetty with "--", others with ";". The client sends the
/// mark back.
bool is_same_tag(std::string_view tag, std::string_view etag) noexcept {
  constexpr std::array<std::string_view, 12> marks{"-gzip\"", "--gzip\"",   ";gzip\"",     "-br\"",
                                                   "--br\"",  ";br\"",      "-zstd\"",     "--zstd\"",
                                                   ";zstd\"", "-deflate\"", "--deflate\"", ";deflate\""};
  if (tag == etag) return true;
  const std::string_view unclosed = etag.substr(0, etag.rfind('"'));
  return tag.starts_with(unclosed) && std::find(marks.begin(), marks.end(), tag.substr(unclosed.size())) != marks.end();
}

}  // namespace

std::string etag_of(const Answerable& task) {
  constexpr char digits[] = "0123456789abcdef";
  const std::uint64_t hash = XXH64(task.body.data(), task.body.size(), 0);
  std::array<char, 40> etag;  // the longest revision has 20 characters
  char* end = etag.data();
  *end++ = '"';
  end = std::to_chars(end, etag.data() + etag.size(), task.revision).ptr;
  *end++ = '-';
  for (unsigned shift = 64; shift > 0; shift -= 4) *end++ = digits[hash >> (shift - 4) & 0x0f];
  *end++ = '"';
  return {etag.data(), end};
}

std::optional<std::string> location_of(std::string_view zone_id, std::string_view id, const Answerable& task,
                                       const Policy& policy) {
  if (task.status != Status::completed) return std::string();
  if (task.result_href)
    return is_safe_path(*task.result_href) ? std::optional(std::string(*task.result_href)) : std::nullopt;
  if (task.has_stored_result && !task.install_id) return result_path(policy.status_url, zone_id, id);
  return policy.location.fill({zone_id, id, task.install_id});
}

bool if_none_match_matches(std::string_view field, std::string_view etag) noexcept {
  skip_white_space(field);
  if (field.starts_with('*')) {
    field.remove_prefix(1);
    skip_white_space(field);
    return field.empty();
  }
  while (!field.empty()) {
    if (field.front() != ',') {
      const std::string_view tag = take_opaque_tag(field);
      skip_white_space(field);
      if (tag.empty() || (!field.empty() && field.front() != ',')) return false;
      if (is_same_tag(tag, etag)) return true;
      if (field.empty()) return false;
    }
    field.remove_prefix(1);
    skip_white_space(field);
  }
  return false;
}

bool has_bad_request_id(const Request& request, const Policy& policy) noexcept {
  return request.client_request_id && !policy.ignore_bad_request_id && !valid_request_id(request);
}

std::optional<Answer> refuse(std::string_view zone_id, std::string_view id, const Request& request,
                             const Policy& policy, std::int64_t now, const MakeRequestId& fresh) {
  const auto answer = [&](Problem problem) {
    return error_answer(std::move(problem), error_path(request, status_path(policy, zone_id, id)), request, now, fresh);
  };
  if (has_bad_request_id(request, policy)) {
    constexpr std::string_view message = "The header X-Client-Request-ID must be a UUID.";
    return answer(
        {400, "validation_error", message, {{"validation_error", "X-Client-Request-ID", std::string(message)}}});
  }
  if (!is_id(zone_id) || !is_id(id)) return answer(not_found());
  return std::nullopt;
}

void answer(Answer& out, const Representation& task, const Request& request, const Policy& policy, std::int64_t now) {
  Draft draft;
  draft.revision = task.revision;
  draft.waited = granted_wait(request, policy);
  if (task.status == Status::completed) {
    if (request.completed.value_or(policy.completed) == Completed::see_other) {
      draft.status = 303;
      draft.location = task.location;
      return finish(out, draft, task.body, request);
    }
    draft.related = task.location;
  } else if (task.status != Status::failed) {
    draft.retry_after = retry_after(task.created_at, policy, now);
  }
  draft.etag = task.etag;
  if (request.if_none_match && if_none_match_matches(*request.if_none_match, task.etag)) {
    draft.status = 304;
    draft.related = {};  // belongs to the representation that the client has (RFC 9110, section 15.4.5)
  }
  finish(out, draft, task.body, request);
}

Answer decide(std::string_view zone_id, std::string_view id, const Lookup& found, const Request& request,
              const Policy& policy, std::int64_t now, const MakeRequestId& fresh) {
  Problem problem = not_found();
  if (const auto* task = std::get_if<Answerable>(&found)) {
    const std::optional<std::string> location = location_of(zone_id, id, *task, policy);
    if (location) {
      Answer out;
      answer(out, {task->status, task->created_at, task->revision, etag_of(*task), *location, task->body}, request,
             policy, now);
      return out;
    }
    problem = internal_error();
  }
  if (std::holds_alternative<Gone>(found)) problem = gone();
  if (const auto* failure = std::get_if<Error>(&found))
    problem = is_passing(failure->code) ? unavailable() : internal_error();
  return error_answer(std::move(problem), error_path(request, status_path(policy, zone_id, id)), request, now, fresh);
}

std::optional<std::int64_t> granted_wait(const Request& request, const Policy& policy) {
  if (!request.prefer || policy.longest_wait == 0) return std::nullopt;
  const auto seconds = preferred_wait(*request.prefer);
  if (!seconds) return std::nullopt;
  return std::min(*seconds, policy.longest_wait / second) * second;
}

bool is_worth_waiting(Status status, std::string_view etag, const Request& request) {
  if (taskstate::is_terminal(status)) return false;
  return !request.if_none_match || if_none_match_matches(*request.if_none_match, etag);
}

Answer accept(const Task& task, std::string_view body, const Request& request, const Policy& policy, std::int64_t now,
              const MakeRequestId& fresh) {
  Draft draft;
  draft.status = 202;
  const std::optional<std::string> location = policy.status_url.fill({task.zone_id, task.id, task.install_id});
  if (!location) return error_answer(internal_error(), error_path(request, "/"), request, now, fresh);
  draft.location = *location;
  draft.retry_after = retry_after(task.created_at, policy, now);
  Answer out;
  finish(out, draft, body, request);
  return out;
}

Answer accept(const Error& failure, const Request& request, const Policy& policy, std::int64_t now,
              const MakeRequestId& fresh) {
  return error_answer(problem_of(failure, policy), error_path(request, "/"), request, now, fresh);
}

}  // namespace tse::core
