#include "store/sqlite/database.hpp"

#include "store/size_signal.hpp"
#include "store/sqlite/checkpoint.hpp"
#include "store/sqlite/doubt.hpp"
#include "store/sqlite/failure.hpp"
#include "store/sqlite/host_statement.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/probe.hpp"
#include "store/sqlite/read_only_media.hpp"
#include "store/sqlite/settings.hpp"
#include "store/sqlite/upgrade.hpp"
#include "store/sqlite/vfs.hpp"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

namespace tse::store::sqlite {

using core::Code;
using core::Failure;

namespace {

void begin_lineage(Database& database, Connection& connection) {
  const Origin origin = read_origin(connection, Intent::read);
  database.settings_stamp = origin.settings;
  database.lineage.begin(origin.generation, origin.newest);
}

// Also what was replaced while no engine had the file open is found out here, where the sidecar knows it.
void begin_settled_lineage(Database& database, bool is_new) {
  Connection& writer = *database.writer;
  Origin origin = read_origin(writer, Intent::write);
  if (!is_new && !is_settled(writer, origin, database.lock.mark())) {
    origin.generation = random_generation();
    set_generation(writer, origin.generation);
    database.log(LogLevel::warn, "the content of the file was replaced while no engine had it open");
  }
  database.settings_stamp = origin.settings;
  database.lineage.begin(origin.generation, origin.newest);
  database.lock.begin_marks({origin.generation, origin.newest});
}

void limit_size(Connection& connection, std::int64_t max_bytes) {
  if (max_bytes == 0) return;
  const std::int64_t pages = std::min(max_bytes / connection.integer("PRAGMA page_size"), std::int64_t{INT32_MAX});
  connection.execute(("PRAGMA max_page_count = " + std::to_string(pages)).c_str(), "limit the file's size");
}

/// Makes the schema, or brings an older one up to date.
void make_or_upgrade(Database& database, Content content, const Patience& patience) {
  Connection& writer = *database.writer;
  if (content != Content::ours) return migrate(writer, 0, migrations(), content == Content::empty);
  database.migrated = upgrade({database.options, database.paths, writer, database.presence, patience});
}

void open_memory(Database& database) {
  database.writer = std::make_unique<Connection>(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  database.writer->configure();
  migrate(*database.writer, 0, migrations(), true);
  settle_settings(database.options, *database.writer);
  limit_size(*database.writer, database.options.max_bytes);
  install_authorizer(*database.writer);
  database.writer->guard(database.options.guards);
  begin_lineage(database, *database.writer);
}

// Where the sidecar cannot be opened, the engine reads all the same, and nobody sees it.
void show_reader(Database& database) {
  try {
    database.presence.open(database.paths.sidecar);
    database.presence.show(Role::reads, newest_schema());
  } catch (const Failure& failure) {
    database.log(LogLevel::debug, failure.error().message);
  }
}

void open_read_only(Database& database, const Patience& patience) {
  if (!look(database.paths.database)) throw Failure(Code::unavailable, "there is no such file");
  try {
    if (probe(database.paths, Intent::read, patience) != Content::ours)
      throw Failure(Code::not_a_taskstate_file, "the file is not one of taskstate's");
    database.immutable = is_immutable(database.paths);
    database.observer = std::make_unique<Connection>(file_uri(database.paths.database, database.read_parameters()),
                                                     SQLITE_OPEN_READONLY);
    Connection& connection = *database.observer;
    connection.wait_until(patience.until);
    connection.configure();
    check_schema(connection, Intent::read);
    require_newest(connection);
    compare_settings(database.options, connection);
    show_reader(database);
    begin_lineage(database, connection);
    database.identity.record(database.paths);
    if (!database.immutable) database.wal_index = WalIndex::map(connection);
  } catch (const Failure& failure) {
    explain_unwritable(database.paths, failure.error());
    throw;
  }
}

// What stands at the path must be ours, be empty, or have been given to us: otherwise nothing is touched, and
// nothing left beside it.
void judge(const Options& options, Content content) {
  if (content == Content::foreign && !options.adopt)
    throw Failure(Code::not_a_taskstate_file, "the file is a database of another application");
}

// Under the write lock. An empty or missing file may be a new one, or one whose content is lost; a new one must
// not take the place of what can still be saved.
void refuse_lost_content(Database& database) {
  const auto file = look(database.paths.database);
  if (file && file->st_size > 0) return;
  const auto wal = look(database.paths.wal);
  if (wal && wal->st_size > 0) throw Failure(Code::corrupt, "the file is missing or empty although its -wal is not");
  if (!file) return database.lock.set_initialised(false);  // removed on purpose, or never there
  if (database.lock.initialised()) throw Failure(Code::corrupt, "the file has lost its content: it is empty");
}

// EXTRA, so that the journal of the change is gone from the disk before there is a log: a power cut that brought it
// back would roll back the file under its log.
void use_wal(Connection& connection) {
  connection.execute("PRAGMA synchronous = EXTRA", "configure the connection");
  const std::string mode = connection.text("PRAGMA journal_mode = WAL");
  connection.execute("PRAGMA synchronous = FULL", "configure the connection");
  if (mode != "wal") throw Failure(Code::unsupported, "SQLite cannot use a write-ahead log for this file");
}

bool has_wal_reset_fix(int version) {
  return version >= 3051003 || (version >= 3050007 && version < 3051000) || (version >= 3044006 && version < 3045000);
}

// Room for what a full transaction touches, so that none of it is written out early, and for the inner pages of a large
// file: SQLite's own 2 MiB are fewer pages than a group may write. Taken only as it is used.
void give_room(Connection& writer) { writer.execute("PRAGMA cache_size = -16384", "configure the connection"); }

// SQLite before 3.41 forgets checksums of frames that were spilled within a savepoint, written again and rolled back:
// what is committed then is lost with the next crash.
void keep_pages(Connection& writer) { writer.execute("PRAGMA cache_spill = OFF", "configure the connection"); }

void set_up(Database& database, const Patience& patience) {
  refuse_lost_content(database);
  const bool create = database.options.mode == Mode::create;
  const int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
  database.writer = std::make_unique<Connection>(file_uri(database.paths.database, "", database.paths.sidecar), flags);
  Connection& writer = *database.writer;
  writer.wait_until(patience.until);
  const Content content = content_of(writer, Intent::write);
  judge(database.options, content);
  if (sqlite3_db_readonly(writer.handle(), "main") != 0)
    throw Failure(Code::read_only, "the file cannot be written; open it read-only");
  writer.configure();
  install_authorizer(writer);  // before the first write: a trigger of others may stand there already
  give_room(writer);
  use_wal(writer);
  try {
    make_or_upgrade(database, content, patience);
    keep_pages(writer);  // a migration may need the room, and has no savepoints
    const auto wal_index = WalIndex::map(writer);
    const auto before = wal_index ? wal_index->stamp() : Stamp();
    end_doubt(writer, database.lock);
    if (wal_index && wal_index->stamp() != before) database.wal_index = WalIndex::map(writer);
    settle_settings(database.options, writer);
    database.lock.set_initialised(true);
    checkpoint(writer, Checkpoint::truncate);
  } catch (const Failure& failure) {
    if (failure.error().code == Code::io_error) database.lock.set_in_doubt(true);
    throw;
  }
  writer.guard(database.options.guards);
  begin_settled_lineage(database, content != Content::ours);
  database.identity.record(database.paths);
  limit_size(writer, database.options.max_bytes);
  writer.wait_until({});
}

// A file of ours in the making looks like a damaged one, so where the sidecar tells that a process of ours is or was
// at work, the file is judged under the lock. Where there is none, it is judged before anything is left beside it.
void open_file(Database& database, const Patience& patience) {
  const Options& options = database.options;
  const Paths& paths = database.paths;
  const bool exists = look(paths.database).has_value();  // before the sidecar, which is made first
  const bool has_sidecar = look(paths.sidecar).has_value();
  if (!exists && options.mode != Mode::create) throw Failure(Code::unavailable, "there is no such file");
  if (exists && !has_sidecar) judge(options, probe(paths, Intent::write, patience));
  database.lock.open(paths.sidecar, paths.database, options.file_mode);
  database.lock.lock(patience, [] {});
  try {
    database.lock.check_header();
    database.presence.open(paths.sidecar);
    if (exists && has_sidecar) judge(options, probe(paths, Intent::write, patience));
    set_up(database, patience);
    database.presence.show(Role::writes, newest_schema());
  } catch (...) {
    database.writer.reset();
    database.lock.close();
    throw;
  }
  database.lock.unlock();
}

#if defined(TASKSTATE_OWN_SQLITE)
constexpr bool has_own_sqlite = true;
#else
constexpr bool has_own_sqlite = false;
#endif

void require_locks(const Database& database) {
  if (vfs::locks() == vfs::Locks::ofd) return;
  refuse_locks_without_use(has_own_sqlite);
  database.log(LogLevel::warn,
               "the system has no open file description locks: a close() of the file by other code of this process, a "
               "second copy of SQLite and fork() can drop this engine's locks");
}

}  // namespace

void refuse_locks_without_use(bool own_sqlite) {
  if (own_sqlite)
    throw Failure(Code::unsupported,
                  "the system has no open file description locks (fcntl F_OFD_SETLK), and this build has an SQLite of "
                  "its own, whose locks any other SQLite in the process would drop: use a build with the system's "
                  "SQLite, or allow those locks");
}

std::unique_ptr<Database> open_database(Options options, const Patience& patience) {
  const NoSizeSignal no_signal;
  auto database = std::make_unique<Database>(std::move(options));
  if (database->memory) {
    if (database->read_only()) throw Failure(core::invalid("mode", "a database in memory cannot be read-only"));
    open_memory(*database);
    return database;
  }
  database->paths = resolve(database->options.path);
  if (!database->options.any_filesystem) refuse_unsuitable(database->paths.database, database->options.filesystem_type);
  require_locks(*database);
  if (!has_wal_reset_fix(sqlite3_libversion_number()))
    database->log(LogLevel::info, std::string("SQLite ") + sqlite3_libversion() +
                                      " can lose commits when programs other than taskstate write to the file");
  if (database->read_only()) {
    open_read_only(*database, patience);
  } else {
    open_file(*database, patience);
  }
  database->identity_checked = std::chrono::steady_clock::now().time_since_epoch().count();
  return database;
}

Connection& Database::guarded_writer() {
  if (memory) {
    if (!writer->is_guarded()) writer->guard(true);
    return *writer;
  }
  if (options.guards) return *writer;
  if (!host_writer) {
    auto made = std::make_unique<Connection>(file_uri(paths.database, ""), SQLITE_OPEN_READWRITE);
    made->configure();
    install_authorizer(*made);
    give_room(*made);
    keep_pages(*made);
    limit_size(*made, options.max_bytes);
    host_writer = std::move(made);
  }
  return *host_writer;
}

Connection& Database::plain_writer() {
  if (memory && writer->is_guarded() != options.guards) writer->guard(options.guards);
  return *writer;
}

void Database::require_identity() {
  const Standing standing = gate.sound() ? identity.look() : Standing::same;
  if (standing == Standing::unknown) throw Failure(identity.refusal());
  identity_checked = std::chrono::steady_clock::now().time_since_epoch().count();
  if (standing == Standing::moved) {
    gate.move();
    log(LogLevel::error, "the file, its -wal, its -shm or its -taskstate file was replaced or removed");
  }
  gate.require_sound();
}

std::optional<Generation> Database::observe(const Lineage::Known& before, const Origin& found, bool has_newest) {
  const auto own = lineage.observe(before, found, has_newest);
  if (own) settings_stamp.store(found.settings, std::memory_order_relaxed);
  if (own && lineage.content() != before.content)
    log(LogLevel::warn,
        "the content of the file was replaced under the engine: what was given out before is void, leases, cursors and "
        "positions in the feed");
  return own;
}

namespace {

constexpr std::int64_t identity_holds_for = 1'000'000'000;  // ns

/// The steady clock as of the last tick of the kernel's: some milliseconds late, but four times as fast.
std::int64_t coarse_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

std::optional<Stamp> Database::stamp() const noexcept {
  if (!gate.sound()) return std::nullopt;
  if (memory) return Stamp{{commits.load(std::memory_order_acquire)}};
  if (!wal_index || coarse_now() - identity_checked.load(std::memory_order_relaxed) >= identity_holds_for)
    return std::nullopt;
  return wal_index->stamp();
}

void Database::require_recent_identity() {
  gate.require();
  const std::int64_t now = std::chrono::steady_clock::now().time_since_epoch().count();
  if (now - identity_checked.load(std::memory_order_relaxed) >= identity_holds_for) require_identity();
}

}  // namespace tse::store::sqlite
