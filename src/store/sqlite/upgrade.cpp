#include "store/sqlite/upgrade.hpp"

#include "store/descriptor.hpp"
#include "store/sqlite/backup_target.hpp"
#include "store/sqlite/failure.hpp"
#include "store/sqlite/file_copy.hpp"
#include "store/sqlite/lineage.hpp"
#include "store/sqlite/time_limit.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

namespace tse::store::sqlite {

using core::Code;
using core::Failure;

namespace {

std::string schemas(std::int64_t found) {
  return "the file has schema " + std::to_string(found) + ", this engine uses schema " +
         std::to_string(newest_schema());
}

/// The steps that are still to be done.
std::span<const Migration> steps_after(std::int64_t found) {
  auto steps = migrations();
  while (!steps.empty() && steps.front().version <= found) steps = steps.subspan(1);
  return steps;
}

void require_allowed(const Options& options, std::int64_t found) {
  if (options.migrate == Migrate::refuse)
    throw Failure(Code::schema_too_old, schemas(found) + " and may not migrate it (migrate=refuse)");
  if (options.migrate == Migrate::manual)
    throw Failure(Code::schema_too_old, schemas(found) +
                                            ": migrate it first, with the operation of that name, or open "
                                            "it with migrate=auto");
}

// Whoever comes later waits for the write lock, and is told that the file is too new for it.
void refuse_shut_out(const Presence& presence, std::span<const Migration> steps) {
  std::int64_t min_reader = 0;
  std::int64_t min_writer = 0;
  for (const Migration& step : steps) {
    min_reader = std::max(min_reader, step.min_reader);
    min_writer = std::max(min_writer, step.min_writer);
  }
  auto other = presence.older(Role::writes, std::max(min_reader, min_writer));  // who writes reads, too
  if (!other) other = presence.older(Role::reads, min_reader);
  if (!other) return;
  const std::string who = other->process == ::getpid() ? "this process" : "process " + std::to_string(other->process);
  throw Failure(Code::busy, who + " has the file open with an engine that knows no schema after " +
                                std::to_string(other->schema) + ", which schema " +
                                std::to_string(steps.back().version) + " shuts out: close it there, then migrate");
}

std::string directory_of(const std::string& path) { return path.substr(0, std::max(path.rfind('/'), std::size_t{1})); }

std::int64_t free_space(const Options& options, const std::string& directory) {
  if (options.free_space) return options.free_space(directory);
  struct statvfs info {};
  if (::statvfs(directory.c_str(), &info) != 0) throw Failure(errno_error(errno, "look for free space"));
  return static_cast<std::int64_t>(info.f_bavail) * static_cast<std::int64_t>(info.f_frsize);
}

// For the copy; and for the -wal, which holds each page that the steps touch until the next checkpoint.
void require_space(const Upgrade& at, std::span<const Migration> steps) {
  constexpr std::int64_t slack = 1 << 20;
  const std::int64_t size = at.writer.integer("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
  const bool touches_rows =
      std::any_of(steps.begin(), steps.end(), [](const Migration& step) { return step.touches_rows; });
  const std::int64_t needed = size + (touches_rows ? size + size / 2 : 0) + slack;
  const std::int64_t found = free_space(at.options, directory_of(at.paths.database));
  if (found >= needed) return;
  throw Failure(Code::disk_full, "migrating the file takes " + std::to_string(needed) +
                                     " bytes of free space in its directory, for the copy of the old file and for the "
                                     "-wal; there are " +
                                     std::to_string(found));
}

/// Whether a database was, in content, what this one has gone on from.
bool is_earlier_state(Connection& own, const std::string& copy, std::int64_t found) {
  try {
    Connection connection(file_uri(copy, "mode=ro&immutable=1"), SQLITE_OPEN_READONLY);
    const Landmark newest = read_origin(connection, Intent::read).newest;
    return schema_of(connection) == found && has_landmark(own, read_origin(own, Intent::read), newest);
  } catch (const Failure& failure) {
    if (failure.error().code == Code::no_memory) throw;
    return false;
  }
}

/// A file that is removed at the end unless it was renamed. One that a crash has left behind gives way.
class Unfinished {
 public:
  Unfinished(const std::string& copy, const struct stat& original) : path_(copy + "-new") {
    for (std::size_t i = 0; i < suffixes.size(); ++i) beside_[i] = path_ + suffixes[i];
    remove();
    const OwnDescriptor made(open_high(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    if (!made) throw Failure(errno_error(errno, "create the copy"));
    const bool same = ::fchmod(made.get(), original.st_mode & 0777) == 0 &&
                      (::geteuid() != 0 || ::fchown(made.get(), original.st_uid, original.st_gid) == 0);
    if (same) return;
    const int error = errno;
    remove();
    throw Failure(errno_error(error, "give the copy the file's mode and owner"));
  }
  ~Unfinished() { remove(); }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  void remove() noexcept {
    std::remove(path_.c_str());
    for (const std::string& path : beside_) std::remove(path.c_str());
  }
  static constexpr std::array suffixes{"-journal", "-wal", "-shm"};
  std::string path_;
  std::array<std::string, suffixes.size()> beside_;
};

/// Says about ten times how far it is.
class Told {
 public:
  explicit Told(const Options& options) : options_(options) {}
  void operator()(int done, int all) {
    const int tenth = static_cast<int>(std::int64_t{10} * done / std::max(all, 1));
    if (tenth == last_ || !options_.log) return;
    last_ = tenth;
    options_.log(LogLevel::info, "migration: copied " + std::to_string(done) + " of " + std::to_string(all) + " pages");
  }

 private:
  const Options& options_;
  int last_ = 0;
};

void tell(const Options& options, const std::string& line) {
  if (options.log) options.log(LogLevel::info, "migration: " + line);
}

// In the writer's transaction, so that the copy is what the steps begin with. On another connection, since SQLite
// copies nothing that a transaction is writing.
std::int64_t copy_aside(const Upgrade& at, const std::string& copy, std::int64_t found) {
  const BackupTarget target(copy, at.paths, at.patience);
  // Any other file may be the only one of its content.
  if (look(copy) && !is_earlier_state(at.writer, copy, found))
    throw Failure(Code::already_exists, "it holds what this file never held");
  const auto original = look(at.paths.database);
  if (!original) throw Failure(Code::moved, "the file was removed while it was migrated");
  const Unfinished unfinished(copy, *original);
  {
    Connection source(file_uri(at.paths.database, "mode=rw"), SQLITE_OPEN_READWRITE);
    source.configure();
    const Snapshot snapshot(source);
    Connection to(file_uri(unfinished.path(), ""), SQLITE_OPEN_READWRITE);
    to.execute("PRAGMA synchronous = OFF", "prepare the copy");  // flushed once, below
    Told told(at.options);
    copy_pages(source, to, at.patience, [&told](int done, int all) { told(done, all); });
    to.execute("PRAGMA journal_mode = DELETE", "detach the copy");
  }
  flush(open_file(unfinished.path()));
  const OwnDescriptor directory = open_directory_of(copy);
  target.take(unfinished.path());
  flush(directory);
  const auto made = look(copy);
  return made ? made->st_size : 0;
}

std::int64_t copy_or_explain(const Upgrade& at, const std::string& copy, std::int64_t found) {
  try {
    return copy_aside(at, copy, found);
  } catch (const Failure& failure) {
    const core::Error& error = failure.error();
    if (error.code != Code::already_exists && error.code != Code::invalid_argument) throw;
    throw Failure(Code::already_exists, "the file is copied to " + copy +
                                            " before it is migrated, and what is there is no earlier state of "
                                            "it: move it away (" +
                                            error.message + ")");
  }
}

/// Steps may sort more than fits into memory.
class TemporaryFiles {
 public:
  explicit TemporaryFiles(Connection& connection) : connection_(connection) {
    connection_.execute("PRAGMA temp_store = FILE", "configure the migration");
  }
  ~TemporaryFiles() { sqlite3_exec(connection_.handle(), "PRAGMA temp_store = MEMORY", nullptr, nullptr, nullptr); }
  TemporaryFiles(const TemporaryFiles&) = delete;
  TemporaryFiles& operator=(const TemporaryFiles&) = delete;

 private:
  Connection& connection_;
};

Migrated run(const Upgrade& at, std::int64_t found) {
  Migrated done{found, newest_schema()};
  const std::string copy = at.paths.database + ".schema" + std::to_string(found);
  refuse_long(copy, sizeof "-new" - 1);
  const Course course{[&] {
                        tell(at.options, "schema " + std::to_string(found) + " to " + std::to_string(done.to) +
                                             "; copying the file to " + copy);
                        done.copy_bytes = copy_or_explain(at, copy, found);
                      },
                      [&](std::int64_t version) {
                        at.patience.require("the migration was not done by the deadline");
                        tell(at.options, "step to schema " + std::to_string(version));
                      },
                      [&] { at.patience.require("the migration was not done by the deadline"); }};
  const TemporaryFiles temporary(at.writer);
  const bool own_file = at.writer.integer("PRAGMA application_id") == application_id;
  const TimeLimit limit(at.writer, at.patience);
  try {
    migrate(at.writer, found, migrations(), own_file, course);
  } catch (const Failure&) {
    if (limit.is_over()) throw Failure(limit.error("the migration was done"));
    throw;
  }
  const auto log = look(at.paths.wal);
  done.wal_bytes = log ? log->st_size : 0;
  tell(at.options, "done; the copy has " + std::to_string(done.copy_bytes) + " bytes, the -wal grew to " +
                       std::to_string(done.wal_bytes));
  return done;
}

}  // namespace

Migrated upgrade(const Upgrade& at) {
  require_known(at.writer, migrations());
  const std::int64_t found = schema_of(at.writer);
  const auto steps = steps_after(found);
  if (steps.empty()) return {found, found};
  require_allowed(at.options, found);
  refuse_shut_out(at.presence, steps);
  require_space(at, steps);
  try {
    return run(at, found);
  } catch (const Failure& failure) {
    if (failure.error().code != Code::busy) throw;
    throw Failure(Code::busy, schemas(found) + "; " + failure.error().message +
                                  ", and nothing has changed: migrate it with a longer timeout, before it is opened");
  }
}

void require_newest(Connection& connection) {
  require_known(connection, migrations());
  const std::int64_t found = schema_of(connection);
  if (found < newest_schema())
    throw Failure(Code::schema_too_old, schemas(found) + " and only reads: migrate it, or open it for writing");
}

}  // namespace tse::store::sqlite
