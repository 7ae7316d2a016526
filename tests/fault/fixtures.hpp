// The files that releases left, what is in them as text, and going on with them.
#pragma once

#include "support.hpp"
#include "unit/engine/history_of.hpp"
#include "unit/store/support.hpp"

#include <array>
#include <chrono>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace tse::test {

using namespace std::chrono_literals;
using store_test::read_file;
using store_test::write_file;

inline const std::filesystem::path fixtures = TSE_FIXTURES;

/// Schema versions that a release has had.
inline constexpr std::array released{2};

inline constexpr std::int64_t then = 1577470279117000;  // 2019-12-27T18:11:19.117Z

inline std::string fixture(int version, const std::string& name) {
  const TemporaryDirectory scratch;
  const std::string out = scratch.file("out");
  const std::string path = (fixtures / ("v" + std::to_string(version) + "-" + name)).string();
  if (std::system(("gzip -dc '" + path + "' > '" + out + "'").c_str()) != 0) throw std::runtime_error("gzip " + path);
  return read_file(out);
}

inline engine::Settings settings(std::int64_t now = then) {
  engine::Settings made = patient_settings();
  made.clock = [now] { return now; };
  made.boot_id = "fixture";
  made.tombstones = 24h;
  return made;
}

/// All that a host can read, as text.
inline std::string describe(engine::Engine& tasks) {
  std::ostringstream out;
  engine::ListQuery query;
  query.zone_id = "z";
  query.limit = 100;
  for (const core::Row& row : engine::list(tasks, query, patient()).rows) {
    out << row.body << "\n  revision " << row.revision << ", epoch " << row.epoch << ", attempt " << row.attempt
        << " of " << row.max_attempts << ", lease until " << row.lease_until.value_or(0) << " on "
        << row.lease_clock.value_or("-") << " by " << row.worker.value_or("-") << ", not before "
        << row.not_before.value_or(0) << ", start by " << row.start_by.value_or(0)
        << (row.cancel_requested ? ", to be cancelled" : "") << ", payload "
        << engine::payload(tasks, row.key(), patient()).value_or("-") << '\n';
    for (const core::Event& event : test::history_of(tasks, row.key(), patient()))
      out << "  " << event.revision << ' ' << event.kind << ' ' << event.at << ' ' << event.worker.value_or("-") << ' '
          << event.message.value_or("-") << '\n';
  }
  engine::ChangesQuery feed;
  feed.limit = 1000;
  for (const core::Event& event : engine::changes(tasks, feed, patient()).events)
    out << event.sequence << ' ' << event.key.id << ' ' << event.kind << '\n';
  return out.str();
}

/// A release's files, laid out as they were left.
struct Left {
  int version;
  std::string database, wal, content, token;
  bool hot;

  void put(const std::string& path, std::size_t sidecar) const {
    for (const char* suffix : {"-shm", "-taskstate", "-wal"}) std::filesystem::remove(path + suffix);
    write_file(path, database);
    if (hot) write_file(path + "-wal", wal);
    if (sidecar == 1) write_file(path + "-taskstate", std::string(4096, '\0'));
    if (sidecar == 2) write_file(path + "-taskstate", "");
  }
};

inline Left left_by(int version, bool hot) {
  Left left{version,
            fixture(version, hot ? "hot.db.gz" : "clean.db.gz"),
            {},
            fixture(version, "content.gz"),
            fixture(version, "token.gz"),
            hot};
  if (hot) left.wal = fixture(version, "hot.db-wal.gz");
  return left;
}

inline std::vector<std::string> problems_of(engine::Engine& tasks) { return engine::verify(tasks, patient()).problems; }

/// Goes on with the file; what is wrong, or nothing.
inline std::optional<std::string> go_on(engine::Engine& tasks, const std::string& token) {
  core::NewTask again = new_task("z", "another");
  again.payload = "payload";
  again.idempotency_key = "key";
  again.links = {{"/docs/1", "help", {}, {}, {}}};
  again.package_id = "pkg_1";
  if (!engine::create(tasks, again, patient()).replayed) return "the idempotency key is not known";
  try {
    engine::create(tasks, new_task("z", "purged"), patient());
    return "the id of a purged task is used again";
  } catch (const core::Failure& failure) {
    if (failure.error().code != core::Code::already_exists) throw;
  }
  if (engine::change_leased(tasks, token, complete_with("ins_9"), patient()).task.status != core::Status::completed)
    return "the lease's holder cannot complete its task";
  engine::ClaimSpec spec;
  spec.limit = 64;
  if (engine::claim(tasks, spec, patient()).size() != 2)
    return "other tasks are offered than the pending and the released one";
  engine::purge(tasks, {{}, std::chrono::microseconds(0), 0}, patient());
  if (const auto problems = problems_of(tasks); !problems.empty()) return problems.front();
  return std::nullopt;
}

}  // namespace tse::test
