// What the store's tests share: a directory of their own, rows, child processes, and the sqlite3 shell as the
// foreign client.
#pragma once

#include "core/apply.hpp"
#include "coverage.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "unit/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace store_test {

using namespace tse;
using store::Store;
using store::sqlite::Mode;
using store::sqlite::Options;

/// A new directory, removed with all that is in it.
class TempDirectory {
 public:
  explicit TempDirectory(const std::string& parent = std::filesystem::temp_directory_path()) {
    std::string name = parent + "/taskstate-store-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    root_ = name;
  }
  ~TempDirectory() {
    std::error_code ignored;
    if (owner_ == ::getpid()) std::filesystem::remove_all(root_, ignored);
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  [[nodiscard]] std::string path(const std::string& name = "catalog.db") const { return root_ + "/" + name; }
  [[nodiscard]] const std::string& root() const { return root_; }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(root_)) found.push_back(entry.path().filename());
    std::sort(found.begin(), found.end());
    return found;
  }

 private:
  std::string root_;
  pid_t owner_ = ::getpid();
};

[[nodiscard]] inline store::Deadline in(std::chrono::milliseconds time = std::chrono::minutes(1)) {
  return std::chrono::steady_clock::now() + time;
}

[[nodiscard]] inline Options options(const std::string& path, Mode mode = Mode::create) {
  Options made;
  made.path = path;
  made.mode = mode;
  return made;
}

[[nodiscard]] inline std::unique_ptr<Store> open(const std::string& path, Mode mode = Mode::create) {
  return store::sqlite::open(options(path, mode), in());
}

/// What a change does.
using Act = std::function<void(store::Session&)>;

using Results = std::vector<std::optional<core::Error>>;

/// Commits the changes together; cancelled from the start, if the patience is.
inline Results commit(Store& store, std::span<const store::Change* const> changes,
                      const store::Patience& patience = in()) {
  std::vector<store::Change> all;
  for (const store::Change* each : changes) all.push_back(*each);
  Results results(all.size());
  std::stop_source stop;
  if (patience.cancelled && patience.cancelled()) stop.request_stop();
  try {
    store.commit(all, results, patience.until, stop.get_token());
  } catch (const core::Failure& failure) {
    results.assign(all.size(), failure.error());
  }
  return results;
}

/// Runs one change and returns its error, if any.
inline std::optional<core::Error> commit(Store& store, Act act, const store::Patience& patience = in()) {
  const store::Change change{std::move(act)};
  const store::Change* const changes[] = {&change};
  return commit(store, changes, patience).at(0);
}

/// The same; the test fails if the change does.
inline void must(Store& store, Act act) {
  const auto error = commit(store, std::move(act));
  BOOST_REQUIRE_MESSAGE(!error, (error ? error->message : std::string()));
}

[[nodiscard]] inline core::Row new_row(const std::string& zone, const std::string& id, std::int64_t now = 1'000'000) {
  core::NewTask spec;
  spec.zone_id = zone;
  spec.id = id;
  spec.operation = "create";
  spec.package_id = "pkg_1";
  core::Context context;
  context.now = now;
  const std::vector<std::string> operations{"create", "delete"};
  return std::get<core::Row>(
      core::create(spec, operations, {"/zones/{zone_id}/catalog_tasks/{task_id}", "status_url"}, context));
}

inline void create(Store& store, const std::string& zone, const std::string& id, std::int64_t now = 1'000'000) {
  must(store, [&](store::Session& session) { BOOST_REQUIRE(session.insert(new_row(zone, id, now), std::nullopt)); });
}

/// Reads, applies and replaces, as the engine does.
inline void change(Store& store, const core::Key& key, const core::Intent& intent, std::int64_t now = 2'000'000) {
  must(store, [&](store::Session& session) {
    const auto row = session.read(key);
    BOOST_REQUIRE(row);
    core::Context context;
    context.now = now;
    const auto steps = core::apply(*row, intent, context);
    BOOST_REQUIRE(std::holds_alternative<core::Steps>(steps));
    const core::Row* before = &*row;
    for (const core::Row& step : std::get<core::Steps>(steps)) {
      BOOST_REQUIRE((session.replace(*before, step) == store::Replaced::done));
      before = &step;
    }
  });
}

inline void keep_replay(store::Session& session, std::string_view zone, std::string_view key,
                        const core::Replay& replay) {
  session.set_replay(zone, key, &replay);
}

inline bool remove(store::Session& session, const core::Key& key, std::int64_t now) {
  return session.remove({key, now});
}
inline bool remove_ended(store::Session& session, const core::Key& key, const store::EndedQuery& query) {
  return session.remove({key, query.now, &query});
}

[[nodiscard]] inline bool has_expired(store::View& view, const store::Expiry& expiry) {
  return view.due({0, false, expiry}).expired;
}

/// How many tasks the filter lets through.
inline std::int64_t total(Store& store, store::PageQuery query, const store::Patience& patience) {
  query.limit = 0;
  query.from.reset();
  query.with_total = true;
  return store.page(query, patience).total;
}

/// All events of a task, oldest first.
[[nodiscard]] inline std::vector<core::Event> history(Store& store, const core::Key& key) {
  auto events = store.history(key, {}, 1000, in());
  std::reverse(events.begin(), events.end());
  return events;
}

inline void start(Store& store, const core::Key& key) { change(store, key, core::Start{}); }

inline void complete(Store& store, const core::Key& key) {
  core::Complete intent;
  intent.additions.install_id = "ins_1";
  change(store, key, intent);
}

inline void fail(Store& store, const core::Key& key) {
  core::Fail intent;
  intent.error_message = "It broke.";
  change(store, key, intent);
}

/// What the call throws; the test fails if it throws nothing.
[[nodiscard]] inline core::Error error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const core::Failure& failure) {
    return failure.error();
  }
  BOOST_FAIL("nothing was thrown");
  return {};
}
[[nodiscard]] inline core::Code code_of(const std::function<void()>& call) { return error_of(call).code; }

inline void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

[[nodiscard]] inline std::string read_file(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return std::move(content).str();
}

/// What the sqlite3 shell, a process of its own, prints for the SQL; errors included.
inline std::string shell(const std::string& path, const std::string& sql) {
  const TempDirectory scratch;
  write_file(scratch.path("in.sql"), ".timeout 60000\n" + sql + "\n");
  const std::string command =
      "sqlite3 '" + path + "' < " + scratch.path("in.sql") + " > " + scratch.path("out") + " 2>&1";
  [[maybe_unused]] const int status = std::system(command.c_str());
  std::string out = read_file(scratch.path("out"));
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

/// A child's exit status, or 128 and its signal.
inline int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Runs it in a forked child, which exits with its result, or with 99 for an exception.
inline pid_t spawn(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int status = 99;
  try {
    status = body();
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "child: %s\n", exception.what());
  }
  tse::test::write_coverage();
  ::_exit(status);
}
inline int in_child(const std::function<int()>& body) { return wait_for(spawn(body)); }

/// How many POSIX locks the process holds on the file; /proc/locks lists them with its inode.
[[nodiscard]] inline int locks_of(pid_t process, const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return -1;
  // Such locks have no owner but the open file: /proc/locks tells no process.
  const std::string inode = ":" + std::to_string(info.st_ino) + " ";
  int count = 0;
  for (const auto& open : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/fdinfo")) {
    std::ifstream lines(open.path());
    for (std::string line; std::getline(lines, line);)
      count += line.find("OFDLCK") != std::string::npos && line.find(inode) != std::string::npos ? 1 : 0;
  }
  return count;
}

}  // namespace store_test
