// A host for tests: an engine on a file of its own, whose time stands still until it is told otherwise.
#pragma once

#include "unit/engine/decided.hpp"
#include "unit/engine/operations.hpp"
#include "unit/store/support.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tse::test {

inline constexpr std::int64_t host_birth = 1577470279117000;  // 2019-12-27T18:11:19.117Z
inline constexpr std::int64_t host_second = 1000000;

struct Host {
  store_test::TempDirectory directory;
  std::shared_ptr<std::atomic<std::int64_t>> now = std::make_shared<std::atomic<std::int64_t>>(host_birth);
  engine::Settings settings;
  engine::Engine::Ptr tasks;

  Host() {
    settings.timeout = std::chrono::minutes(1);  // however slow the machine is
    settings.clock = [now = now] { return now->load(); };
    open();
  }
  void open() {
    tasks.reset();
    tasks = another();
  }
  // Another process's engine on the same file, as far as the engine can tell.
  [[nodiscard]] engine::Engine::Ptr another() const {
    engine::Settings all = settings;
    // Of the file's settings, those of the test hold.
    all.reconfigure = settings.mode != engine::Mode::read_only;
    if (all.reconfigure) all.given = core::GivenSettings::all();
    return engine::Engine::open(directory.path(), all);
  }

  /// An empty id: one is to be made.
  static core::NewTask spec(const std::string& id, const std::string& zone = "z") {
    core::NewTask made;
    made.zone_id = zone;
    if (!id.empty()) made.id = id;
    made.operation = "create";
    made.package_id = "pkg_1";
    return made;
  }
  core::Row create(const std::string& id, const std::string& zone = "z") {
    return engine::create(*tasks, spec(id, zone), {}).row;
  }
  core::Row start(const std::string& id, const engine::Call& call = {}) {
    return engine::change(*tasks, {"z", id}, core::Start{}, call);
  }
  core::Row complete(const std::string& id, const engine::Call& call = {}) {
    core::Complete intent;
    intent.additions.install_id = "ins_1";
    return engine::change(*tasks, {"z", id}, intent, call);
  }
  core::Row fail(const std::string& id) {
    return engine::change(*tasks, {"z", id}, core::Fail{"It broke.", {}, {}}, {});
  }
  // A task that has ended.
  void completed(const std::string& id, const std::string& zone = "z") {
    create(id, zone);
    engine::change(*tasks, {zone, id}, core::Start{}, {});
    core::Complete intent;
    intent.additions.install_id = "ins_1";
    engine::change(*tasks, {zone, id}, intent, {});
  }
  [[nodiscard]] std::string verified() const {
    std::string problems;
    for (const std::string& problem : engine::verify(*tasks, {}).problems) problems += problem + '\n';
    return problems;
  }
  std::string shell(const std::string& sql) const { return store_test::shell(directory.path(), sql); }
};

inline std::string code_name(const std::function<void()>& call) {
  try {
    call();
    return "ok";
  } catch (const core::Failure& failure) {
    return std::string(to_string(failure.error().code));
  }
}

}  // namespace tse::test
