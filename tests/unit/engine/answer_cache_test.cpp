#include "engine/answer_cache.hpp"
#include "unit/engine/fake_store.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace tse;
using Result = engine::AnswerCache::Result;

namespace {

// A store of which only the state counts; every commit is told by one event.
struct Kept {
  test::FakeStore store{store::Proof::wal_index};
  std::int64_t latest = 0;
  std::vector<std::pair<std::int64_t, core::Key>> events;
  bool complete = true;
  std::size_t asked = 0;

  explicit Kept(std::size_t budget = 1 << 20) {
    store.on_news = [this](std::optional<std::int64_t> after) {
      ++asked;
      store::News news{latest, !complete || !after.has_value()};
      for (const auto& [sequence, key] : events)
        if (after && sequence > *after) news.moved.push_back({sequence, key});
      return news;
    };
    cache.emplace(store, budget);
    BOOST_TEST(cache->catch_up({}) == (budget > 0));
  }
  void commit(const std::string& id) {
    events.emplace_back(++latest, core::Key{"z", id});
    ++store.state;
  }
  void keep(const std::string& id, const std::string& body = "body", std::string_view zone = "z") {
    if (const auto proven = cache->proven())
      cache->keep(*proven, {zone, id}, {core::Status::running, 7, 3, "\"etag\"", "/where", body});
  }
  Result find(const std::string& id, std::string* body = nullptr) {
    return cache->find({"z", id}, [&](const core::Representation& answer) {
      if (body != nullptr) *body = answer.body;
    });
  }
  bool has(const std::string& id) { return find(id) == Result::hit; }

  std::optional<engine::AnswerCache> cache;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(answer_cache)

BOOST_AUTO_TEST_CASE(what_is_kept_is_given_back_whole) {
  Kept kept;
  BOOST_TEST((kept.find("a") == Result::absent));
  kept.keep("a", "the body");
  const Result result = kept.cache->find({"z", "a"}, [](const core::Representation& answer) {
    BOOST_TEST((answer.status == core::Status::running));
    BOOST_TEST(answer.created_at == 7);
    BOOST_TEST(answer.revision == 3);
    BOOST_TEST(answer.etag == "\"etag\"");
    BOOST_TEST(answer.location == "/where");
    BOOST_TEST(answer.body == "the body");
  });
  BOOST_TEST((result == Result::hit));
  const auto figures = kept.cache->figures();
  BOOST_TEST(figures.hits == 1U);
  BOOST_TEST(figures.entries == 1U);
  BOOST_TEST(figures.bytes > 8U);
}

BOOST_AUTO_TEST_CASE(a_key_is_zone_and_id_together) {
  Kept kept;
  kept.keep("bc", "1", "a");
  kept.keep("c", "2", "ab");
  std::string body;
  const auto find = [&](std::string_view zone, std::string_view id) {
    return kept.cache->find({zone, id}, [&](const core::Representation& answer) { body = answer.body; });
  };
  BOOST_TEST((find("ab", "c") == Result::hit));
  BOOST_TEST(body == "2");
  BOOST_TEST((find("abc", "") == Result::absent));
  BOOST_TEST((find("b", "c") == Result::absent));
}

BOOST_AUTO_TEST_CASE(any_commit_makes_all_stale_until_the_news_are_read) {
  Kept kept;
  kept.keep("a");
  kept.keep("b");
  kept.commit("a");
  BOOST_TEST((kept.find("a") == Result::stale));
  BOOST_TEST((kept.find("b") == Result::stale));
  BOOST_TEST(kept.cache->catch_up({}));
  BOOST_TEST((kept.find("a") == Result::absent));
  BOOST_TEST((kept.find("b") == Result::hit));
}

BOOST_AUTO_TEST_CASE(news_are_read_once_for_each_state) {
  Kept kept;
  kept.commit("a");
  const std::size_t before = kept.asked;
  BOOST_TEST(kept.cache->catch_up({}));
  BOOST_TEST(kept.cache->catch_up({}));
  BOOST_TEST(kept.asked == before + 1);
}

BOOST_AUTO_TEST_CASE(incomplete_news_drop_all) {
  Kept kept;
  kept.keep("a");
  kept.complete = false;
  ++kept.store.state;
  BOOST_TEST(kept.cache->catch_up({}));
  BOOST_TEST((kept.find("a") == Result::absent));
  BOOST_TEST(kept.cache->figures().entries == 0U);
}

BOOST_AUTO_TEST_CASE(news_that_cannot_be_read_leave_it_stale) {
  Kept kept;
  kept.keep("a");
  kept.commit("a");
  kept.store.on_news = [](auto) -> store::News { throw core::Failure(core::Code::schema_too_new, ""); };
  BOOST_CHECK_THROW(kept.cache->catch_up({}), core::Failure);
  BOOST_TEST((kept.find("a") == Result::stale));
}

BOOST_AUTO_TEST_CASE(what_was_committed_while_the_news_were_read_is_looked_at_again) {
  Kept kept;
  kept.keep("a");
  kept.keep("b");
  kept.commit("a");
  const auto usual = kept.store.on_news;
  kept.store.on_news = [&](std::optional<std::int64_t> after) {
    const store::News news = usual(after);
    kept.commit("b");  // after the snapshot
    return news;
  };
  BOOST_TEST(kept.cache->catch_up({}));
  BOOST_TEST((kept.find("b") == Result::stale));
  kept.store.on_news = usual;
  BOOST_TEST(kept.cache->catch_up({}));
  BOOST_TEST((kept.find("b") == Result::absent));
}

BOOST_AUTO_TEST_CASE(what_was_read_before_the_last_news_is_not_kept) {
  Kept kept;
  const auto read_in = kept.cache->proven().value();
  kept.commit("a");
  BOOST_TEST(kept.cache->catch_up({}));
  kept.cache->keep(read_in, {"z", "a"}, {core::Status::pending, 0, 1, "e", "", "old"});
  BOOST_TEST((kept.find("a") == Result::absent));
}

BOOST_AUTO_TEST_CASE(nothing_is_proven_while_stale_nor_without_a_stamp) {
  Kept kept;
  BOOST_TEST(kept.cache->proven().has_value());
  kept.commit("a");
  BOOST_TEST(!kept.cache->proven());
  kept.store.has_stamp = false;
  BOOST_TEST((kept.find("a") == Result::unknown));
  BOOST_TEST(!kept.cache->proven());
  BOOST_TEST(!kept.cache->catch_up({}));
}

BOOST_AUTO_TEST_CASE(without_a_proof_or_a_budget_nothing_is_kept) {
  Kept none(0);
  none.keep("a");
  BOOST_TEST((none.find("a") == Result::unknown));
  test::FakeStore store{store::Proof::none};
  engine::AnswerCache unproven(store, 1 << 20);
  BOOST_TEST((unproven.find({"z", "a"}, [](const core::Representation&) {}) == Result::unknown));
}

BOOST_AUTO_TEST_CASE(closed_it_says_that_it_does_not_know) {
  Kept kept;
  kept.keep("a");
  kept.cache->close();
  BOOST_TEST((kept.find("a") == Result::unknown));
  BOOST_TEST(!kept.cache->proven());
  kept.keep("b");
  BOOST_TEST(!kept.cache->catch_up({}));
}

BOOST_AUTO_TEST_CASE(it_stays_within_its_budget) {
  constexpr std::size_t budget = 64 * 1024;
  Kept kept(budget);
  for (int i = 0; i < 1000; ++i) {
    kept.keep(std::to_string(i), std::string(500, 'x'));
    BOOST_REQUIRE(kept.cache->figures().bytes <= budget);
  }
  BOOST_TEST(kept.cache->figures().entries > 50U);
  BOOST_TEST(kept.has("999"));
  BOOST_TEST(!kept.has("0"));
}

BOOST_AUTO_TEST_CASE(what_takes_more_than_a_tenth_is_not_kept) {
  Kept kept(64 * 1024);
  kept.keep("a", std::string(7000, 'x'));
  BOOST_TEST(!kept.has("a"));
  kept.keep("a", std::string(6000, 'x'));
  BOOST_TEST(kept.has("a"));
}

BOOST_AUTO_TEST_CASE(a_scan_does_not_push_out_what_is_polled) {
  Kept kept(64 * 1024);
  const std::string body(500, 'x');
  for (int hot = 0; hot < 20; ++hot) kept.keep("hot" + std::to_string(hot), body);
  for (int scan = 0; scan < 5000; ++scan) {
    if (scan % 10 == 0)
      for (int hot = 0; hot < 20; ++hot) BOOST_REQUIRE(kept.has("hot" + std::to_string(hot)));
    kept.keep("scan" + std::to_string(scan), body);
  }
}

BOOST_AUTO_TEST_CASE(a_polled_task_that_moves_is_still_polled) {
  Kept kept(64 * 1024);
  const std::string body(500, 'x');
  kept.keep("hot", body);
  BOOST_TEST(kept.has("hot"));
  BOOST_TEST(kept.has("hot"));
  kept.commit("hot");
  BOOST_TEST(kept.cache->catch_up({}));
  kept.keep("hot", body);
  for (int scan = 0; scan < 40; ++scan)
    kept.keep("scan" + std::to_string(scan), body);  // more than the short queue takes
  BOOST_TEST(kept.has("hot"));
}

// Each body tells the state that it is of; no reader may be given one that is older than a commit before.
BOOST_AUTO_TEST_CASE(readers_never_see_what_was_dropped_before_they_came) {
  constexpr int rounds = 20000;
  constexpr int keys = 8;
  Kept kept(1 << 16);
  std::array<std::atomic<std::int64_t>, keys> acknowledged{};
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> wrong{0}, found{0};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 3; ++reader)
    readers.emplace_back([&] {
      for (std::size_t i = 0; !stop; ++i) {
        const std::size_t key = i % keys;
        const std::int64_t floor = acknowledged[key];
        const std::string id = std::to_string(key);
        (void)kept.cache->find({"z", id}, [&](const core::Representation& answer) {
          ++found;
          if (std::stoll(std::string(answer.body)) < floor || answer.body.size() + 100 != answer.location.size())
            ++wrong;
        });
      }
    });
  std::array<std::int64_t, keys> version{};
  // On a busy machine the readers may come late.
  for (int round = 0; round < rounds || (found == 0 && round < 100 * rounds); ++round) {
    const auto key = static_cast<std::size_t>(round % keys);
    const std::string id = std::to_string(key);
    ++version[key];
    kept.events.clear();  // the news of one commit
    kept.commit(id);
    acknowledged[key] = version[key];
    BOOST_REQUIRE(kept.cache->catch_up({}));
    const std::string body = std::to_string(version[key]);
    kept.cache->keep(kept.cache->proven().value(), {"z", id},
                     {core::Status::pending, 0, 1, "e", std::string(body.size() + 100, 'x'), body});
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  BOOST_TEST(wrong == 0);
  BOOST_TEST(found > 0);
}

BOOST_AUTO_TEST_SUITE_END()
