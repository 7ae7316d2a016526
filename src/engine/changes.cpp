#include "engine/changes.hpp"

#include "core/opaque.hpp"
#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <functional>
#include <optional>
#include <stop_token>
#include <utility>

namespace tse::engine {

using std::chrono::steady_clock;

Changes changes(Engine& engine, const ChangesQuery& query, const Call& call) {
  Context& at = engine.enter(call, query);
  const std::string zone_id = query.zone_id.value_or("");
  store::FeedQuery part{zone_id, 0, static_cast<std::size_t>(query.limit)};
  std::optional<std::string> generation;  // none: of whatever is found
  if (query.after) {
    core::FeedPosition position = require(core::read_position(*query.after));
    part.after = position.sequence;
    generation = std::move(position.generation);
  }
  if (query.latest) {
    generation = at.store->content().generation;
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
    if (feed.generation != generation) (void)at.store->tell_restored();  // that is done herewith
    require(core::check_position({*generation, part.after}, {feed.generation, feed.latest, feed.floor},
                                 query.allow_gap || !query.after));
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
      watch->await_changes(zone_id);
      wake.emplace(call.stop, [&waiting = *watch] { waiting.raise(); });
    }
  }
}

}  // namespace tse::engine
