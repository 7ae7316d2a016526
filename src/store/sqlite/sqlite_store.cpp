#include "store/sqlite/sqlite_store.hpp"

#include "store/commit_group.hpp"
#include "store/size_signal.hpp"
#include "store/sqlite/backup.hpp"
#include "store/sqlite/checkpoint.hpp"
#include "store/sqlite/commit_notice.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/feed.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/reader_pool.hpp"
#include "store/sqlite/stats.hpp"
#include "store/sqlite/time_limit.hpp"
#include "store/sqlite/verify.hpp"
#include "store/sqlite/view.hpp"
#include "store/sqlite/writer.hpp"

#include <chrono>
#include <new>
#include <thread>
#include <utility>

namespace tse::store::sqlite {

using core::Failure;

namespace {

/// Of what a question is asked.
struct Asked {
  Connection& connection;
  Origin origin;
  Generation generation;  ///< what tokens of this content carry
};

/// Ends a statement of the question at its deadline, or when it is cancelled.
template <typename Question>
auto limited(Connection& connection, const Patience& patience, Question question) {
  const TimeLimit limit(connection, patience);
  try {
    return question();
  } catch (const Failure&) {
    if (limit.is_over()) throw Failure(limit.error("all of it was read"));
    throw;
  }
}

// What is known of the content is taken before the snapshot, which then has all of it.
template <typename Question>
auto ask_origin(Database& database, ReaderPool& readers, const Patience& patience, Question question) {
  const ReaderPool::Lease lease(readers, patience);
  Connection& connection = lease.connection();
  const std::optional<Stamp> state = database.stamp();
  for (;;) {
    const Lineage::Known known = database.lineage.known();
    const Snapshot snapshot(connection);
    const Origin origin = read_origin(connection, Intent::read);
    const bool goes_on = database.memory || has_landmark(connection, origin, known.newest);
    if (const auto own = database.observe(known, origin, goes_on)) {
      if (state && database.stamp() == state) database.lineage.compared(*state);
      return limited(connection, patience, [&] { return question(Asked{connection, origin, *own}); });
    }
  }
}

template <typename Question>
auto ask(Database& database, ReaderPool& readers, const Patience& patience, Question question) {
  return ask_origin(database, readers, patience, [&](const Asked& asked) { return question(asked.connection); });
}

// A question that may be asked twice needs no comparison in a state in which there was one already.
template <typename Question>
auto ask_again(Database& database, ReaderPool& readers, const Patience& patience, Question question) {
  {
    const ReaderPool::Lease lease(readers, patience);
    if (const std::optional<Stamp> state = database.stamp(); state && database.lineage.is_compared(*state)) {
      const Snapshot snapshot(lease.connection());
      auto answer = limited(lease.connection(), patience, [&] { return question(lease.connection()); });
      if (database.stamp() == state) return answer;
    }
  }
  return ask(database, readers, patience, question);
}

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(std::unique_ptr<Database> database)
      : Store({database->proof()}), database_(std::move(database)) {}
  ~SqliteStore() override { close(); }

  void commit(std::span<const Change> changes, std::span<std::optional<core::Error>> errors, Deadline deadline,
              const std::stop_token& stop) override {
    group_.run(changes, errors, deadline, stop);
  }

  void view(const std::function<void(View&)>& question, const Patience& patience) override {
    ask_again(*database_, readers_, patience, [&](Connection& connection) {
      SqliteView snapshot(connection, database_->time);
      question(snapshot);
      return true;
    });
  }
  void answers(std::span<const core::Key> keys, std::span<Found> found, const std::optional<Stamp>& proven,
               const Patience& patience) override {
    const ReaderPool::Lease lease(readers_, patience);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      found[i] = answer_on(lease.connection(), keys[i], proven);
      if (found[i].tombstone) found[i].expiry = database_->time.now().expiry;
    }
  }
  News news(std::optional<std::int64_t> after, std::size_t limit, const Patience& patience) override {
    return ask_origin(*database_, readers_, patience, [&](const Asked& asked) {
      News news = find_news(asked.connection, after, limit, asked.origin);
      news.content = database_->lineage.content();
      news.settings = asked.origin.settings;
      return news;
    });
  }
  [[nodiscard]] std::optional<Stamp> stamp() const noexcept override { return database_->stamp(); }
  Page page(const PageQuery& query, const Patience& patience) override {
    return ask(*database_, readers_, patience, [&](Connection& connection) {
      Page page = find_page(connection, query, patience);
      if (query.with_total) page.total = count_rows(connection, query);
      return page;
    });
  }
  std::vector<core::Event> history(const core::Key& key, std::optional<std::int64_t> before, std::size_t limit,
                                   const Patience& patience) override {
    return ask(*database_, readers_, patience,
               [&](Connection& connection) { return find_history(connection, key, before, limit); });
  }
  VerifyReport verify(const Patience& patience) override {
    // Not compared with what was known before: what is wrong with the file's origin belongs into the report, too.
    const ReaderPool::Lease lease(readers_, patience);
    const Snapshot snapshot(lease.connection());
    check_schema(lease.connection(), Intent::read);
    return limited(lease.connection(), patience, [&] { return verify_all(lease.connection()); });
  }

  Feed feed(const FeedQuery& query, const Patience& patience) override {
    return ask_origin(*database_, readers_, patience, [&](const Asked& asked) {
      Feed feed = find_feed(asked.connection, query);
      feed.generation = to_string(asked.generation);
      return feed;
    });
  }
  Stats stats(std::string_view zone_id, const Patience& patience) override {
    Stats stats = ask(*database_, readers_, patience,
                      [&](Connection& connection) { return read_stats(connection, *database_, zone_id); });
    writer_.count(stats);
    return stats;
  }
  void backup(const std::string& path, const Patience& patience) override {
    ask(*database_, readers_, patience,
        [&](Connection& connection) { back_up(connection, *database_, path, patience); });
  }
  void flush_removed(const Patience& patience) override;

  void accept_clock() noexcept override { database_->time.accept(); }

  [[nodiscard]] std::unique_ptr<Notices> notices() override {
    if (database_->memory) return nullptr;
    return std::make_unique<CommitNotice>(database_->paths.sidecar, database_->paths.wal);
  }
  [[nodiscard]] Content content() const override {
    const Lineage& lineage = database_->lineage;
    return {to_string(lineage.generation()), lineage.content(), !database_->read_only() && lineage.is_unsettled()};
  }
  [[nodiscard]] std::int64_t settings_stamp() const noexcept override {
    return database_->settings_stamp.load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool tell_restored() override { return database_->lineage.tell(); }

  [[nodiscard]] const Migrated& migrated() const noexcept { return database_->migrated; }

  /// Once, before anybody else uses it.
  void begin_time(const Patience& patience);

  void close() noexcept override;
  void at_fork(Fork moment) noexcept override;

 private:
  Found answer_on(Connection& connection, const core::Key& key, const std::optional<Stamp>& proven);
  void join_clock(const Patience& patience);
  void last_checkpoint();
  void become_child() noexcept;

  std::unique_ptr<Database> database_;
  Writer writer_{*database_};
  CommitGroup group_{writer_};
  ReaderPool readers_{*database_};
};

// Without it this engine works on; others may take it for gone.
void SqliteStore::join_clock(const Patience& patience) {
  if (database_->options.clocks.lease.name.empty() || database_->memory || database_->read_only()) return;
  const auto turn = writer_.turn(patience);
  try {
    if (database_->time.join(database_->paths.sidecar)) return;
    database_->log(LogLevel::warn, "the -taskstate file has no room for another clock of leases");
  } catch (const Failure& failure) {
    database_->log(LogLevel::warn, failure.error().message);
  }
}

// What is all of one state is all of the one that was checked.
Found SqliteStore::answer_on(Connection& connection, const core::Key& key, const std::optional<Stamp>& proven) {
  if (proven) {
    Found found = find_answer_unchecked(connection, key);
    found.proven = database_->stamp() == proven;
    if (found.proven) return found;
  }
  std::int64_t settings = 0;
  Found found = find_answer(connection, key, settings);
  database_->settings_stamp.store(settings, std::memory_order_relaxed);
  return found;
}

void SqliteStore::begin_time(const Patience& patience) {
  join_clock(patience);
  database_->time.begin();
}

void SqliteStore::close() noexcept {
  if (database_->gate.forked() || !database_->gate.close()) return;
  const NoSizeSignal no_signal;
  database_->transaction.wake();
  group_.close();
  group_.await_end();
  readers_.close();
  const std::lock_guard held(database_->transaction);
  try {
    last_checkpoint();
  } catch (const Failure& failure) {
    database_->log(LogLevel::warn, failure.error().message);
  } catch (const std::bad_alloc&) {
    // as if others were at it: the next to open the file reads its -wal
  }
  database_->observer.reset();
  database_->host_writer.reset();
  database_->writer.reset();
  database_->time.close();
  database_->presence.close();
  database_->lock.close();
  database_->identity.close();
}

void SqliteStore::flush_removed(const Patience& patience) {
  constexpr std::chrono::milliseconds pause{2};
  if (database_->memory) return;
  try {
    for (bool emptied = false;;) {
      group_.exclusively([&] { emptied = writer_.empty_log(patience); }, patience);
      if (emptied) return;
      patience.require("a reader kept the -wal from being emptied");
      std::this_thread::sleep_for(pause);
    }
  } catch (const Failure& failure) {
    core::Error error = core::copy_of(failure.error());
    if (error.code == core::Code::busy || error.code == core::Code::cancelled) error.code = core::Code::unavailable;
    error.outcome = core::Outcome::unknown;
    throw Failure(std::move(error));
  }
}

// So that the file is whole by itself; when others are at it, theirs will be the last.
void SqliteStore::last_checkpoint() {
  if (database_->memory || database_->read_only() || !database_->gate.sound()) return;
  if (database_->identity.look() != Standing::same || !database_->lock.try_lock()) return;
  checkpoint(*database_->writer, Checkpoint::truncate);
}

void SqliteStore::at_fork(Fork moment) noexcept {
  if (moment == Fork::before) {
    database_->transaction.hold();
    readers_.hold();
    return;
  }
  readers_.resume();
  database_->transaction.resume();
  if (moment == Fork::child) become_child();
}

void SqliteStore::become_child() noexcept {
  database_->gate.fork();
  database_->presence.close();
  database_->lock.close();
  database_->identity.close_inherited();
  database_->time.close_in_child();
}

}  // namespace

std::unique_ptr<Store> open(Options options, const Patience& patience) {
  auto store = std::make_unique<SqliteStore>(open_database(std::move(options), patience));
  store->begin_time(patience);
  return store;
}

Migrated migrate_file(Options options, const Patience& patience) {
  if (options.path == ":memory:") throw Failure(core::invalid("path", "must name a file: nothing in memory is older"));
  options.mode = Mode::read_write;
  options.adopt = false;
  if (options.migrate == Migrate::manual) options.migrate = Migrate::automatic;
  const SqliteStore store(open_database(std::move(options), patience));
  return store.migrated();
}

}  // namespace tse::store::sqlite
