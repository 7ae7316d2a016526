// A host of one release, under load until its input ends; built once as this release and once as the release to come.
//   worker PATH NAME     says "ready" once it has the file open, and at its end how many requests it made and failed
//   worker PATH verify   says what is wrong with the file
#include "core/error.hpp"
#include "unit/engine/operations.hpp"

#include <poll.h>

#include <cstdio>
#include <string>

using namespace tse;

namespace {

engine::Call patient() {
  engine::Call call;
  call.timeout = std::chrono::minutes(2);
  return call;
}

bool is_asked_to_end() {
  pollfd input{0, POLLIN, 0};
  return ::poll(&input, 1, 0) > 0;
}

class Host {
 public:
  Host(engine::Engine& tasks, std::string name) : tasks_(tasks), name_(std::move(name)) {}

  void serve() {
    const std::string id = name_ + "-" + std::to_string(round_++);
    request([&] {
      core::NewTask spec;
      spec.zone_id = "z";
      spec.id = id;
      spec.operation = "create";
      spec.max_attempts = 3;
      spec.idempotency_key = "key of " + id;
      engine::create(tasks_, spec, patient());
    });
    request([&] { poll(id); });
    request([&] { work(); });
    request([&] { poll(id); });
    request([&] {
      engine::ListQuery query;
      query.zone_id = "z";
      engine::list(tasks_, query, patient());
    });
    request([&] {
      engine::ChangesQuery query;
      query.after = position_;
      position_ = engine::changes(tasks_, query, patient()).position;
    });
  }
  int report() const {
    std::printf("%zu %zu %s\n", requests_, failures_, first_.c_str());
    return 0;
  }

 private:
  template <class Request>
  void request(Request made) {
    ++requests_;
    try {
      made();
    } catch (const core::Failure& failure) {
      if (failures_++ == 0)
        first_ = std::string(core::to_string(failure.error().code)) + ": " + failure.error().message;
    }
  }
  void poll(const std::string& id) {
    engine::decide(tasks_, answer_, {"z", id}, {}, engine::Waiting::elsewhere, patient());
    if (answer_.status >= 400) throw core::Failure(core::Code::internal, "answered " + std::to_string(answer_.status));
  }
  // Of whichever release made it.
  void work() {
    engine::ClaimSpec what;
    what.filter.zones = {"z"};
    what.worker = name_;
    for (const auto& lease : engine::claim(tasks_, what, patient())) {
      engine::heartbeat(tasks_, lease.token, {}, {}, patient());
      core::Complete done;
      done.additions.install_id = "ins_1";
      engine::change_leased(tasks_, lease.token, done, patient());
    }
  }

  engine::Engine& tasks_;
  const std::string name_;
  core::Answer answer_;
  core::Text position_;
  std::size_t round_ = 0;
  std::size_t requests_ = 0;
  std::size_t failures_ = 0;
  std::string first_;
};

int run(const std::string& path, const std::string& name) {
  engine::Settings settings;
  settings.timeout = std::chrono::minutes(2);
  const engine::Engine::Ptr tasks = engine::Engine::open(path, settings);
  if (name == "verify") {
    for (const std::string& problem : engine::verify(*tasks, patient()).problems) std::printf("%s\n", problem.c_str());
    return 0;
  }
  std::printf("ready\n");
  std::fflush(stdout);
  Host host(*tasks, name);
  do host.serve();
  while (!is_asked_to_end());
  return host.report();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  try {
    return run(arguments[1], arguments[2]);
  } catch (const core::Failure& failure) {
    std::fprintf(stderr, "%s\n", failure.error().message.c_str());
    return 1;
  }
}
