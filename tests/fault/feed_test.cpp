// Many write and a purge runs while others follow the feed: all see the same, and every hole is explained.
#include "support.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

using namespace tse;
using namespace tse::test;

namespace {

constexpr std::size_t processes = 2;
constexpr std::size_t writers = 8;
constexpr std::size_t tailers = 4;

int write(const std::string& path, std::size_t process, std::size_t count) {
  const engine::Engine::Ptr tasks = open(path);
  std::vector<std::thread> crew;
  for (std::size_t writer = 0; writer < writers; ++writer)
    crew.emplace_back([&, writer] {
      for (std::size_t i = 0; i < count; ++i) {
        const core::Key key{"z" + std::to_string(writer % 3),
                            std::to_string(process) + "-" + std::to_string(writer) + "-" + std::to_string(i)};
        engine::create(*tasks, new_task(key.zone_id, key.id), patient());
        engine::change(*tasks, key, core::Start{}, patient());
        engine::change(*tasks, key, complete_with("ins"), patient());
      }
    });
  for (std::thread& member : crew) member.join();
  return 0;
}

struct Tail {
  std::map<std::int64_t, std::string> seen;
  std::int64_t out_of_order = 0;
  std::int64_t unexplained = 0;
};

// Follows until everything was written, in parts, as a reader that keeps only its position.
Tail follow(engine::Engine& tasks, const std::atomic<bool>& written) {
  Tail tail;
  engine::ChangesQuery query;
  query.limit = 200;
  query.wait = std::chrono::milliseconds(50);
  std::int64_t last = 0;
  for (bool ends = false;;) {
    const engine::Changes part = engine::changes(tasks, query, patient());
    for (const core::Event& event : part.events) {
      if (event.sequence <= last) ++tail.out_of_order;
      for (std::int64_t missing = std::max(last, part.purged_through) + 1; missing < event.sequence; ++missing)
        ++tail.unexplained;
      last = event.sequence;
      tail.seen[event.sequence] = event.key.zone_id + '/' + event.key.id + ' ' + event.kind;
    }
    query.after = part.position;
    if (part.events.empty() && ends) return tail;
    ends = part.events.empty() && written;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(feed)

BOOST_AUTO_TEST_CASE(all_tailers_see_the_same_and_every_hole_is_a_purge) {
  const std::size_t count = setting("TSE_FEED_TASKS", 150);
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  std::vector<pid_t> children;
  for (std::size_t process = 0; process < processes; ++process)
    children.push_back(spawn([&, process] { return write(path, process, count); }));

  const engine::Engine::Ptr tasks = open(path);
  std::atomic<bool> written{false};
  std::vector<Tail> tails(tailers);
  std::vector<std::thread> crew;
  for (Tail& tail : tails) crew.emplace_back([&] { tail = follow(*tasks, written); });
  std::int64_t purged = 0;
  std::atomic<bool> ended{false};
  std::thread purging([&] {
    while (!ended) {
      purged += engine::purge(*tasks, {{}, std::chrono::milliseconds(300), 0}, patient());
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  for (const pid_t child : children) BOOST_TEST(wait_for(child) == 0);
  ended = true;
  purging.join();
  purged += engine::purge(*tasks, {"z1", std::chrono::milliseconds(0), 0}, patient());  // also where all went fast
  written = true;
  for (std::thread& member : crew) member.join();

  std::int64_t differences = 0;
  std::size_t events = 0;
  for (const Tail& tail : tails) {
    BOOST_TEST(tail.out_of_order == 0);
    BOOST_TEST(tail.unexplained == 0);
    events = std::max(events, tail.seen.size());
    for (const Tail& other : tails)
      for (const auto& [sequence, what] : tail.seen)
        if (const auto found = other.seen.find(sequence); found != other.seen.end() && found->second != what)
          ++differences;
  }
  BOOST_TEST(differences == 0);
  BOOST_TEST(purged > 0);
  // What is there now, each has seen.
  const engine::Changes rest = engine::changes(*tasks, {}, patient());
  for (const core::Event& event : rest.events)
    for (const Tail& tail : tails) BOOST_TEST(tail.seen.contains(event.sequence));
  BOOST_TEST(engine::verify(*tasks, patient()).problems.empty());
  std::cout << "measured: " << tailers << " tailers, " << processes * writers << " writers in " << processes
            << " processes, " << events << " events, " << purged << " tasks purged meanwhile: " << differences
            << " differences, 0 unexplained holes\n";
}

BOOST_AUTO_TEST_SUITE_END()
