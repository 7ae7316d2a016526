// Names of every kind: what does not keep to its grammar is refused, judged by a plain reading of it, and whatever is
// accepted can end neither a header line nor leave the origin in a Location. An input is: zone id, task id, operation,
// install id, idempotency key, worker, request id, traceparent, a location's template, a lease's token, in which "@"
// stands for the one that was granted.
#include "core/location.hpp"
#include "fuzz/support.hpp"

#include <optional>
#include <string>
#include <vector>

using namespace tse::fuzz;

namespace {

// ---- The reference --------------------------------------------------------------------------------

constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view digits = "0123456789";
constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

bool is_of(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 128 && text != "." && text != ".." && is_of(text, unreserved);
}

bool is_operation(std::string_view text) {
  return !text.empty() && text.size() <= 32 && is_of(text.substr(0, 1), lower) &&
         is_of(text, std::string(lower) + std::string(digits) + "_");
}

/// The code points of UTF-8 (RFC 3629, section 3), or nothing if it is none.
std::optional<std::u32string> code_points(std::string_view text) {
  std::u32string found;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (size == 0 || i + size > text.size()) return std::nullopt;
    char32_t point = size == 1 ? lead : lead & (0xffU >> (size + 1));
    for (std::size_t next = 1; next < size; ++next) {
      const auto byte = static_cast<unsigned char>(text[i + next]);
      if (byte >> 6 != 2) return std::nullopt;
      point = point << 6 | (byte & 0x3fU);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < least[size] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return std::nullopt;
    found += point;
    i += size;
  }
  return found;
}

bool is_name(std::string_view text, std::size_t most) {
  if (text.empty() || text.size() > most) return false;
  const auto points = code_points(text);
  if (!points) return false;
  for (const char32_t point : *points)
    if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return false;
  return true;
}

bool is_install_id(std::string_view text) { return is_name(text, 512) && text != "." && text != ".."; }

bool is_visible(std::string_view text) {
  for (const char c : text)
    if (c <= 0x20 || c >= 0x7f) return false;
  return true;
}

bool is_request_id(std::string_view text) { return !text.empty() && text.size() <= 128 && is_visible(text); }

bool is_traceparent(std::string_view text) {
  constexpr std::string_view form = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
  if (text.size() != form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i)
    if (form[i] == 'x' ? !is_of(text.substr(i, 1), "0123456789abcdef") : text[i] != form[i]) return false;
  return !is_of(text.substr(3, 32), "0") && !is_of(text.substr(36, 16), "0");
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    char hex[4];
    std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned char>(c));
    if (unreserved.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += hex;
    }
  }
  return encoded;
}

/// A browser resolves it to the origin that it came from, and to the very path that it spells.
void require_own_path(std::string_view path) {
  require(path.substr(0, 1) == "/" && path.substr(0, 2) != "//", "a location is an absolute path of this origin");
  require(is_visible(path) && path.find_first_of("\\#\"<>{}|^`") == std::string_view::npos,
          "a location has characters of a path only");
  std::string segment;
  const std::string segments = std::string(path.substr(0, path.find('?'))) + "/";
  for (std::size_t i = 1; i < segments.size(); ++i) {
    if (segments[i] == '%' && segments[i + 1] == '2' && (segments[i + 2] | 0x20) == 'e') {
      segment += '.';
      i += 2;
    } else if (segments[i] != '/') {
      segment += segments[i];
    } else {
      require(!segment.empty() || segments.size() == 1, "a location has no empty segment");
      require(segment != "." && segment != "..", "a location has no dot segment");
      segment.clear();
    }
  }
}

// ---- What is tried --------------------------------------------------------------------------------

void try_template(std::string_view text, std::string_view zone_id, std::string_view id, std::string_view install_id) {
  const Options options = quiet_options();
  tse_error* failed = nullptr;
  const int32_t code = tse_options_set_location(options.get(), text.empty() ? "" : text.data(), text.size(), &failed);
  const Error error(code == TSE_OK ? nullptr : failed);
  if (code != TSE_OK) return require_refusal(code, error, {TSE_INVALID_ARGUMENT});
  const tse::core::PathTemplate made(text, "location");
  if (const auto path = made.fill({zone_id, id, install_id})) require_own_path(*path);
}

struct Names {
  std::string_view zone_id, id, operation, install_id, key, worker, request_id, traceparent;
};

/// Sets a field of a call if it is given.
template <typename Set>
void set_if(Set set, tse_call* call, std::string_view text, bool keeps) {
  if (text.empty()) return;
  tse_error* failed = nullptr;
  const int32_t code = set(call, text.data(), text.size(), &failed);
  const Error error(code == TSE_OK ? nullptr : failed);
  if (code != TSE_OK) require_refusal(code, error, {TSE_INVALID_ARGUMENT});
  require((code == TSE_OK) == keeps, "a call takes what keeps to the grammar, and nothing else");
}

tse_answer_view filled(const Answer& answer) {
  tse_answer_view told = TSE_ANSWER_VIEW_INIT;
  require(tse_answer_get(answer.get(), &told) == TSE_OK, "an answer can be read");
  require_sound(told);
  return told;
}

/// The parts of a token, which are joined by colons.
std::vector<std::string_view> parts(std::string_view token) {
  std::vector<std::string_view> found;
  std::size_t begin = 0;
  for (std::size_t end = 0; end != std::string_view::npos; begin = end + 1) {
    end = token.find(':', begin);
    found.push_back(token.substr(begin, end - begin));
  }
  return found;
}

void try_token(tse_engine* engine, std::string_view form, std::string_view granted) {
  std::string token;
  for (const char c : form) {
    if (c == '@') {
      token += granted;
    } else {
      token += c;
    }
  }
  tse_error* failed = nullptr;
  const int32_t code =
      tse_lease_heartbeat(engine, token.data(), token.size(), TSE_NONE, nullptr, 0, nullptr, nullptr, &failed);
  const Error error(code == TSE_OK ? nullptr : failed);
  if (code != TSE_OK) return require_refusal(code, error, {TSE_INVALID_ARGUMENT, TSE_LEASE_LOST});
  // All but the duration, which is the worker's own choice, must be as it was granted.
  auto ours = parts(granted);
  auto theirs = parts(token);
  require(ours.size() == 6 && theirs.size() == 6, "a token has six parts");
  theirs[3] = ours[3];
  require(ours == theirs, "a lease is held by its token only");
}

class Host {
 public:
  Host() {
    const Options options = quiet_options();
    engine_ = open_memory(options);
    tse_answer* made = nullptr;
    require(tse_answer_new(&made, nullptr) == TSE_OK, "an answer can be made");
    answer_.reset(made);
  }

  void try_names(const Names& names, std::string_view token) {
    tse_call* made = nullptr;
    require(tse_call_new(&made, nullptr) == TSE_OK, "a call can be made");
    const std::unique_ptr<tse_call, Freed<tse_call_free>> call(made);
    set_if(tse_call_set_request_id, made, names.request_id, is_request_id(names.request_id));
    set_if(tse_call_set_traceparent, made, names.traceparent, is_traceparent(names.traceparent));
    set_if(tse_call_set_actor, made, names.worker, is_name(names.worker, 256));
    bool keeps = is_id(names.zone_id) && (names.id.empty() || is_id(names.id));
    keeps &= names.operation == "create" || (names.operation == "delete" && !names.install_id.empty());
    keeps &= names.install_id.empty() || is_install_id(names.install_id);
    keeps &= names.key.empty() || is_name(names.key, 512);

    tse_new_task spec = TSE_NEW_TASK_INIT;
    spec.zone_id = given(names.zone_id);
    spec.id = given_or_absent(names.id);
    spec.operation = given(names.operation);
    spec.install_id = given_or_absent(names.install_id);
    spec.idempotency_key = given_or_absent(names.key);
    tse_task* fresh = nullptr;
    tse_error* failed = nullptr;
    const int32_t code = tse_create(engine_.get(), &spec, made, &fresh, &failed);
    const Task task(code == TSE_OK ? fresh : nullptr);
    const Error error(code == TSE_OK ? nullptr : failed);
    if (code != TSE_OK) require_refusal(code, error, {TSE_INVALID_ARGUMENT});
    require((code == TSE_OK) == keeps, "a task is made of what keeps to the grammar, and of nothing else");

    tse_request request = TSE_REQUEST_INIT;
    request.client_request_id = given_or_absent(names.request_id);
    request.path = given_or_absent(names.key);
    require(tse_accept(engine_.get(), task.get(), error.get(), &request, answer_.get(), nullptr) == TSE_OK,
            "a creation is answered");
    const tse_answer_view accepted = filled(answer_);
    require(accepted.status == (keeps ? 202 : 400), "a creation is accepted or refused");
    if (!keeps) return look_up(names.zone_id, names.id, request);
    require(view(accepted.headers[0].name) == "Content-Type", "an answer with a body says what it is");
    tse_task_view told = TSE_TASK_VIEW_INIT;
    tse_task_get(task.get(), &told);
    require(header(accepted, "Location") ==
                "/zones/" + std::string(names.zone_id) + "/catalog_tasks/" + std::string(view(told.id)),
            "an accepted task's location is its status URL");
    work_on(names, view(told.id), token);
  }

 private:
  void look_up(std::string_view zone_id, std::string_view id, const tse_request& request) {
    const tse_str zone = given(zone_id);
    const tse_str task = given(id);
    require(tse_decide(engine_.get(), zone.data, zone.size, task.data, task.size, &request, nullptr, answer_.get(),
                       nullptr) == TSE_OK,
            "a request is answered");
    const int32_t status = filled(answer_).status;
    require(status == 404 || status == 400, "there is no task that was refused");
  }

  /// Takes the task through its life and away again.
  void work_on(const Names& names, std::string_view id, std::string_view token) {
    const std::string_view zone = names.zone_id;
    const tse_str worker = given_or_absent(is_name(names.worker, 256) ? names.worker : "");
    tse_leases* granted = nullptr;
    require(tse_start_leased(engine_.get(), zone.data(), zone.size(), id.data(), id.size(), worker.data, worker.size,
                             TSE_NONE, nullptr, &granted, nullptr) == TSE_OK,
            "a task can be started");
    const Leases leases(granted);
    tse_lease_view lease = TSE_LEASE_VIEW_INIT;
    require(tse_leases_lease(granted, 0, &lease) == TSE_OK && lease.token.size <= 512 && is_visible(view(lease.token)),
            "a token is printable");
    try_token(engine_.get(), token, view(lease.token));

    tse_update update = TSE_UPDATE_INIT;
    update.install_id = given(names.install_id.empty() ? "i" : names.install_id);
    require(tse_lease_complete(engine_.get(), lease.token.data, lease.token.size, &update, nullptr, nullptr, nullptr) ==
                TSE_OK,
            "the holder can end the task");
    require(tse_decide(engine_.get(), zone.data(), zone.size(), id.data(), id.size(), nullptr, nullptr, answer_.get(),
                       nullptr) == TSE_OK,
            "a request is answered");
    const tse_answer_view told = filled(answer_);
    require(told.status == 303, "a completed task leads somewhere");
    require(header(told, "Location") ==
                "/zones/" + std::string(zone) + "/installs/" + percent_encoded(view(update.install_id)),
            "what is filled in is percent-encoded");
    require_own_path(header(told, "Location"));
    require(
        tse_erase(engine_.get(), zone.data(), zone.size(), id.data(), id.size(), nullptr, nullptr, nullptr) == TSE_OK,
        "an ended task can be erased");
  }

  Engine engine_;
  Answer answer_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = text_of(data, size);
  Names names;
  for (std::string_view* name : {&names.zone_id, &names.id, &names.operation, &names.install_id, &names.key,
                                 &names.worker, &names.request_id, &names.traceparent})
    *name = take_part(input);
  const std::string_view form = take_part(input);
  const std::string_view token = input;

  const Options options = quiet_options();
  const tse_str operation = given(names.operation);
  require((tse_options_add_operation(options.get(), operation.data, operation.size, nullptr) == TSE_OK) ==
              is_operation(names.operation),
          "an operation is allowed exactly if it keeps to its grammar");
  try_template(form, names.zone_id, names.id, names.install_id);

  static Host host;
  host.try_names(names, token);
  return 0;
}
