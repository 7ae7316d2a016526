#include "store/commit_group.hpp"

#include "unit/store/fake_writer.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using tse::core::Code;
using tse::core::Failure;
using tse::store::Change;
using tse::store::CommitGroup;
using tse::store::Deadline;
using tse::store::Patience;
using tse::store::Session;
using tse::test::FakeWriter;

namespace {

Deadline in(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }
const Deadline far = in(60s);

// A change made of what it does.
void run(CommitGroup& group, std::function<void(Session&)> what, Deadline deadline, const std::stop_token& stop = {}) {
  group.run(Change{std::move(what)}, deadline, stop);
}

// The code that a run() throws, or nothing.
std::optional<Code> outcome_of(CommitGroup& group, std::function<void(Session&)> what, Deadline deadline,
                               const std::stop_token& stop = {}) {
  try {
    run(group, std::move(what), deadline, stop);
    return std::nullopt;
  } catch (const Failure& failure) {
    return failure.error().code;
  }
}

void wait_until_queued(const CommitGroup& group, std::size_t callers) {
  while (group.queued() != callers) std::this_thread::sleep_for(1ms);
}

// Callers that queue up behind a commit which the store holds.
class Crowd {
 public:
  Crowd(FakeWriter& store, CommitGroup& group) : store_(store), group_(group) {
    store_.hold();
    first_ = std::thread([this] {
      run(
          group_, [](Session&) {}, far);
    });
    store_.wait_until_entered();
  }
  void add(std::function<void()> caller) { others_.emplace_back(std::move(caller)); }
  void add_queued(std::function<void()> caller) {
    add(std::move(caller));
    wait_until_queued(group_, others_.size());
  }
  /// Once all of them wait.
  void release() {
    wait_until_queued(group_, others_.size());
    let_go();
  }
  void let_go() {
    store_.let_go();
    join();
  }
  void join() {
    if (first_.joinable()) first_.join();
    for (std::thread& other : others_) other.join();
    others_.clear();
  }
  ~Crowd() { let_go(); }

 private:
  FakeWriter& store_;
  CommitGroup& group_;
  std::thread first_;
  std::vector<std::thread> others_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(commit_group)

BOOST_AUTO_TEST_CASE(a_lone_caller_commits_its_own_change_inline) {
  FakeWriter store;
  CommitGroup group(store);
  std::thread::id ran_on;
  run(
      group, [&](Session&) { ran_on = std::this_thread::get_id(); }, far);
  BOOST_TEST((ran_on == std::this_thread::get_id()));
  BOOST_TEST(store.group_sizes == std::vector<std::size_t>{1}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(those_that_wait_are_committed_together) {
  FakeWriter store;
  CommitGroup group(store);
  std::atomic<int> ran{0};
  Crowd crowd(store, group);
  for (int i = 0; i < 10; ++i)
    crowd.add([&] {
      run(
          group, [&](Session&) { ++ran; }, far);
    });
  crowd.release();
  BOOST_TEST(ran == 10);
  BOOST_TEST(store.group_sizes == (std::vector<std::size_t>{1, 10}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_group_is_no_larger_than_the_store_wants) {
  FakeWriter store;
  store.group_limit = 3;
  CommitGroup group(store);
  Crowd crowd(store, group);
  for (int i = 0; i < 10; ++i)
    crowd.add([&] {
      run(
          group, [](Session&) {}, far);
    });
  crowd.release();
  BOOST_TEST(store.group_sizes == (std::vector<std::size_t>{1, 3, 3, 3, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(who_comes_while_the_turn_is_awaited_goes_along) {
  FakeWriter store;
  CommitGroup group(store);
  std::vector<std::thread> others;
  bool asked = false;
  store.on_turn = [&](const Patience&) {
    if (std::exchange(asked, true)) return;
    for (int i = 0; i < 5; ++i)
      others.emplace_back([&] {
        run(
            group, [](Session&) {}, far);
      });
    wait_until_queued(group, 5);
  };
  run(
      group, [](Session&) {}, far);
  for (std::thread& other : others) other.join();
  BOOST_TEST(store.group_sizes == std::vector<std::size_t>{6}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_turn_that_does_not_come_fails_its_leader_alone) {
  FakeWriter store;
  CommitGroup group(store);
  std::optional<Code> other = Code::internal;
  std::thread neighbour;
  bool asked = false;
  store.on_turn = [&](const Patience& patience) {
    if (std::exchange(asked, true)) return;
    neighbour = std::thread([&] {
      other = outcome_of(
          group, [](Session&) {}, far);
    });
    wait_until_queued(group, 1);
    std::this_thread::sleep_until(patience.until);
    throw Failure(Code::busy, "late");
  };
  BOOST_TEST((outcome_of(
                  group, [](Session&) {}, in(50ms)) == Code::busy));
  neighbour.join();
  BOOST_TEST(!other.has_value());
}

BOOST_AUTO_TEST_CASE(several_changes_of_one_caller_share_groups_with_those_of_others) {
  FakeWriter store;
  store.group_limit = 10;
  CommitGroup group(store);
  std::vector<int> order;
  std::vector<Change> changes;
  for (int i = 0; i < 25; ++i)
    changes.push_back({[&order, i](Session&) {
      if (i % 5 == 0) throw Failure(Code::not_found, "no");
      order.push_back(i);
    }});
  std::vector<std::optional<tse::core::Error>> errors(changes.size());
  std::atomic<std::size_t> single_went_with{0};
  Crowd crowd(store, group);
  crowd.add_queued([&] { group.run(changes, errors, far); });
  crowd.add_queued([&] {
    run(
        group, [&](Session&) { single_went_with = store.group_sizes.size(); }, far);
  });
  crowd.release();
  BOOST_TEST(order.size() == 20U);
  BOOST_TEST(std::is_sorted(order.begin(), order.end()));
  for (std::size_t i = 0; i < errors.size(); ++i) BOOST_TEST(errors[i].has_value() == (i % 5 == 0));
  BOOST_TEST(single_went_with == 2U);  // the first group after the one that was under way
  BOOST_TEST(store.group_sizes == (std::vector<std::size_t>{1, 10, 10, 6}), boost::test_tools::per_element());
}

// Runs ten changes in groups of four; `during` the first commit something happens.
std::vector<std::optional<Code>> codes_of_ten(FakeWriter& store, CommitGroup& group, Deadline deadline,
                                              const std::function<void()>& during, const std::stop_token& stop = {}) {
  store.group_limit = 4;
  store.on_commit = [during, first = true](std::span<const Change* const> taken, const Patience&) mutable {
    if (std::exchange(first, false)) during();
    return FakeWriter::Results(taken.size());
  };
  const std::vector<Change> changes(10, Change{[](Session&) {}});
  std::vector<std::optional<tse::core::Error>> errors(changes.size());
  group.run(changes, errors, deadline, stop);
  std::vector<std::optional<Code>> codes;
  for (const auto& error : errors) codes.push_back(error ? std::optional(error->code) : std::nullopt);
  return codes;
}

std::vector<std::optional<Code>> four_then(std::optional<Code> code) {
  std::vector<std::optional<Code>> codes(10, code);
  std::fill_n(codes.begin(), 4, std::nullopt);
  return codes;
}

BOOST_AUTO_TEST_CASE(several_changes_that_have_begun_go_on_past_their_deadline_while_nobody_else_waits) {
  FakeWriter store;
  CommitGroup group(store);
  BOOST_TEST((codes_of_ten(store, group, {}, [] {}) == std::vector<std::optional<Code>>(10)));
  std::thread other;
  const auto queue_another = [&] {
    other = std::thread([&] {
      run(
          group, [](Session&) {}, far);
    });
    wait_until_queued(group, 1);
  };
  BOOST_TEST((codes_of_ten(store, group, {}, queue_another) == four_then(Code::busy)));
  other.join();
}

BOOST_AUTO_TEST_CASE(several_changes_end_between_groups_when_cancelled_or_closed) {
  FakeWriter store;
  CommitGroup group(store);
  std::stop_source stop;
  BOOST_TEST((codes_of_ten(
                  store, group, far, [&] { stop.request_stop(); }, stop.get_token()) == four_then(Code::cancelled)));
  BOOST_TEST((codes_of_ten(store, group, far, [&] { group.close(); }) == four_then(Code::closed)));
}

BOOST_AUTO_TEST_CASE(what_is_busy_by_itself_is_not_run_again_nor_is_what_follows) {
  FakeWriter store;
  CommitGroup group(store);
  int runs = 0;
  std::vector<Change> changes(5, Change{[&](Session&) { ++runs; }});
  changes[1].run = [&](Session&) {
    ++runs;
    throw Failure(Code::busy, "by itself");
  };
  std::vector<std::optional<tse::core::Error>> errors(changes.size());
  group.run(changes, errors, far);
  BOOST_TEST(runs == 5);
  for (std::size_t i = 0; i < errors.size(); ++i) BOOST_TEST(errors[i].has_value() == (i == 1));
}

BOOST_AUTO_TEST_CASE(callers_that_come_again_and_again_are_committed_together) {
  FakeWriter store;
  CommitGroup group(store);
  constexpr int callers = 4, each = 8;
  store.on_commit = [&](std::span<const Change* const> taken, const Patience&) {
    std::this_thread::sleep_for(200ms);  // half of it is time to come back, however slow the machine is
    return FakeWriter::Results(taken.size());
  };
  std::vector<std::thread> crew;
  for (int i = 0; i < callers; ++i)
    crew.emplace_back([&] {
      for (int n = 0; n < each; ++n)
        run(
            group, [](Session&) {}, far);
    });
  for (std::thread& member : crew) member.join();
  // Without waiting for those just served, groups of 1 and 3 would take turns: 16 commits.
  BOOST_TEST(store.group_sizes.size() < 13U);
}

BOOST_AUTO_TEST_CASE(each_caller_gets_its_own_result) {
  FakeWriter store;
  CommitGroup group(store);
  std::atomic<int> refused{0};
  std::atomic<int> done{0};
  Crowd crowd(store, group);
  for (int i = 0; i < 12; ++i)
    crowd.add([&, i] {
      const auto code = outcome_of(
          group,
          [i](Session&) {
            if (i % 3 == 0) throw Failure(Code::not_found, "no");
          },
          far);
      (code == Code::not_found && i % 3 == 0) ? ++refused : (code ? 0 : ++done);
    });
  crowd.release();
  BOOST_TEST(refused == 4);
  BOOST_TEST(done == 8);
}

BOOST_AUTO_TEST_CASE(past_its_deadline_a_waiting_change_is_busy_and_never_runs) {
  FakeWriter store;
  CommitGroup group(store);
  std::atomic<bool> ran{false};
  Crowd crowd(store, group);
  BOOST_TEST((outcome_of(
                  group, [&](Session&) { ran = true; }, in(20ms)) == Code::busy));
  crowd.release();
  run(
      group, [](Session&) {}, far);
  BOOST_TEST(!ran);
}

BOOST_AUTO_TEST_CASE(a_change_already_taken_runs_to_its_end_whatever_its_deadline) {
  FakeWriter store;
  CommitGroup group(store);
  store.hold();
  std::optional<Code> code = Code::internal;
  std::thread caller([&] {
    code = outcome_of(
        group, [](Session&) {}, in(20ms));
  });
  store.wait_until_entered();
  std::this_thread::sleep_for(60ms);
  store.let_go();
  caller.join();
  BOOST_TEST(!code.has_value());
}

BOOST_AUTO_TEST_CASE(a_neighbours_early_deadline_makes_nobody_else_busy) {
  FakeWriter store;
  CommitGroup group(store);
  std::atomic<int> busy{0};
  std::atomic<int> done{0};
  // The store waits for its lock until the group's earliest deadline, then gives all `busy`; the lock
  // comes free only once the impatient are gone.
  store.on_commit = [&](std::span<const Change* const> changes, const Patience& patience) {
    FakeWriter::Results results(changes.size());
    while (busy < 4 && std::chrono::steady_clock::now() < patience.until) std::this_thread::sleep_for(1ms);
    if (busy < 4)
      for (auto& result : results) result = tse::core::Error{Code::busy, "busy"};
    return results;
  };
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([&, i] {
      const auto code = outcome_of(
          group, [](Session&) {}, i % 2 == 0 ? in(50ms) : far);
      code == Code::busy ? ++busy : (code ? 0 : ++done);
    });
  for (std::thread& caller : callers) caller.join();
  BOOST_TEST(busy == 4);
  BOOST_TEST(done == 4);
}

BOOST_AUTO_TEST_CASE(a_waiting_change_can_be_cancelled_and_never_runs) {
  FakeWriter store;
  CommitGroup group(store);
  std::atomic<bool> ran{false};
  std::optional<Code> code;
  Crowd crowd(store, group);
  std::stop_source stop;
  std::thread caller([&] {
    code = outcome_of(
        group, [&](Session&) { ran = true; }, far, stop.get_token());
  });
  wait_until_queued(group, 1);
  stop.request_stop();
  caller.join();
  BOOST_TEST((code == Code::cancelled));
  // Sticky: whoever would have to wait does not begin to.
  BOOST_TEST((outcome_of(
                  group, [&](Session&) { ran = true; }, far, stop.get_token()) == Code::cancelled));
  crowd.release();
  BOOST_TEST(!ran);
}

BOOST_AUTO_TEST_CASE(a_cancelled_neighbour_cancels_nobody_else) {
  FakeWriter store;
  CommitGroup group(store);
  std::atomic<int> cancelled{0};
  std::atomic<int> done{0};
  std::stop_source stop;
  // The store waits for its lock, which comes free only once the cancelled are gone.
  std::atomic<bool> lock_free{false};
  store.on_commit = [&](std::span<const Change* const> changes, const Patience& patience) {
    FakeWriter::Results results(changes.size());
    while (!lock_free && !patience.cancelled()) std::this_thread::yield();
    if (!lock_free)
      for (auto& result : results) result = tse::core::Error{Code::cancelled, "cancelled"};
    return results;
  };
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([&, i] {
      const auto code = outcome_of(
          group, [](Session&) {}, far, i % 2 == 0 ? stop.get_token() : std::stop_token());
      code == Code::cancelled ? ++cancelled : (code ? 0 : ++done);
    });
  stop.request_stop();
  while (cancelled < 4) std::this_thread::yield();
  lock_free = true;
  for (std::thread& caller : callers) caller.join();
  BOOST_TEST(cancelled == 4);
  BOOST_TEST(done == 4);
}

BOOST_AUTO_TEST_CASE(a_change_already_taken_runs_to_its_end_though_cancelled) {
  FakeWriter store;
  CommitGroup group(store);
  store.hold();
  std::optional<Code> code = Code::internal;
  std::stop_source stop;
  std::thread caller([&] {
    code = outcome_of(
        group, [](Session&) {}, far, stop.get_token());
  });
  store.wait_until_entered();
  stop.request_stop();
  store.let_go();
  caller.join();
  BOOST_TEST(!code.has_value());
}

BOOST_AUTO_TEST_CASE(closing_sends_the_waiting_away_and_lets_the_commit_under_way_end) {
  FakeWriter store;
  CommitGroup group(store);
  std::atomic<int> closed{0};
  std::atomic<bool> ran{false};
  {
    Crowd crowd(store, group);
    for (int i = 0; i < 4; ++i)
      crowd.add([&] {
        if (outcome_of(
                group, [&](Session&) { ran = true; }, far) == Code::closed)
          ++closed;
      });
    wait_until_queued(group, 4);
    group.close();
    crowd.let_go();
  }
  BOOST_TEST(closed == 4);
  BOOST_TEST(!ran);
  BOOST_TEST((outcome_of(
                  group, [](Session&) {}, far) == Code::closed));
}

BOOST_AUTO_TEST_CASE(a_store_that_fails_as_a_whole_fails_each_and_blocks_nobody) {
  FakeWriter store;
  CommitGroup group(store);
  store.on_commit = [](auto, const auto&) -> FakeWriter::Results {
    throw Failure(Code::io_error, "disk", tse::core::Outcome::unknown);
  };
  BOOST_TEST((outcome_of(
                  group, [](Session&) {}, far) == Code::io_error));
  store.on_commit = [](auto, const auto&) -> FakeWriter::Results { throw std::bad_alloc(); };
  BOOST_TEST((outcome_of(
                  group, [](Session&) {}, far) == Code::no_memory));
  store.on_commit = nullptr;
  BOOST_TEST(!outcome_of(
                  group, [](Session&) {}, far)
                  .has_value());
}

BOOST_AUTO_TEST_CASE(many_threads_each_change_exactly_once) {
  FakeWriter store;
  CommitGroup group(store);
  constexpr int threads = 16;
  constexpr int each = 2000;
  long total = 0;  // unguarded on purpose: commits must exclude each other
  std::vector<std::thread> callers;
  for (int t = 0; t < threads; ++t)
    callers.emplace_back([&] {
      for (int i = 0; i < each; ++i)
        run(
            group, [&](Session&) { ++total; }, far);
    });
  for (std::thread& caller : callers) caller.join();
  BOOST_TEST(total == threads * each);
}

BOOST_AUTO_TEST_SUITE_END()
