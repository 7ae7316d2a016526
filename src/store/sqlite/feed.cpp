#include "store/sqlite/feed.hpp"

#include "core/no_destructor.hpp"
#include "store/sqlite/row_io.hpp"

#include <algorithm>

namespace tse::store::sqlite {
namespace {

// One zone's events are found among all: an index by zone would cost every change. So a read looks at this many at
// the most, and tells how far it came.
constexpr std::int64_t window = 20000;

}  // namespace

std::int64_t find_latest_event(Connection& connection) {
  return connection.integer(
      "SELECT max(purged_through, coalesce((SELECT max(seq) FROM taskstate_events), 0)) FROM taskstate_meta");
}

Feed find_feed(Connection& connection, const FeedQuery& query) {
  static const core::NoDestructor<std::string> select("SELECT " + event_columns() +
                                                      " FROM taskstate_events WHERE seq > ?1 AND seq <= ?2");
  static const core::NoDestructor<std::string> all(*select + " ORDER BY seq LIMIT ?3");
  static const core::NoDestructor<std::string> of_zone(*select + " AND zone_id = ?4 ORDER BY seq LIMIT ?3");
  Feed feed;
  feed.latest = find_latest_event(connection);
  feed.purged_through = connection.integer("SELECT purged_through FROM taskstate_meta");
  feed.floor = connection.integer("SELECT feed_floor FROM taskstate_meta");
  const bool filtered = !query.zone_id.empty();
  const std::int64_t through = filtered ? std::min(query.after + window, feed.latest) : feed.latest;
  Query events(connection, filtered ? *of_zone : *all);
  events.bind(1, query.after).bind(2, through).bind(3, static_cast<std::int64_t>(query.limit));
  if (filtered) events.bind(4, query.zone_id);
  while (events.step()) feed.events.push_back(read_event(events));
  feed.read_through = feed.events.size() == query.limit ? feed.events.back().sequence : through;
  return feed;
}

// Every change that the wire shows leaves an event, whoever makes it. What may leave none, or drop the events, makes
// the news incomplete: a purge that is no longer told, a feed that went back.
News find_news(Connection& connection, std::optional<std::int64_t> after, std::size_t limit, const Origin& origin) {
  News news;
  news.latest = std::max(origin.purged_through, origin.newest.sequence);
  if (!after || origin.feed_floor > *after || news.latest < *after) return news;
  Query query(connection,
              "SELECT seq, zone_id, id, revision, to_status IN ('completed', 'failed') FROM taskstate_events "
              "WHERE seq > ?1 ORDER BY seq LIMIT ?2");
  query.bind(1, *after).bind(2, static_cast<std::int64_t>(limit) + 1);
  while (!news.more && query.step()) {
    news.more = news.moved.size() == limit;
    if (!news.more)
      news.moved.push_back({query.integer(0), {query.text(1), query.text(2)}, query.integer(3), query.integer(4) != 0});
  }
  news.gap = false;
  return news;
}

}  // namespace tse::store::sqlite
