// What it takes to migrate a file of many tasks by a step that rewrites every one of them: time, memory, the -wal, the
// copy. Takes about three times the room of the file.
//   build/release/tests/bench_migration [TASKS [DIRECTORY]]     1000000 tasks in /tmp unless said otherwise
#include "fault/sql.hpp"
#include "fault/support.hpp"
#include "releases.hpp"

#include "engine/migrate.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <thread>

using namespace tse;
using namespace tse::test;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }
double mib(std::uintmax_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

std::uintmax_t size_of(const std::string& path) {
  std::error_code none;
  const std::uintmax_t size = std::filesystem::file_size(path, none);
  return none ? 0 : size;
}

/// Peak memory of this process, in KiB.
long high_water_mark() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::strtol(line.c_str() + 6, nullptr, 10);
  return 0;
}

/// As engines write them, but all at once. One in ten waits, the rest is completed.
void fill(const std::string& path, std::int64_t count) {
  {
    const As current(Release::current);
    (void)open(path);
  }
  sqlite3* database = nullptr;
  if (sqlite3_open(path.c_str(), &database) != SQLITE_OK) throw std::runtime_error("sqlite3_open");
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  const std::string n = std::to_string(count);
  const std::string rows = "WITH RECURSIVE r (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < " + n + ") ";
  const std::string time = "1577470279117000 + i * 1000";
  const std::string sql =
      "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA cache_size = "
      "-262144; BEGIN; "
      "INSERT INTO taskstate_tasks (seq, last_event, zone_id, id, created_at, operation, status, updated_at, "
      "install_id, "
      "body) " +
      rows + "SELECT i, i, 'zone-' || (i % 100), printf('%08x-0000-7000-8000-%012x', i, i), " + time +
      ", 'create', iif(i % 10 = 0, 'pending', 'completed'), " + time +
      ", iif(i % 10 = 0, NULL, 'ins_' || i), printf('{\"id\":\"%08x-0000-7000-8000-%012x\",\"created_at\":"
      "\"2019-12-27T18:11:19.117Z\",\"operation\":\"create\",\"status\":\"completed\",\"updated_at\":"
      "\"2019-12-27T18:11:19.117Z\",\"install_id\":\"ins_%d\"}', i, i, i) FROM r; "
      "INSERT INTO taskstate_events (seq, task_seq, zone_id, id, operation, kind, to_status, at, revision) " +
      rows +
      "SELECT i, i, 'zone-' || (i % 100), printf('%08x-0000-7000-8000-%012x', i, i), 'create', 'created', "
      "'pending', " +
      time + ", 1 FROM r; COMMIT; PRAGMA journal_mode = WAL;";
  char* message = nullptr;
  const int code = sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message);
  const std::string problem = message != nullptr ? message : "";
  sqlite3_free(message);
  sqlite3_close(database);
  if (code != SQLITE_OK) throw std::runtime_error(problem);
}

int migrate_and_tell(const std::string& path) {
  std::map<std::string, Clock::time_point> times;
  engine::Settings settings = patient_settings();
  settings.log_level = engine::LogLevel::info;
  settings.log_callback = [&](engine::LogLevel, std::string_view line) {
    for (const char* const event : {"copying", "step to", "done"})
      if (line.find(event) != std::string_view::npos) times.emplace(event, Clock::now());
  };
  const Clock::time_point begin = Clock::now();
  const long before = high_water_mark();
  const engine::Migrated done = engine::migrate(path, settings, {});
  const double all = seconds_since(begin);
  const auto between = [&](const char* from, const char* to) {
    return std::chrono::duration<double>(times.at(to) - times.at(from)).count();
  };
  std::printf("copy: %.1f s for %.0f MiB\n", between("copying", "step to"),
              mib(static_cast<std::uintmax_t>(done.copy_bytes)));
  std::printf("step and commit: %.1f s; -wal: %.0f MiB\n", between("step to", "done"),
              mib(static_cast<std::uintmax_t>(done.wal_bytes)));
  std::printf("all, with the -wal moved into the file: %.1f s\n", all);
  std::printf("peak memory (VmHWM): %.1f MiB, of which %.1f before\n",
              mib(static_cast<std::uintmax_t>(high_water_mark()) << 10),
              mib(static_cast<std::uintmax_t>(before) << 10));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t count = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
  const TemporaryDirectory directory(argc > 2 ? argv[2] : "/tmp");
  const std::string path = directory.file("tasks.db");
  Clock::time_point begin = Clock::now();
  if (const int code = wait_for(spawn([&] { return fill(path, count), 0; })); code != 0) return code;
  std::printf("%lld tasks: file of %.0f MiB, made in %.1f s\n", static_cast<long long>(count), mib(size_of(path)),
              seconds_since(begin));
  std::fflush(stdout);
  const pid_t child = spawn([&] {
    const int code = migrate_and_tell(path);
    std::fflush(stdout);
    return code;
  });
  std::uintmax_t wal = 0;
  std::uintmax_t shm = 0;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    wal = std::max(wal, size_of(path + "-wal"));
    shm = std::max(shm, size_of(path + "-shm"));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  std::printf("at most: -wal %.0f MiB, -shm %.1f MiB; the file is now %.0f MiB\n", mib(wal), mib(shm),
              mib(size_of(path)));
  const auto left = run_sql(path, "SELECT count(*) FROM taskstate_tasks WHERE flavour IS NULL");
  if (status != 0 || left != 0) return std::printf("not migrated: %lld rows\n", static_cast<long long>(left)), 1;
  return 0;
}
