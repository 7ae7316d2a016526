// The status request's headers: whatever a client sends, the answer is the one that a plain reading of RFC 9110 and RFC
// 7240 gives. An input is a byte of flags and the values of If-None-Match, Prefer, X-Client-Request-ID, the method and
// the path; "@" in the first stands for the task's own tag.
#include "fuzz/support.hpp"

#include <array>
#include <cctype>
#include <limits>
#include <optional>
#include <vector>

using namespace tse::fuzz;

namespace {

// ---- The reference --------------------------------------------------------------------------------

bool is_space(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// A list's elements (RFC 9110, section 5.6.1): what stands between commas outside quotes.
std::vector<std::string_view> elements(std::string_view field, bool has_escapes) {
  std::vector<std::string_view> found;
  std::size_t begin = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= field.size(); ++i) {
    if (i == field.size() || (field[i] == ',' && !quoted)) {
      const std::string_view element = trimmed(field.substr(begin, i - begin));
      if (!element.empty()) found.push_back(element);
      begin = i + 1;
    } else if (field[i] == '"') {
      quoted = !quoted;
    } else if (field[i] == '\\' && quoted && has_escapes) {
      ++i;
      if (i == field.size()) --i;
    }
  }
  return found;
}

/// RFC 9110, section 8.8.3: the opaque tag of an entity tag.
std::optional<std::string_view> opaque_tag(std::string_view element) {
  if (element.substr(0, 2) == "W/") element.remove_prefix(2);
  if (element.size() < 2 || element.front() != '"' || element.back() != '"') return std::nullopt;
  for (const char c : element.substr(1, element.size() - 2))
    if (c == '"' || c == 0x7f || (static_cast<unsigned char>(c) < 0x21)) return std::nullopt;
  return element;
}

/// The tag without what a compressing proxy adds to it.
std::string unmarked(std::string_view tag) {
  std::string plain(tag);
  for (const std::string_view coding : {"gzip\"", "br\"", "zstd\"", "deflate\""}) {
    if (tag.size() <= coding.size() || tag.substr(tag.size() - coding.size()) != coding) continue;
    plain.resize(tag.size() - coding.size());
    if (plain.back() != '-' && plain.back() != ';') return std::string(tag);
    const bool doubled = plain.size() > 1 && plain.substr(plain.size() - 2) == "--";
    plain.resize(plain.size() - (doubled ? 2 : 1));
    return plain + '"';
  }
  return plain;
}

/// RFC 9110, section 13.1.2, by weak comparison; what follows a fault counts for nothing.
bool reference_matches(std::string_view field, std::string_view etag) {
  if (trimmed(field) == "*") return true;
  for (const std::string_view element : elements(field, false)) {
    const auto tag = opaque_tag(element);
    if (!tag) return false;
    if (*tag == etag || unmarked(*tag) == etag) return true;
  }
  return false;
}

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  for (const char c : text) {
    const bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && marks.find(c) == std::string_view::npos) return false;
  }
  return !text.empty();
}

/// RFC 9110, section 5.6.4; nothing more is made of an escape, since no number needs one.
std::optional<std::string_view> unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::nullopt;
  const std::string_view inner = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] == '"') return std::nullopt;
    if (inner[i] == '\\' && ++i == inner.size()) return std::nullopt;
    if (is_control(inner[i]) && inner[i] != '\t') return std::nullopt;
  }
  return inner;
}

struct Preference {
  std::string_view name;
  std::string_view value;
};

/// RFC 7240, section 2: token [ BWS "=" BWS word ], and the same behind each ";". Nothing if it is not well-formed.
std::optional<Preference> preference(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view name = trimmed(text.substr(0, equals));
  if (!is_token(name)) return std::nullopt;
  if (equals == std::string_view::npos) return Preference{name, {}};
  const std::string_view value = trimmed(text.substr(equals + 1));
  if (value.empty() || is_token(value)) return Preference{name, value};
  const auto word = unquoted(value);
  return word ? std::optional(Preference{name, *word}) : std::nullopt;
}

bool is_wait(std::string_view name) {
  std::string lower(name);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower == "wait";
}

std::optional<std::int64_t> seconds(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const std::size_t leading = std::min(text.find_first_not_of('0'), text.size() - 1);
  if (text.size() - leading > 10) return std::numeric_limits<std::int32_t>::max();
  return std::min<std::int64_t>(std::stoll(std::string(text)), std::numeric_limits<std::int32_t>::max());
}

struct Wish {
  bool well_formed = true;
  std::optional<std::int64_t> wait{};  ///< s; of the first preference of that name
};

Wish reference_wait(std::string_view field) {
  Wish wish;
  bool found = false;
  for (const std::string_view element : elements(field, true)) {
    std::size_t begin = 0;
    bool quoted = false;
    for (std::size_t i = 0; i <= element.size(); ++i) {
      if (i < element.size() && element[i] == '"') quoted = !quoted;
      if (i < element.size() && element[i] == '\\' && quoted) ++i;
      if (i < element.size() && (quoted || element[i] != ';')) continue;
      const std::size_t end = std::min(i, element.size());
      const std::string_view part = trimmed(element.substr(begin, end - begin));
      const auto one = preference(part);
      const bool may_be_empty = begin > 0;
      if (!one && !(part.empty() && may_be_empty)) return {false};
      if (begin == 0 && is_wait(one->name) && !found) {
        found = true;
        wish.wait = seconds(one->value);
      }
      begin = end + 1;
    }
  }
  return wish;
}

// ---- The engine -----------------------------------------------------------------------------------

constexpr std::int64_t longest_wait_s = 60;
constexpr std::string_view zone = "z";

enum Kind : unsigned { pending, running, completed, linked, failed, missing, kinds };
constexpr std::array<std::string_view, kinds> ids{"pending", "running", "completed", "linked", "failed", "missing"};

struct Host {
  Host() {
    const Options options = quiet_options();
    tse_options_set_longest_wait(options.get(), longest_wait_s * 1'000'000, nullptr);
    engine = open_memory(options);
    for (unsigned kind = pending; kind < missing; ++kind) {
      tse_new_task spec = TSE_NEW_TASK_INIT;
      spec.zone_id = given(zone);
      spec.id = given(ids.at(kind));
      spec.operation = tse_text("create");
      require(tse_create(engine.get(), &spec, nullptr, nullptr, nullptr) == TSE_OK, "a task is made");
      if (kind == pending) continue;
      const auto change = [&](auto call, const auto&... update) {
        require(call(engine.get(), zone.data(), zone.size(), spec.id.data, spec.id.size, update..., nullptr, nullptr,
                     nullptr) == TSE_OK,
                "a task is moved");
      };
      change(tse_start);
      tse_update update = TSE_UPDATE_INIT;
      if (kind == completed) update.install_id = tse_text("a/\xc3\xa4");
      if (kind == linked) update.links = tse_text(R"([{"href":"/results/1?x=%20","rel":"result"}])");
      if (kind == failed) update.error_message = tse_text("It broke.");
      if (kind == completed || kind == linked) change(tse_complete, &update);
      if (kind == failed) change(tse_fail, &update);
    }
    tse_answer* made = nullptr;
    require(tse_answer_new(&made, nullptr) == TSE_OK, "an answer can be made");
    answer.reset(made);
    for (unsigned kind = pending; kind < missing; ++kind) {
      tse_request request = TSE_REQUEST_INIT;
      request.completed = TSE_COMPLETED_OK;
      etags.at(kind) = header(decide(kind, request), "ETag");
      require(etags.at(kind).size() > 2, "a task has a tag");
    }
  }

  tse_answer_view decide(unsigned kind, const tse_request& request) {
    const std::string_view id = ids.at(kind);
    require(tse_decide(engine.get(), zone.data(), zone.size(), id.data(), id.size(), &request, nullptr, answer.get(),
                       nullptr) == TSE_OK,
            "a request is answered");
    tse_answer_view told = TSE_ANSWER_VIEW_INIT;
    require(tse_answer_get(answer.get(), &told) == TSE_OK, "an answer can be read");
    return told;
  }

  Engine engine;
  Answer answer;
  std::array<std::string, kinds> etags;
};

bool is_uuid(std::string_view text) {
  constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i)
    if (form[i] == '-' ? text[i] != '-' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return false;
  return true;
}

int expected_status(unsigned kind, bool redirects, bool matches, bool bad_request_id) {
  if (bad_request_id) return 400;
  if (kind == missing) return 404;
  if ((kind == completed || kind == linked) && redirects) return 303;
  return matches ? 304 : 200;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Host host;
  std::string_view input = text_of(data, size);
  const unsigned flags = take_byte(input);
  const unsigned kind = (flags & 0x0f) % kinds;
  const bool redirects = (flags & 0x10) == 0;

  std::string none_match;
  const std::string_view etag = host.etags.at(kind);
  for (const char c : take_part(input)) {
    if (c == '@' && !etag.empty()) {
      none_match += etag.substr(1, etag.size() - 2);
    } else {
      none_match += c;
    }
  }
  const std::string_view prefer = take_part(input);
  const std::string_view request_id = take_part(input);
  const std::string_view method = take_part(input);
  const std::string_view path = input;

  tse_request request = TSE_REQUEST_INIT;
  request.if_none_match = given_or_absent(none_match);
  request.prefer = given_or_absent(prefer);
  request.client_request_id = given_or_absent(request_id);
  request.method = given_or_absent(method);
  request.path = given_or_absent(path);
  request.completed = redirects ? TSE_COMPLETED_SEE_OTHER : TSE_COMPLETED_OK;
  request.wait_elsewhere = 1;
  const tse_answer_view answer = host.decide(kind, request);

  require_sound(answer);
  const bool bad_request_id = !request_id.empty() && !is_uuid(request_id);
  const bool matches = kind != missing && reference_matches(none_match, etag);
  require(answer.status == expected_status(kind, redirects, matches, bad_request_id), "the status is the request's");
  require((answer.status == 303) == !header(answer, "Location").empty(), "303 leads somewhere, and nothing else does");
  require(header(answer, "X-Client-Request-ID") == (bad_request_id ? std::string_view() : request_id),
          "a request id comes back as it was");
  const bool has_body = answer.status != 304 && method != "HEAD";
  require((answer.body.data != nullptr) == has_body, "a body is there unless the answer is 304 or to HEAD");

  if (bad_request_id || kind == missing) return 0;
  const Wish wish = reference_wait(prefer);
  const std::string_view applied = header(answer, "Preference-Applied");
  const bool waits = kind <= running && (none_match.empty() || matches);
  require(answer.wait_us >= 0 && answer.wait_us <= longest_wait_s * 1'000'000, "no wait is longer than is granted");
  if (!waits) require(answer.wait_us == 0, "who has news is not kept waiting");
  if (!wish.well_formed) return 0;  // may be understood in part
  const std::int64_t granted = std::min(wish.wait.value_or(0), longest_wait_s);
  require(applied == (wish.wait ? "wait=" + std::to_string(granted) : ""), "the wait is the one that was asked for");
  if (waits) require(answer.wait_us == granted * 1'000'000, "a wait that was granted is kept");
  return 0;
}
