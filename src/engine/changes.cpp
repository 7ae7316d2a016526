#include "engine/changes.hpp"

#include "core/feed.hpp"
#include "core/validate.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <functional>
#include <optional>
#include <stop_token>
#include <utility>

namespace tse::engine {
namespace {

using std::chrono::steady_clock;

void check(const ChangesQuery& query) {
  std::vector<core::Detail> broken;
  if (!query.zone_id.empty()) core::check_id(broken, "zone_id", query.zone_id);
  if (query.after && query.latest) broken.push_back({"after", "must not be given where the feed begins here and now"});
  core::check_page_limit(broken, "limit", query.limit);
  if (query.wait.count() < 0)
    broken.push_back({"wait", "must not be negative, is " + std::to_string(query.wait.count()) + " us"});
  if (!broken.empty()) throw core::Failure(core::invalid(std::move(broken)));
}

core::FeedPosition position_in(const std::string& text) {
  auto position = core::parse_position(text);
  if (!position)
    throw core::Failure(
        core::invalid("after", "must be a position in the feed, has " + std::to_string(text.size()) + " bytes"));
  return std::move(*position);
}

}  // namespace

Changes changes(Engine& engine, const ChangesQuery& query, const Call& call) {
  Context& at = engine.enter(call);
  check(query);
  store::FeedQuery part{query.zone_id, 0, static_cast<std::size_t>(query.limit)};
  std::optional<std::string> generation;  // none: of whatever is found
  if (query.after) {
    core::FeedPosition position = position_in(*query.after);
    part.after = position.sequence;
    generation = std::move(position.generation);
  }
  if (query.latest) {
    generation = at.store->generation();
    part.after = at.store->latest_event(at.patience(call));
  }

  const auto until = steady_clock::now() + capped(query.wait);
  std::shared_ptr<Watch> watch;
  std::optional<std::stop_callback<std::function<void()>>> wake;  // only once there is a watch: it runs in any thread
  store::Patience reading = at.patience(call);
  for (;;) {
    if (watch) watch->reset();
    at.lifetime.require();
    store::Feed feed = at.store->feed(part, reading);
    if (!generation) generation = feed.generation;
    if (feed.generation != generation) {
      (void)at.store->tell_restored();  // that is done herewith
      throw core::Failure(
          core::Code::restored,
          "after: the position is of another file; this one is a restored copy, or its content was replaced");
    }
    if (part.after > feed.latest)
      throw core::Failure(core::invalid("after", "lies behind the newest event: no feed of this file ended there"));
    if (query.after && !query.allow_gap && part.after < feed.floor)
      throw core::Failure(core::Code::behind, "after: purges after the position are no longer told");
    part.after = feed.read_through;
    for (core::Event& event : feed.events) event.position = core::format_position({*generation, event.sequence});
    const bool at_end = feed.read_through == feed.latest;
    // One zone's events may lie far apart: what was read so far need not be read again.
    const bool out_of_time = !at_end && steady_clock::now() >= reading.until;
    if (!feed.events.empty() || out_of_time || (at_end && steady_clock::now() >= until))
      return {std::move(feed.events), core::format_position({*generation, feed.read_through}), feed.purged_through};
    if (!at_end) continue;
    if (call.stop.stop_requested())
      throw core::Failure(core::Code::cancelled, "the caller cancelled before there was anything new");
    if (watch) {
      watch->sleep_until(until);
      reading = at.patience(call);
    } else {
      watch = at.watch();
      watch->await_changes(query.zone_id);
      wake.emplace(call.stop, [&waiting = *watch] { waiting.raise(); });
    }
  }
}

}  // namespace tse::engine
