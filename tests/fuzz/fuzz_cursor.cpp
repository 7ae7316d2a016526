// What a client gives back: cursors of pages, positions in the feed, entity tags. Whatever it made of them, it is
// refused or shows what it was made for: the same zone and filter. An input chooses the query, and one of the texts
// that the engine gave out with how to alter it, or is the text itself.
#include "fuzz/support.hpp"

#include <array>
#include <set>
#include <string>
#include <vector>

using namespace tse::fuzz;

namespace {

constexpr std::array<std::string_view, 2> zones{"z0", "z1"};
constexpr std::array<std::string_view, 2> operations{"create", "delete"};

/// Which tasks a query is for; `operation` 2: whichever.
struct Filter {
  std::size_t zone;
  std::size_t operation;
  [[nodiscard]] std::size_t number() const { return zone * 3 + operation; }
};
constexpr std::size_t filters = 6;

struct Host {
  Host() {
    const Options options = quiet_options();
    // Each task a microsecond after the one before.
    static int64_t now = 1'700'000'000'000'000;
    tse_options_set_clock(
        options.get(), [](void*) -> int64_t { return now++; }, nullptr, nullptr, nullptr);
    engine = open_memory(options);
    for (std::size_t i = 0; i < 32; ++i) {
      tse_new_task spec = TSE_NEW_TASK_INIT;
      const std::string id = "t" + std::to_string(i);
      spec.zone_id = given(zones.at(i % 2));
      spec.id = given(id);
      spec.operation = given(operations.at(i / 2 % 2));
      spec.install_id = tse_text("i");
      require(tse_create(engine.get(), &spec, nullptr, nullptr, nullptr) == TSE_OK, "a task is made");
    }
    for (std::size_t number = 0; number < filters; ++number) collect({number / 3, number % 3});
    collect_positions();
    tse_answer* made = nullptr;
    require(tse_answer_new(&made, nullptr) == TSE_OK, "an answer can be made");
    answer.reset(made);
    for (const std::string_view id : {"t0", "t2", "t4"}) etags.emplace_back(header(decide(id, {}), "ETag"));
  }

  [[nodiscard]] static tse_list_query query(Filter filter) {
    tse_list_query made = TSE_LIST_QUERY_INIT;
    made.zone_id = given(zones.at(filter.zone));
    if (filter.operation < operations.size()) made.operation = given(operations.at(filter.operation));
    made.limit = 3;
    return made;
  }

  void collect(Filter filter) {
    tse_list_query next = query(filter);
    std::string after;
    for (;;) {
      tse_page* made = nullptr;
      require(tse_list(engine.get(), &next, nullptr, &made, nullptr) == TSE_OK, "a page can be read");
      const Page page(made);
      tse_page_view told = TSE_PAGE_VIEW_INIT;
      tse_page_get(made, &told);
      for (const tse_str& cursor : {told.after_cursor, told.before_cursor})
        if (cursor.data != nullptr) genuine.at(filter.number()).insert(std::string(view(cursor)));
      if (told.after_cursor.data == nullptr) return;
      after = view(told.after_cursor);
      next.after = given(after);
    }
  }

  void collect_positions() {
    tse_changes* made = nullptr;
    require(tse_changes_read(engine.get(), nullptr, nullptr, &made, nullptr) == TSE_OK, "the feed can be read");
    const Changes changes(made);
    tse_changes_view told = TSE_CHANGES_VIEW_INIT;
    tse_changes_get(made, &told);
    for (std::size_t i = 0; i < told.count; ++i) {
      tse_event_view event = TSE_EVENT_VIEW_INIT;
      tse_changes_event(made, i, &event);
      positions.emplace_back(view(event.position));
    }
  }

  tse_answer_view decide(std::string_view id, tse_str if_none_match) {
    tse_request request = TSE_REQUEST_INIT;
    request.if_none_match = if_none_match;
    require(tse_decide(engine.get(), zones[0].data(), zones[0].size(), id.data(), id.size(), &request, nullptr,
                       answer.get(), nullptr) == TSE_OK,
            "a request is answered");
    tse_answer_view told = TSE_ANSWER_VIEW_INIT;
    tse_answer_get(answer.get(), &told);
    return told;
  }

  Engine engine;
  Answer answer;
  std::array<std::set<std::string>, filters> genuine;
  std::vector<std::string> positions;
  std::vector<std::string> etags;
};

void try_cursor(Host& host, Filter filter, bool before, std::string_view text) {
  tse_list_query query = Host::query(filter);
  (before ? query.before : query.after) = given(text);
  tse_page* made = nullptr;
  tse_error* failed = nullptr;
  const int32_t code = tse_list(host.engine.get(), &query, nullptr, &made, &failed);
  const Page page(made);
  const Error error(code == TSE_OK ? nullptr : failed);
  if (code != TSE_OK) require_refusal(code, error, {TSE_INVALID_ARGUMENT});
  require((code == TSE_OK) == (host.genuine.at(filter.number()).count(std::string(text)) == 1),
          "a cursor is one that was given out for this filter");
  if (code != TSE_OK) return;
  tse_page_view told = TSE_PAGE_VIEW_INIT;
  tse_page_get(made, &told);
  for (std::size_t i = 0; i < told.count; ++i) {
    tse_task_view task = TSE_TASK_VIEW_INIT;
    tse_page_task(made, i, &task);
    require(view(task.zone_id) == zones.at(filter.zone), "a page is of its zone");
    require(filter.operation == 2 || view(task.operation) == operations.at(filter.operation),
            "a page is of its filter");
  }
}

void try_position(Host& host, std::size_t zone, std::string_view text) {
  tse_changes_spec spec = TSE_CHANGES_SPEC_INIT;
  if (zone < zones.size()) spec.zone_id = given(zones.at(zone));
  spec.after = given(text);
  spec.limit = 5;
  tse_changes* made = nullptr;
  tse_error* failed = nullptr;
  const int32_t code = tse_changes_read(host.engine.get(), &spec, nullptr, &made, &failed);
  const Changes changes(made);
  const Error error(code == TSE_OK ? nullptr : failed);
  if (code != TSE_OK) return require_refusal(code, error, {TSE_INVALID_ARGUMENT, TSE_RESTORED, TSE_BEHIND});
  // The sequence number has one spelling; all before it is the file's.
  const std::string& first = host.positions.front();
  const std::size_t number = first.rfind(':') + 1;
  require(text.substr(0, number) == first.substr(0, number), "a position is one of this file");
  const std::int64_t after = std::stoll(std::string(text.substr(number)));
  require(std::to_string(after) == text.substr(number), "a position has one spelling");
  tse_changes_view told = TSE_CHANGES_VIEW_INIT;
  tse_changes_get(made, &told);
  std::int64_t last = after;
  for (std::size_t i = 0; i < told.count; ++i) {
    tse_event_view event = TSE_EVENT_VIEW_INIT;
    tse_changes_event(made, i, &event);
    require(event.sequence > last, "the feed goes on after the position");
    require(zone == zones.size() || view(event.zone_id) == zones.at(zone), "the feed is of its zone");
    last = event.sequence;
  }
}

void try_etag(Host& host, std::string_view text) {
  const tse_answer_view told = host.decide("t0", given(text));
  require(told.status == 200 || told.status == 304, "a task that is there is answered");
  const bool may_match = text.find(host.etags[0]) != std::string_view::npos || text.find('*') != std::string_view::npos;
  require(told.status == 200 || may_match, "304 is the answer to the task's own tag");
}

/// A text that was given out, altered byte by byte as the input says: three bytes each of what, where and the new one.
std::string altered(std::string text, std::string_view edits) {
  while (edits.size() >= 3 && !text.empty()) {
    const unsigned what = take_byte(edits);
    const std::size_t at = take_byte(edits) % text.size();
    const char byte = static_cast<char>(take_byte(edits));
    if (what % 4 == 0) text[at] = byte;
    if (what % 4 == 1) text.insert(at, 1, byte);
    if (what % 4 == 2) text.erase(at, 1);
    if (what % 4 == 3) text.resize(at);
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Host host;
  std::string_view input = text_of(data, size);
  const unsigned kind = take_byte(input);
  const std::size_t number = take_byte(input) % filters;
  const std::size_t of = take_byte(input);
  const Filter filter{number / 3, number % 3};
  const bool is_altered = (kind & 0x40) != 0;
  const auto text = [&](const auto& given_out) {
    if (!is_altered) return std::string(input);
    return altered(*std::next(given_out.begin(), static_cast<std::ptrdiff_t>(of % given_out.size())), input);
  };
  switch (kind % 4) {
    case 0:
    case 1: {
      const auto& others = host.genuine.at((kind & 0x20) != 0 ? of % filters : number);
      try_cursor(host, filter, kind % 4 == 1, text(others));
      break;
    }
    case 2: try_position(host, filter.operation, text(host.positions)); break;
    default: try_etag(host, text(host.etags)); break;
  }
  return 0;
}
