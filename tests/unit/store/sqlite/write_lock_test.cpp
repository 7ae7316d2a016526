// Turns, deadlines, other processes, and closing.
#include "unit/store/support.hpp"

#include "store/sqlite/connection.hpp"
#include "store/sqlite/write_lock.hpp"

#include <signal.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

using namespace store_test;
using core::Code;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(store_write_lock)

namespace {

const Act nothing = [](store::Session&) {};

/// Holds a commit open in a thread until let go.
class Holder {
 public:
  explicit Holder(Store& store)
      : thread_([this, &store] {
          error = commit(
              store,
              [this](store::Session& session) {
                session.insert(new_row("z", "held"), std::nullopt);
                entered_ = true;
                while (!released_) std::this_thread::sleep_for(1ms);
              },
              in(30s));
        }) {
    while (!entered_) std::this_thread::sleep_for(1ms);
  }
  ~Holder() { release(); }
  void release() {
    released_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::optional<core::Error> error;

 private:
  std::atomic<bool> entered_ = false, released_ = false;
  std::thread thread_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_change_waits_for_its_turn_until_the_deadline) {
  const TempDirectory directory;
  for (const std::string& path : {directory.path(), std::string(":memory:")}) {
    const auto store = open(path);
    Holder holder(*store);
    bool ran = false;
    const auto begin = std::chrono::steady_clock::now();
    const auto error = commit(
        *store, [&](store::Session&) { ran = true; }, in(50ms));
    BOOST_REQUIRE(error);
    BOOST_TEST((error->code == Code::busy));
    BOOST_TEST((error->outcome == core::Outcome::not_done));
    BOOST_TEST(!ran);
    BOOST_TEST((std::chrono::steady_clock::now() - begin >= 45ms));
    holder.release();
    BOOST_TEST(!holder.error);
    BOOST_TEST(!commit(*store, nothing));
  }
}

BOOST_AUTO_TEST_CASE(two_stores_on_one_file_take_turns) {
  const TempDirectory directory;
  const auto first = open(directory.path());
  const auto second = open(directory.path());
  Holder holder(*first);
  BOOST_TEST((commit(*second, nothing, in(30ms))->code == Code::busy));
  BOOST_TEST(!second->read({"z", "held"}, in()));  // reads neither wait nor see what is not committed
  holder.release();
  BOOST_TEST(!commit(*second, nothing));
  BOOST_TEST(second->read({"z", "held"}, in()).has_value());
}

// The one in line has not yet seen that the lock is free again when the other comes back for it.
BOOST_AUTO_TEST_CASE(who_comes_back_at_once_goes_behind_who_is_in_line) {
  const TempDirectory directory;
  const std::string path = directory.path("lock");
  store::sqlite::WriteLock greedy;
  store::sqlite::WriteLock modest;
  for (store::sqlite::WriteLock* const lock : {&greedy, &modest}) {
    lock->open(path, path, 0600);
    lock->check_header();
  }
  std::atomic<bool> in_line{false};
  std::atomic<bool> came_back{false};
  std::atomic<bool> served{false};
  greedy.lock(in(), [] {});
  std::thread other([&] {
    modest.lock(in(), [&] {
      in_line = true;
      while (!came_back) std::this_thread::yield();
    });
    served = true;
    modest.unlock();
  });
  while (!in_line) std::this_thread::yield();
  greedy.unlock();
  greedy.lock(in(), [&] { came_back = true; });
  const bool overtaken = !served;
  came_back = true;
  greedy.unlock();
  other.join();
  BOOST_TEST(!overtaken);
}

BOOST_AUTO_TEST_CASE(of_processes_that_write_all_the_time_none_starves) {
  const TempDirectory directory;
  const std::string path = directory.path("lock");
  constexpr std::size_t processes = 4;
  constexpr int each = 500;
  struct Board {
    std::array<std::atomic<int>, processes> turns;
    std::atomic<int> all, ready;
  };
  auto* const board =
      static_cast<Board*>(::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  BOOST_REQUIRE(board != MAP_FAILED);
  std::vector<pid_t> children;
  for (std::size_t i = 0; i < processes; ++i)
    children.push_back(spawn([&, i] {
      store::sqlite::WriteLock lock;
      lock.open(path, path, 0600);
      lock.check_header();
      ++board->ready;
      while (board->ready < static_cast<int>(processes)) std::this_thread::sleep_for(1ms);
      while (board->all < each * static_cast<int>(processes)) {
        lock.lock(in(), [] {});
        ++board->turns.at(i);
        ++board->all;
        std::this_thread::sleep_for(100us);
        lock.unlock();
      }
      return 0;
    }));
  for (const pid_t child : children) BOOST_TEST(wait_for(child) == 0);
  for (const std::atomic<int>& turns : board->turns) BOOST_TEST(turns > each / 10);  // a busy machine is unfair, too
  ::munmap(board, sizeof(Board));
}

BOOST_AUTO_TEST_CASE(every_wait_for_a_turn_can_be_cancelled) {
  const TempDirectory directory;
  const auto first = open(directory.path());
  const auto second = open(directory.path());
  const store::Patience cancelled(in(60s), [] { return true; });
  {
    Holder holder(*first);
    for (Store* store : {first.get(), second.get()}) {  // within the process, and across
      const auto error = commit(*store, nothing, cancelled);
      BOOST_REQUIRE(error);
      BOOST_TEST((error->code == Code::cancelled));
      BOOST_TEST((error->outcome == core::Outcome::not_done));
    }
    holder.release();
  }
  store::sqlite::Connection foreign(store::sqlite::file_uri(directory.path(), ""), SQLITE_OPEN_READWRITE);
  foreign.execute("BEGIN IMMEDIATE", "begin");
  BOOST_TEST((commit(*first, nothing, cancelled)->code == Code::cancelled));
  foreign.rollback();
  BOOST_TEST(!commit(*first, nothing, cancelled));  // it need not wait

  const auto memory = open(":memory:");
  Holder holder(*memory);
  BOOST_TEST((code_of([&] { static_cast<void>(memory->read({"z", "t"}, cancelled)); }) == Code::cancelled));
  holder.release();
}

BOOST_AUTO_TEST_CASE(patience_ends_with_its_time_or_when_cancelled) {
  bool cancel = false;
  const store::Patience patience(in(60s), [&] { return cancel; });
  patience.require("why");
  BOOST_TEST((patience.next_look() < in(1s)));
  cancel = true;
  BOOST_TEST((code_of([&] { patience.require("why"); }) == Code::cancelled));
  const store::Patience over(in(-1ms));
  const core::Error error = error_of([&] { over.require("why"); });
  BOOST_TEST((error.code == Code::busy));
  BOOST_TEST(error.message == "why");
  BOOST_TEST((store::Patience(in(60s)).next_look() > in(1s)));
}

BOOST_AUTO_TEST_CASE(a_foreign_writer_is_waited_for) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  store::sqlite::Connection foreign(store::sqlite::file_uri(directory.path(), ""), SQLITE_OPEN_READWRITE);
  foreign.execute("BEGIN IMMEDIATE", "begin");
  const auto error = commit(*store, nothing, in(50ms));
  BOOST_REQUIRE(error);
  BOOST_TEST((error->code == Code::busy));
  BOOST_TEST((error->outcome == core::Outcome::not_done));
  std::thread later([&] {
    std::this_thread::sleep_for(50ms);
    foreign.rollback();
  });
  BOOST_TEST(!commit(*store, nothing, in(10s)));
  later.join();
}

BOOST_AUTO_TEST_CASE(opening_waits_for_the_lock_until_the_deadline) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  Holder holder(*store);
  BOOST_TEST(
      (code_of([&] { const auto second = store::sqlite::open(options(directory.path()), in(30ms)); }) == Code::busy));
}

BOOST_AUTO_TEST_CASE(closing_refuses_at_once_and_lets_a_commit_end) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  const auto other = open(directory.path());
  Holder holder(*store);
  std::optional<core::Error> waiting;
  std::thread waiter([&] { waiting = commit(*store, nothing, in(30s)); });
  std::this_thread::sleep_for(20ms);
  std::thread closer([&] { store->close(); });
  waiter.join();
  BOOST_REQUIRE(waiting);
  BOOST_TEST((waiting->code == Code::closed));
  BOOST_TEST((waiting->outcome == core::Outcome::not_done));
  holder.release();
  closer.join();
  BOOST_TEST(!holder.error);
  BOOST_TEST(other->read({"z", "held"}, in()).has_value());
  BOOST_TEST((commit(*store, nothing)->code == Code::closed));
  BOOST_TEST((code_of([&] { store->read({"z", "a"}, in()); }) == Code::closed));
  BOOST_TEST((code_of([&] { store->verify(in()); }) == Code::closed));
  store->close();
}

BOOST_AUTO_TEST_CASE(one_who_waits_for_another_process_hears_of_the_closing) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  const auto other = open(directory.path());
  Holder holder(*other);
  std::optional<core::Error> waiting;
  std::thread waiter([&] { waiting = commit(*store, nothing, in(30s)); });
  std::this_thread::sleep_for(20ms);
  store->close();
  waiter.join();
  BOOST_TEST((waiting->code == Code::closed));
}

BOOST_AUTO_TEST_CASE(many_readers_share_a_few_connections) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  create(*store, "z", "a");
  std::atomic<int> found = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 24; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) found += store->answer({"z", "a"}, {}, in(30s)).row.has_value() ? 1 : 0;
    });
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(found == 24 * 50);
  int descriptors = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    descriptors += std::filesystem::read_symlink(entry.path(), ignored) == directory.path() ? 1 : 0;
  }
  BOOST_TEST(descriptors <= 10);  // of eight readers and the writer, and one to tell the file by
}

BOOST_AUTO_TEST_CASE(several_processes_lose_nothing) {
  const TempDirectory directory;
  { create(*open(directory.path()), "z", "counter"); }
  constexpr int processes = 4, rounds = 100;
  std::vector<pid_t> children;
  for (int p = 0; p < processes; ++p)
    children.push_back(spawn([&, p] {
      const auto store = open(directory.path());
      for (int i = 0; i < rounds; ++i) {
        const auto error = commit(
            *store,
            [&](store::Session& session) {
              core::Row row = *session.read({"z", "counter"});
              const core::Row before = row;
              ++row.version;
              row.start_by = row.start_by.value_or(0) + 1;
              BOOST_REQUIRE((session.replace(before, row) == store::Replaced::done));
              session.insert(new_row("z", "p" + std::to_string(p) + "-" + std::to_string(i)), std::string(3000, 'x'));
            },
            in(60s));
        if (error) throw core::Failure(*error);
      }
      return 0;
    }));
  for (const pid_t child : children) BOOST_TEST(wait_for(child) == 0);
  const auto store = open(directory.path());
  BOOST_TEST(store->read({"z", "counter"}, in())->start_by.value_or(0) == processes * rounds);
  BOOST_TEST(store->verify(in(30s)).tasks == processes * rounds + 1);
  BOOST_TEST(store->verify(in(30s)).problems.empty());
}

BOOST_AUTO_TEST_CASE(a_killed_writer_leaves_the_lock_and_a_whole_file) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  const pid_t child = spawn([&] {
    const auto own = open(directory.path());
    create(*own, "z", "done");
    return commit(*own,
                  [](store::Session& session) {
                    session.insert(new_row("z", "undone"), std::nullopt);
                    ::kill(::getpid(), SIGKILL);
                  })
               ? 1
               : 0;
  });
  BOOST_TEST(wait_for(child) == 128 + SIGKILL);
  create(*store, "z", "after");
  BOOST_TEST(store->read({"z", "done"}, in()).has_value());
  BOOST_TEST(!store->read({"z", "undone"}, in()));
  BOOST_TEST(store->verify(in()).problems.empty());
}

BOOST_AUTO_TEST_CASE(the_log_is_kept_short) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  const std::string payload(200000, 'x');
  for (int i = 0; i < 100; ++i)
    must(*store, [&](store::Session& session) { session.insert(new_row("z", "t" + std::to_string(i)), payload); });
  // 5,000 frames were written; a checkpoint every 1,000 lets the log be used again.
  BOOST_TEST(std::filesystem::file_size(directory.path("catalog.db-wal")) < 1300U * 4120U);
}

BOOST_AUTO_TEST_CASE(a_group_is_split_before_it_fills_the_log) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  const std::string payload(1000000, 'x');
  std::vector<store::Change> changes;
  for (int i = 0; i < 10; ++i)
    changes.push_back(
        {[&payload, i](store::Session& session) { session.insert(new_row("z", "t" + std::to_string(i)), payload); }});
  std::vector<const store::Change*> group;
  for (const auto& change : changes) group.push_back(&change);
  for (const auto& result : commit(*store, group, in(30s))) BOOST_TEST(!result);
  BOOST_TEST(store->verify(in()).tasks == 10);
  // One transaction would have put 2,450 frames into the log at once.
  const auto frames = std::filesystem::file_size(directory.path("catalog.db-wal")) / 4120U;
  BOOST_TEST(frames < 1900U);
}

BOOST_AUTO_TEST_CASE(a_pinned_log_does_not_stop_the_writers) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  store::sqlite::Connection reader(store::sqlite::file_uri(directory.path(), ""), SQLITE_OPEN_READWRITE);
  reader.execute("BEGIN; SELECT count(*) FROM taskstate_tasks", "read");
  const std::string payload(500000, 'x');
  for (int i = 0; i < 30; ++i)
    must(*store, [&](store::Session& session) { session.insert(new_row("z", "t" + std::to_string(i)), payload); });
  reader.rollback();
  create(*store, "z", "last");
  BOOST_TEST(store->verify(in()).problems.empty());
}

BOOST_AUTO_TEST_SUITE_END()
