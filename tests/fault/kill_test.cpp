// Processes killed with -9 at any instant, while others of several kinds go on: each writes, claims, waits and polls on
// one file, tells its parent through a pipe what every call returned, and is started anew. What was acknowledged is
// there, nothing else is but the call that was under way, nobody is left waiting, and nothing stays held.
//   TSE_KILLS=20000 TSE_SEED=1 build/release/tests/fault --run_test=kill
#include "ledger.hpp"
#include "sql.hpp"
#include "support.hpp"

#include "core/answer.hpp"
#include "core/feed.hpp"
#include "core/lease.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <limits>
#include <map>
#include <random>
#include <thread>
#include <vector>

namespace tse::test {  // or the suite would take the name of kill(2)

BOOST_AUTO_TEST_SUITE(kill)

namespace {

using namespace std::chrono_literals;
using Random = std::mt19937_64;
using std::chrono::steady_clock;

constexpr std::size_t slots = 4;    // processes that live at once
constexpr std::size_t window = 16;  // of each slot's tasks, the newest that are polled
constexpr std::size_t kills_per_file = 100;
constexpr auto lease_time = 100ms;
constexpr auto bounded_time = long_enough;  // within which others go on, on the slowest disk
constexpr auto for_ever = 1h;

// Zones: whose tasks their author takes through their life; those that are claimed; those that are purged; those that
// are made with an idempotency key.
constexpr const char* driven = "driven";
constexpr const char* claimed = "claimed";
constexpr const char* purged = "purged";
constexpr const char* keyed = "keyed";

// A task's number times this, plus its revision: what whoever polls must be told at least. Gone: one less.
constexpr std::int64_t life = 1000;
constexpr std::int64_t gone = life - 1;

/// What the processes share, and what outlives them.
struct Board {
  struct Slot {
    std::atomic<std::int64_t> tasks;                           // so many were begun
    std::atomic<std::int64_t> keys;                            // the same of those with a key
    std::array<std::atomic<std::int64_t>, window> known;       // acknowledged, or told by a poll
    std::array<std::atomic<std::int64_t>, window> to_be_gone;  // the task that may have been erased
    std::atomic<std::int64_t> newest_claimable;
    std::atomic<std::int64_t> awaits;  // the task that its waiter sleeps for; 0: none
    std::atomic<std::int64_t> read;    // of the feed
  };
  std::array<Slot, slots> slot;
  std::atomic<bool> paused;  // nobody makes new work
};

void raise(std::atomic<std::int64_t>& value, std::int64_t to) {
  std::int64_t now = value;
  while (now < to && !value.compare_exchange_weak(now, to)) {
  }
}

core::Key key_of(const char* zone, std::size_t slot, std::int64_t task) {
  return {zone, std::to_string(slot) + '-' + std::to_string(task)};
}

// Odd ones are claimed, even ones are driven by who made them.
core::Key key_of(std::size_t slot, std::int64_t task) { return key_of(task % 2 == 1 ? claimed : driven, slot, task); }

std::atomic<std::int64_t>& at(std::array<std::atomic<std::int64_t>, window>& values, std::int64_t task) {
  return values.at(static_cast<std::size_t>(task) % window);
}

/// Notes that a task of these zones is known at this revision.
void note(Board& board, const core::Key& key, std::int64_t revision) {
  if (key.zone_id != driven && key.zone_id != claimed) return;
  const std::size_t dash = key.id.find('-');
  const std::int64_t task = std::stoll(key.id.substr(dash + 1));
  raise(at(board.slot.at(std::stoul(key.id.substr(0, dash))).known, task), task * life + revision);
}

std::string etag_of(const core::Row& row) {
  return core::etag_of(
      {row.task.status, row.task.created_at, row.revision, row.body, row.task.install_id, core::result_href(row.task)});
}

Reply reply_of(const core::Row& row, Reply::What what = Reply::changed) {
  Reply reply;
  reply.what = what;
  reply.status = row.task.status;
  reply.revision = row.revision;
  reply.version = row.version;
  reply.epoch = row.epoch;
  set_text(reply.task, row.task.zone_id + '/' + row.task.id);
  set_text(reply.etag, etag_of(row));
  return reply;
}

// ---- What the processes do

/// One thread of a process. Whatever it finds wrong it throws, which ends the process.
class Member {
 public:
  Member(engine::Engine& tasks, Board& board, int pipe, std::size_t slot, CallName first, std::uint64_t seed)
      : tasks_(tasks),
        board_(board),
        own_(board.slot.at(slot)),
        pipe_(pipe),
        slot_(slot),
        name_(first),
        random_(seed) {}

  void author() {
    if (own_.keys > 0) make_with_key(own_.keys);  // whether it was made or not, it is there once
    for (;;) {
      while (board_.paused) std::this_thread::sleep_for(1ms);
      switch (random_() % 6) {
        case 0: make_with_key(++own_.keys); break;
        case 1: purge(); break;
        case 2:
        case 3: drive(); break;
        default: offer();
      }
    }
  }

  void claimant() {
    engine::ClaimSpec spec;
    spec.filter.zones = {claimed};
    spec.lease = lease_time;
    spec.limit = 3;
    spec.wait = for_ever;
    for (;;) {
      std::vector<engine::Lease> leases;
      call([&](const engine::Call& call) {
        leases = engine::claim(tasks_, spec, call);
        Replies replies;
        for (const engine::Lease& lease : leases) replies.push_back(reply_of(lease.row));
        return replies;
      });
      for (const engine::Lease& lease : leases) work_on(lease);
    }
  }

  void reader() {
    engine::ChangesQuery query;
    query.latest = true;
    for (std::int64_t last = 0;;) {
      const engine::Changes part = engine::changes(tasks_, query, patient());
      for (const core::Event& event : part.events) {
        const bool explained = query.latest || event.sequence <= std::max(last, part.purged_through) + 1;
        if (event.sequence <= last || !explained)
          throw std::runtime_error("the feed goes from " + std::to_string(last) + " to " +
                                   std::to_string(event.sequence) + ", purged through " +
                                   std::to_string(part.purged_through));
        last = event.sequence;
      }
      last = core::parse_position(part.position).value().sequence;
      own_.read = last;
      query.latest = false;
      query.after = part.position;
      query.wait = for_ever;
      query.limit = 1000;
      for (int i = 0; i < 16; ++i) poll();
    }
  }

  void waiter() {
    for (std::int64_t last = 0;;) {
      const std::int64_t newest = own_.newest_claimable;
      if (newest == last) {
        std::this_thread::sleep_for(1ms);
        continue;
      }
      own_.awaits = newest;
      const auto row = engine::wait(tasks_, key_of(slot_, newest), std::nullopt, for_ever, patient());
      if (!row || !taskstate::is_terminal(row->task.status)) throw std::runtime_error("a wait returned too early");
      note(board_, row->key(), row->revision);
      own_.awaits = 0;
      last = newest;
    }
  }

 private:
  using Replies = std::vector<Reply>;
  enum class Host { may_write, writes_nothing };

  /// Makes a call and, once it has returned, tells what it told.
  template <class Act>
  void call(Act act, Host host = Host::may_write, const std::string& idempotency_key = {}) {
    ++name_.number;
    engine::Call call = patient();
    call.actor = text_of(name_);
    if (!idempotency_key.empty()) call.request_id = idempotency_key;
    if (host == Host::may_write && random_() % 2 == 0) {
      // Found again by who looks whether the host's rows and the tasks agree.
      *call.actor += " host";
      call.also = {{"INSERT INTO host VALUES (:taskstate_zone_id, :taskstate_id, ?)", {*call.actor}, {}}};
    }
    Replies replies;
    try {
      replies = act(call);
    } catch (const core::Failure& failure) {
      const core::Code code = failure.error().code;
      if (code != core::Code::lease_lost && code != core::Code::limit_exceeded) throw;
    }
    if (replies.empty()) replies.emplace_back();
    for (Reply& reply : replies) {
      reply.call = name_;
      const std::string_view task = reply.task.data();
      const std::size_t slash = task.find('/');
      if (reply.what == Reply::changed)
        note(board_, {std::string(task.substr(0, slash)), std::string(task.substr(slash + 1))}, reply.revision);
    }
    // Small enough to be written whole or not at all.
    const auto size = static_cast<ssize_t>(replies.size() * sizeof(Reply));
    static_assert(3 * sizeof(Reply) <= PIPE_BUF);
    if (::write(pipe_, replies.data(), static_cast<std::size_t>(size)) != size) throw std::runtime_error("write");
  }

  void change(const core::Key& key, const core::Intent& intent, Host host = Host::may_write) {
    call([&](const engine::Call& call) { return Replies{reply_of(engine::change(tasks_, key, intent, call))}; }, host);
  }

  bool create(const core::NewTask& spec) {
    bool made = false;
    call([&](const engine::Call& call) {
      const Replies replies{reply_of(engine::create(tasks_, spec, call).row)};
      made = true;
      return replies;
    });
    return made;
  }

  void drive() {
    const std::int64_t task = (own_.tasks + 2) / 2 * 2;
    own_.tasks = task;
    const core::Key key = key_of(slot_, task);
    create(new_task(key.zone_id, key.id));
    if (random_() % 4 == 0) return change(key, core::Cancel{}, Host::writes_nothing);  // two events of one call
    change(key, core::Start{});
    core::Annotate annotate;
    annotate.additions.package_id = "pkg";
    change(key, annotate);
    change(key, random_() % 2 == 0 ? core::Intent(complete_with("ins")) : core::Fail{"failed", {}, {}});
    if (random_() % 2 == 0) erase(key, task);
  }

  void erase(const core::Key& key, std::int64_t task) {
    at(own_.to_be_gone, task) = task;
    call(
        [&](const engine::Call& call) {
          if (!engine::erase(tasks_, key, call)) throw std::runtime_error("there was nothing to erase");
          Reply reply;
          reply.what = Reply::erased;
          set_text(reply.task, key.zone_id + '/' + key.id);
          return Replies{reply};
        },
        Host::writes_nothing);
    note(board_, key, gone);
  }

  /// Makes three tasks in one call for whoever claims them.
  void offer() {
    std::vector<engine::Item> items;
    std::int64_t task = own_.tasks;
    while (items.size() < 3) {
      if (++task % 2 == 0) continue;
      const core::Key key = key_of(slot_, task);
      core::NewTask spec = new_task(key.zone_id, key.id);
      spec.max_attempts = 1000;
      items.push_back({spec});
    }
    own_.tasks = task;
    bool made = false;
    call([&](const engine::Call& call) {
      Replies replies;
      for (const engine::ItemResult& result : engine::run(tasks_, items, call)) {
        made = !result.error;
        if (made) replies.push_back(reply_of(result.row));
        if (!made && result.error->code != core::Code::limit_exceeded) throw core::Failure(*result.error);
      }
      return replies;
    });
    if (made) own_.newest_claimable = task;
  }

  void make_with_key(std::int64_t number) {
    const std::string idempotency_key = std::to_string(slot_) + '-' + std::to_string(number);
    core::NewTask spec = new_task(keyed, {});
    spec.idempotency_key = idempotency_key;
    core::Row row;
    const auto make = [&](const engine::Call& call) {
      const engine::Created made = engine::create(tasks_, spec, call);
      row = made.row;
      Reply reply = reply_of(row, made.replayed ? Reply::replayed : Reply::changed);
      set_text(reply.idempotency_key, idempotency_key);
      return Replies{reply};
    };
    call(make, Host::may_write, idempotency_key);
    call(make, Host::may_write, idempotency_key);
    if (row.task.status == core::Status::pending) change(row.key(), core::Cancel{}, Host::writes_nothing);
  }

  void purge() {
    const core::Key key{purged, text_of(name_)};
    create(new_task(key.zone_id, key.id));
    change(key, core::Cancel{}, Host::writes_nothing);
    if (random_() % 4 != 0) return;
    call(
        [&](const engine::Call& call) {
          engine::purge(tasks_, {purged, 0us, 4}, call);
          return Replies{};
        },
        Host::writes_nothing);
  }

  void work_on(const engine::Lease& lease) {
    const auto act = [&](const core::Intent& intent) {
      call([&](const engine::Call& call) {
        return Replies{reply_of(engine::change_leased(tasks_, lease.token, intent, call))};
      });
    };
    call(
        [&](const engine::Call& call) {
          engine::heartbeat(tasks_, lease.token, {}, {}, call);
          return Replies{};
        },
        Host::writes_nothing);
    switch (random_() % 16) {
      case 0: return;  // kept until its time is over
      case 1: return act(core::Release{});
      case 2: return act(core::Fail{"failed", {}, {}});
      case 3: std::this_thread::sleep_for(lease_time); [[fallthrough]];  // and then comes late
      default: act(complete_with("ins"));
    }
  }

  /// Asks for a task and must be told what was known before, or later.
  void poll() {
    const std::size_t slot = random_() % slots;
    Board::Slot& theirs = board_.slot.at(slot);
    std::atomic<std::int64_t>& known = theirs.known.at(random_() % window);
    const std::int64_t least = known;
    if (least == 0) return;
    const std::int64_t task = least / life;
    const core::Key key = key_of(slot, task);
    engine::decide(tasks_, answer_, {key.zone_id, key.id}, {}, engine::Waiting::here, patient());
    const bool is_gone = answer_.status == 404;
    if (!is_gone && answer_.status != 200 && answer_.status != 303)
      throw std::runtime_error("a poll was answered with " + std::to_string(answer_.status));
    const std::int64_t told = is_gone ? gone : answer_.revision;
    if (told < least % life || (is_gone && at(theirs.to_be_gone, task) < task))
      throw std::runtime_error(key.zone_id + '/' + key.id + " was told at " + std::to_string(told) + ", known was " +
                               std::to_string(least % life));
    raise(known, task * life + told);
  }

  engine::Engine& tasks_;
  Board& board_;
  Board::Slot& own_;
  const int pipe_;
  const std::size_t slot_;
  CallName name_;
  Random random_;
  core::Answer answer_;
};

int live(const std::string& path, Board& board, int pipe, std::size_t slot, std::uint32_t process, std::uint64_t seed) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  engine::Settings settings = patient_settings();
  settings.housekeeping = 50ms;
  settings.pending_limit = 30;
  settings.checkpoint_bytes = 256 * 1024;  // often
  const engine::Engine::Ptr tasks = engine::Engine::open(path, settings);
  std::vector<std::thread> crew;
  std::uint32_t thread = 0;
  for (const auto part : {&Member::author, &Member::claimant, &Member::reader, &Member::waiter}) {
    crew.emplace_back([&, part, first = CallName{process, thread, 0}, own_seed = seed + thread] {
      try {
        (Member(*tasks, board, pipe, slot, first, own_seed).*part)();
      } catch (const std::exception& error) {
        std::fprintf(stderr, "process %u: %s\n", process, error.what());
        ::_exit(1);
      }
    });
    ++thread;
  }
  for (std::thread& member : crew) member.join();
  return 0;
}

// ---- Killing them

/// The processes on one file, and what they told.
class Fleet {
 public:
  Fleet(std::string path, Random& random) : path_(std::move(path)), random_(random) {}
  ~Fleet() { kill_all(); }
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  void start(std::size_t slot) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    Process& process = processes_.at(slot);
    board_->slot.at(slot).awaits = 0;
    board_->slot.at(slot).read = 0;
    process.number = ++started_;
    const std::uint64_t seed = random_();
    process.pid = spawn([&] { return live(path_, *board_.operator->(), ends[1], slot, process.number, seed); });
    ::close(ends[1]);
    process.pipe = ends[0];
    ::fcntl(process.pipe, F_SETFL, O_NONBLOCK);
  }

  void kill(const std::vector<std::size_t>& victims) {
    for (const std::size_t slot : victims)
      if (processes_.at(slot).pid > 0) ::kill(processes_.at(slot).pid, SIGKILL);
    for (const std::size_t slot : victims) {
      Process& process = processes_.at(slot);
      if (process.pid == 0) continue;
      if (wait_for(process.pid) != 128 + SIGKILL)
        problems.push_back("process " + std::to_string(process.number) + " ended by itself");
      take_from(process);
      ::close(process.pipe);
      ledger.dead.insert(process.number);
      process = {};
      ++kills;
    }
  }

  void kill_all() { kill(living()); }

  [[nodiscard]] std::vector<std::size_t> living() const {
    std::vector<std::size_t> all;
    for (std::size_t slot = 0; slot < slots; ++slot)
      if (processes_.at(slot).pid > 0) all.push_back(slot);
    return all;
  }

  /// Hears what they tell until then.
  void listen(steady_clock::time_point until) {
    do {
      const std::vector<std::size_t> all = living();
      std::vector<pollfd> pipes;
      for (const std::size_t slot : all) pipes.push_back({processes_.at(slot).pipe, POLLIN, 0});
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now()).count();
      ::poll(pipes.data(), pipes.size(), static_cast<int>(std::max<std::int64_t>(0, left)));
      for (std::size_t i = 0; i < all.size(); ++i) {
        if ((pipes[i].revents & POLLIN) != 0) take_from(processes_.at(all[i]));
        if ((pipes[i].revents & POLLHUP) != 0) kill({all[i]});  // it has ended by itself, which is noted there
      }
    } while (steady_clock::now() < until);
  }

  /// Listens until it is so, which it must be in a bounded time.
  template <class Condition>
  void await(const std::string& what, Condition condition) {
    const auto until = steady_clock::now() + bounded_time;
    while (problems.empty() && !condition()) {
      if (steady_clock::now() >= until) return problems.push_back("for all of a bounded time, " + what);
      listen(steady_clock::now() + 1ms);
    }
  }

  /// What the file says now against all that was told. To where the feed was read.
  std::int64_t audit(engine::Engine& tasks) {
    listen(steady_clock::now());
    engine::ChangesQuery query;
    query.after = position_;
    query.limit = 1000;
    for (engine::Changes part = engine::changes(tasks, query, patient());;
         part = engine::changes(tasks, query, patient())) {
      query.after = position_ = part.position;
      if (part.events.empty()) break;
      for (const core::Event& event : part.events) ledger.take(event);
    }
    const Audit audit(ledger);
    problems.insert(problems.end(), audit.problems.begin(), audit.problems.end());
    in_doubt = audit.in_doubt.size();
    return core::parse_position(*position_).value().sequence;
  }

  /// Nobody makes new work, and some die: what was offered comes to its end all the same, nothing stays held by the
  /// dead, and when all is still, who waits hears of the one change that there is.
  void rest(std::size_t deaths) {
    board_->paused = true;
    std::vector<std::size_t> victims = living();
    std::shuffle(victims.begin(), victims.end(), random_);
    victims.resize(std::min(deaths, victims.size()));
    listen(steady_clock::now() + std::chrono::microseconds(random_() % 3000));
    kill(victims);
    {
      const engine::Engine::Ptr tasks = open(path_);
      await("what was offered did not end", [&] {
        const engine::Stats stats = engine::stats(*tasks, claimed, patient());
        return count(stats, core::Status::pending) + count(stats, core::Status::running) == 0;
      });
      for (const std::size_t slot : living())
        await("who waits for a task was not told of its end", [&] { return board_->slot.at(slot).awaits == 0; });
      engine::Call call = patient();
      call.actor = text_of({0, 0, 1});  // of no process, so that no reply is asked for
      engine::create(*tasks, new_task("bell", {}), call);
      const std::int64_t last = audit(*tasks);
      for (const std::size_t slot : living())
        await("a reader did not hear of a change", [&] { return board_->slot.at(slot).read >= last; });
    }
    for (const std::size_t slot : victims) start(slot);
    board_->paused = false;
  }

  /// All are dead: the file as it was left.
  void look_back() {
    std::int64_t apart = run_sql(path_,
                                 "SELECT count(*) FROM (SELECT zone_id, id, worker FROM taskstate_events "
                                 "WHERE worker LIKE '% host' EXCEPT SELECT zone_id, id, caller FROM host)");
    apart +=
        run_sql(path_,
                "SELECT count(*) FROM (SELECT zone_id, id, caller FROM host NATURAL JOIN "
                "(SELECT zone_id, id FROM taskstate_tasks) EXCEPT SELECT zone_id, id, worker FROM taskstate_events)");
    if (apart != 0) problems.push_back(std::to_string(apart) + " of the host's rows do not agree with the tasks");
    engine::Settings settings = patient_settings();
    settings.housekeeping = std::chrono::microseconds(0);  // or leases end between two looks
    const engine::Engine::Ptr tasks = engine::Engine::open(path_, settings);
    audit(*tasks);
    std::map<std::string, Reply> newest;
    for (const Reply& reply : ledger.replies)
      if (reply.what == Reply::changed && newest[reply.task.data()].revision <= reply.revision)
        newest[reply.task.data()] = reply;
    for (const auto& [name, task] : ledger.tasks) {
      const std::size_t slash = name.find('/');
      const auto row = engine::get(*tasks, {name.substr(0, slash), name.substr(slash + 1)}, patient());
      if (row.has_value() == task.purged) problems.push_back(name + " is there though it was purged, or is not");
      if (!row || task.events.empty()) continue;
      const Reply& reply = newest[name];
      if (row->revision != task.events.back().revision || row->task.status != task.events.back().to ||
          row->version < reply.version || (row->revision == reply.revision && etag_of(*row) != reply.etag.data()))
        problems.push_back(name + " is not as its last change left it");
    }
    for (const std::string& problem : engine::verify(*tasks, patient()).problems)
      problems.push_back("verify: " + problem);
  }

  Ledger ledger;
  std::vector<std::string> problems;
  std::size_t kills = 0;
  std::size_t in_doubt = 0;

 private:
  struct Process {
    pid_t pid = 0;
    int pipe = -1;
    std::uint32_t number = 0;
  };

  /// All there is, so that nothing is taken of a call of which not all is taken.
  void take_from(const Process& process) {
    std::array<Reply, 64> replies;
    for (ssize_t size = 0; (size = ::read(process.pipe, replies.data(), sizeof replies)) > 0;)
      for (std::size_t i = 0; i < static_cast<std::size_t>(size) / sizeof(Reply); ++i) ledger.take(replies.at(i));
  }

  static std::int64_t count(const engine::Stats& stats, core::Status status) {
    std::int64_t sum = 0;
    for (const auto& each : stats.store.counts)
      if (each.status == status) sum += each.count;
    return sum;
  }

  const std::string path_;
  Random& random_;
  Shared<Board> board_;
  std::array<Process, slots> processes_;
  std::uint32_t started_ = 0;
  core::Text position_;
};

/// What the audit of a ledger with this forged in it says.
template <class Forge>
std::size_t found_in(Ledger ledger, Forge forge) {
  BOOST_TEST_REQUIRE(forge(ledger), "nothing to forge");
  return Audit(ledger).problems.size();
}

/// Forges an event that is so; false: there is none.
template <class Is, class Forge>
bool forge_event(Ledger& ledger, Is is, Forge forge) {
  for (auto& [name, task] : ledger.tasks)
    for (std::size_t i = 0; !task.purged && i < task.events.size(); ++i)
      if (is(task.events[i])) return forge(task, i), true;
  return false;
}

// If these were not found out, nor would a mistake be.
void require_that_faults_are_found(const Ledger& ledger) {
  const auto returned = [&](const Ledger::Event& event) {
    const auto last =
        event.call ? ledger.returned.find({event.call->process, event.call->thread}) : ledger.returned.end();
    return last != ledger.returned.end() && event.call->number <= last->second;
  };
  const auto lost = [&](Ledger& forged) {
    return forge_event(
        forged, [&](const auto& event) { return taskstate::is_terminal(event.to) && returned(event); },
        [](auto& task, std::size_t) { task.events.pop_back(); });
  };
  const auto by_nobody = [&](Ledger& forged) {
    return forge_event(forged, returned, [&](auto& task, std::size_t i) {
      std::erase_if(forged.replies, [&](const Reply& reply) { return reply.call == task.events[i].call; });
    });
  };
  std::int64_t other_epoch = 0;
  const auto held_twice = [&](Ledger& forged) {
    return forge_event(
               forged, [](const auto& event) { return event.epoch > 0; },
               [&](auto& task, std::size_t i) { other_epoch = task.events[i].epoch; }) &&
           forge_event(
               forged,
               [&](const auto& event) {
                 return event.kind == "started" && event.epoch > 0 && event.epoch != other_epoch;
               },
               [&](auto& task, std::size_t i) { task.events[i].epoch = other_epoch; });
  };
  const auto fenced = [](Ledger& forged) {
    return forge_event(
        forged, [](const auto& event) { return event.kind == "completed" && event.epoch > 0; },
        [](auto& task, std::size_t i) { --task.events[i].epoch; });
  };
  const auto made_twice = [](Ledger& forged) {
    return forge_event(
        forged, [](const auto& event) { return !event.idempotency_key.empty(); },
        [&](auto& task, std::size_t i) { forged.tasks["keyed/another"].events = {task.events[i]}; });
  };
  BOOST_TEST(found_in(ledger, lost) > 0U);
  BOOST_TEST(found_in(ledger, by_nobody) > 0U);
  BOOST_TEST(found_in(ledger, held_twice) > 0U);
  BOOST_TEST(found_in(ledger, fenced) > 0U);
  BOOST_TEST(found_in(ledger, made_twice) > 0U);
}

// In memory more is done between two kills; on a disk, kills fall into its flushes.
std::filesystem::path place_of(std::size_t file) {
  const std::filesystem::path memory = "/dev/shm";
  return file % 4 != 3 && std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
}

}  // namespace

BOOST_AUTO_TEST_CASE(nothing_acknowledged_is_lost_and_nobody_is_left_waiting) {
  const std::size_t seed = setting("TSE_SEED", 1);
  const std::size_t seconds = setting("TSE_SECONDS", 0);
  const std::size_t wanted = seconds > 0 ? std::numeric_limits<std::size_t>::max() : setting("TSE_KILLS", 30);
  const auto until = steady_clock::now() + (seconds > 0 ? std::chrono::seconds(seconds) : 24h * 365);
  std::size_t kills = 0, acknowledged = 0, in_doubt = 0, violations = 0;
  for (std::size_t file = 0; kills < wanted && steady_clock::now() < until; ++file) {
    Random random(seed + file);
    const TemporaryDirectory directory(place_of(file));
    const std::string path = directory.file("tasks.db");
    open(path)->close();
    run_sql(path, "CREATE TABLE host (zone_id TEXT, id TEXT, caller TEXT)");
    Fleet fleet(path, random);
    for (std::size_t slot = 0; slot < slots; ++slot) fleet.start(slot);
    const std::size_t share = std::min(kills_per_file, wanted - kills);
    fleet.await("too little is done", [&] { return fleet.ledger.replies.size() >= 200; });  // or nothing is shown
    while (fleet.kills + slots < share && steady_clock::now() < until && fleet.problems.empty()) {
      for (std::size_t i = random() % 12; i > 0; --i) {
        fleet.listen(steady_clock::now() + std::chrono::microseconds(2000 + random() % 30000));
        const std::size_t victim = random() % slots;
        fleet.kill({victim});
        fleet.start(victim);
      }
      fleet.rest(1 + random() % (slots - 1));
    }
    fleet.rest(0);
    fleet.kill_all();
    fleet.look_back();
    if (file == 0 && fleet.problems.empty()) require_that_faults_are_found(fleet.ledger);
    for (const std::string& problem : fleet.problems) BOOST_TEST_MESSAGE(problem);
    BOOST_TEST(fleet.problems.empty(), "again: TSE_SEED=" << seed + file << " TSE_KILLS=" << share << "; "
                                                          << (fleet.problems.empty() ? "" : fleet.problems.front()));
    kills += fleet.kills;
    acknowledged += fleet.ledger.replies.size();
    in_doubt += fleet.in_doubt;
    violations += fleet.problems.size();
  }
  std::cout << "measured: " << kills << " kills with -9 of processes that write, claim, wait and poll: " << acknowledged
            << " acknowledged changes, " << in_doubt << " calls under way that were done, " << violations
            << " faults (seed " << seed << ")\n"
            << "campaign: kill: " << kills << " kills, " << violations << " violations, seed " << seed << '\n';
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tse::test
