// Answers that are kept, of several processes: none is older than a change acknowledged before it was asked for, and
// none older than one that anybody was given before. Meanwhile writers, purges, foreign SQL, checkpoints, and kill -9.
//
// Each task is made, changed, ended and erased again and again under the same id. What its answer tells is a number
// that only grows: in which life of the task, its package_version, times a thousand, plus its revision; a task that is
// gone counts 999.
#include "sql.hpp"
#include "support.hpp"
#include "unit/engine/decided.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <iostream>
#include <random>
#include <thread>
#include <vector>

using namespace tse;
using namespace tse::test;

namespace {

constexpr std::size_t writers = 2;
constexpr std::size_t readers = 2;
constexpr std::size_t tasks_per_writer = 100;
constexpr std::size_t task_count = writers * tasks_per_writer;
constexpr std::int64_t life = 1000;
constexpr std::int64_t gone = 999;

struct Board {
  std::array<std::atomic<std::int64_t>, task_count> least;  // that whoever asks from now on must be told
  std::atomic<std::int64_t> reads, hits, changes, foreign, wrong, example_floor, example_told;
  std::atomic<bool> stop;
};

std::string id_of(std::size_t task) { return "t" + std::to_string(task); }

void raise(std::atomic<std::int64_t>& least, std::int64_t to) {
  std::int64_t now = least;
  while (now < to && !least.compare_exchange_weak(now, to)) {
  }
}

std::int64_t package_version_in(std::string_view body) {
  constexpr std::string_view name = "\"package_version\":";
  const std::size_t at = body.find(name);
  std::int64_t value = 0;
  if (at != std::string_view::npos) std::from_chars(body.data() + at + name.size(), body.data() + body.size(), value);
  return value;
}

// Nobody but its writer makes, ends and erases a task; a foreign client may change it in between.
void live(engine::Engine& tasks, std::size_t task, Board& board, std::mt19937_64& random) {
  const core::Key key{"z", id_of(task)};
  const auto row = engine::get(tasks, key, patient());
  const auto acknowledge = [&](std::int64_t version, std::int64_t revision) {
    raise(board.least.at(task), version * life + revision);
    ++board.changes;
  };
  if (!row) {
    core::NewTask spec = new_task(key.zone_id, key.id);
    spec.package_version = board.least.at(task) / life + 1;
    acknowledge(*spec.package_version, engine::create(tasks, spec, patient()).row.revision);
    return;
  }
  const std::int64_t version = row->task.package_version.value();
  if (row->task.status == core::Status::pending) {
    acknowledge(version, engine::change(tasks, key, core::Start{}, patient()).revision);
  } else if (row->task.status != core::Status::running) {
    if (engine::erase(tasks, key, patient())) acknowledge(version, gone);
  } else if (row->revision > 40 || random() % 8 == 0) {
    acknowledge(version, engine::change(tasks, key, complete_with("ins"), patient()).revision);
  } else {
    core::Annotate note;
    core::Link& link = note.additions.links.emplace_back();
    link.href = "/step/" + std::to_string(row->revision);
    link.rel = "step";
    acknowledge(version, engine::change(tasks, key, note, patient()).revision);
  }
}

int write(const std::string& path, std::size_t writer, Board& board, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  engine::Settings settings = patient_settings();
  settings.durability = store::Durability::relaxed;  // an fsync for each change would leave little to be seen
  settings.checkpoint_bytes = 256 * 1024;            // and the log begins anew often
  const engine::Engine::Ptr tasks = engine::Engine::open(path, settings);
  while (!board.stop) live(*tasks, writer * tasks_per_writer + random() % tasks_per_writer, board, random);
  return 0;
}

int write_sql(const std::string& path, Board& board, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  while (!board.stop) {
    const std::size_t task = random() % task_count;
    const std::string where = " WHERE zone_id = 'z' AND id = '" + id_of(task) + "'";
    // What is told is what the file says within one transaction.
    const std::int64_t told =
        run_sql(path,
                "PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF; BEGIN IMMEDIATE;"
                "UPDATE taskstate_tasks SET priority = priority + 1" +
                    where +
                    " AND status IN ('pending', 'running'); SELECT max(package_version * 1000 + revision) FROM "
                    "taskstate_tasks" +
                    where + "; COMMIT");
    raise(board.least.at(task), told);
    ++board.foreign;
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  return 0;
}

void ask(engine::Engine& tasks, std::size_t task, core::Answer& answer, Board& board) {
  const std::string id = id_of(task);
  const std::int64_t floor = board.least.at(task);
  engine::decide(tasks, answer, {"z", id}, {}, engine::Waiting::here, {});
  std::int64_t told = 0;
  if (answer.status == 200 || answer.status == 303) {
    told = package_version_in(*answer.body) * life + answer.revision;
  } else if (answer.status == 404) {
    told = floor / life * life + gone;  // of the life that was known, or of a later one
  } else {
    return;  // busy
  }
  if (answer.status == 404 && floor == 0) return;
  if (answer.status == 404 && floor % life != gone) {
    // Gone is right only if it was erased since: then its writer says so sooner or later.
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (board.least.at(task) < told && std::chrono::steady_clock::now() < until && !board.stop)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (board.stop) return;
    if (board.least.at(task) >= told) return;
  }
  if (told >= floor) return raise(board.least.at(task), told);
  ++board.wrong;
  board.example_floor = floor;
  board.example_told = told;
}

int read(const std::string& path, Board& board, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const engine::Engine::Ptr tasks = open(path);
  std::atomic<std::int64_t> told{0};
  const auto tell_hits = [&] {
    const auto hits = static_cast<std::int64_t>(engine::stats(*tasks, {}, patient()).cache.hits);
    board.hits += hits - told.exchange(hits);
  };
  const auto read_all = [&](std::uint64_t own_seed) {
    std::mt19937_64 own(own_seed);
    core::Answer answer;
    constexpr int batch = 64;
    for (std::size_t round = 0; !board.stop; ++round) {
      const std::size_t first = own() % task_count;
      for (std::size_t i = 0; i < batch; ++i) ask(*tasks, (first + i % 8) % task_count, answer, board);
      board.reads += batch;
      if (round % 16 == 15) tell_hits();  // a process may be killed before its end
    }
  };
  std::thread second(read_all, random());
  read_all(random());
  second.join();
  tell_hits();
  return 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(coherence)

BOOST_AUTO_TEST_CASE(no_process_is_given_what_is_out_of_date) {
  const auto wanted = static_cast<std::int64_t>(setting("TSE_COHERENT_READS", 1000000));
  const std::size_t seed = setting("TSE_SEED", std::random_device{}());
  std::mt19937_64 random(seed);
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  (void)open(path);
  Shared<Board> board;
  const auto start = [&](std::size_t role) {
    const std::uint64_t own = random();
    return spawn([&, role, own] {
      if (role < writers) return write(path, role, *board.operator->(), own);
      if (role < writers + readers) return read(path, *board.operator->(), own);
      return write_sql(path, *board.operator->(), own);
    });
  };
  std::vector<pid_t> crew;
  for (std::size_t role = 0; role <= writers + readers; ++role) crew.push_back(start(role));
  std::size_t kills = 0;
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(10);
  while ((board->reads < wanted || board->hits == 0) && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100 + random() % 200));
    const std::size_t role = random() % (writers + readers);
    ::kill(crew[role], SIGKILL);
    wait_for(crew[role]);
    crew[role] = start(role);
    ++kills;
  }
  board->stop = true;
  for (const pid_t member : crew) BOOST_TEST(wait_for(member) == 0);
  BOOST_TEST(board->reads >= wanted);
  BOOST_TEST(board->hits > 0);
  BOOST_TEST(board->wrong == 0, "seed " << seed << ": told " << board->example_told << " where at least "
                                        << board->example_floor << " was known");
  BOOST_TEST(engine::verify(*open(path), patient()).problems.empty());
  std::cout << "measured: " << board->reads << " answers of " << readers << " processes beside " << board->changes
            << " changes, " << board->foreign << " foreign ones and " << kills << " kills with -9: " << board->wrong
            << " out of date (seed " << seed << ")\n";
}

BOOST_AUTO_TEST_SUITE_END()
