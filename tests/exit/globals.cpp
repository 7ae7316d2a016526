// The most natural C++ host: a global engine and a global lease. They are made before main(), maybe before the static
// library's own globals, and destroyed after it, in whatever order.
#include <taskstate/taskstate.hpp>

#include "capi/check.h"

#include "child.h"

#include <optional>
#include <string>

namespace {

using namespace std::string_literals;

bool is_child() { return std::getenv("TSE_EXIT_PATH") != nullptr; }

std::string where() {
  const char* path = std::getenv("TSE_EXIT_PATH");
  return path == nullptr ? ":memory:" : path;
}

// What a change says to a closed engine, asked before main().
struct Early {
  Early() {
    taskstate::Engine engine(":memory:");
    engine.close();
    try {
      engine.create({.zone_id = "z", .operation = "create"});
    } catch (const taskstate::Error& error) {
      said = error.what();
      closed = error.code() == taskstate::Errc::closed;
    }
  }
  std::string said;
  bool closed = false;
};

const Early early;
taskstate::Engine tasks(where());
std::optional<taskstate::Lease> lease;

int child() {
  tasks.create({.zone_id = "z", .id = "t", .operation = "create", .max_attempts = 2});
  if (auto claimed = tasks.claim({.worker = "w"})) lease.emplace(std::move(*claimed));
  std::printf("holds %d", lease ? 1 : 0);
  std::fflush(stdout);
  return 0;
}

}  // namespace

int main() {
  if (is_child()) return child();
  CHECK(early.closed);
  CHECK(early.said.find("the engine is closed") != std::string::npos);
  const std::string path = fresh_directory() + "/globals.db"s;
  ::setenv("TSE_EXIT_PATH", path.c_str(), 1);
  char said[256];
  CHECK(run_child("global", path.c_str(), said, sizeof said) == 0);
  CHECK(said == "holds 1"s);
  {
    // The lease was released by its destructor: nobody has to wait until it runs out.
    taskstate::Engine engine(path);
    const auto again = engine.claim({.worker = "w2"});
    CHECK(again && again->attempt() == 2);
    bool released = false;
    for (const auto& event : engine.history("z", "t").events) released = released || event.kind == "released";
    CHECK(released);
  }
  remove_directory(path.substr(0, path.rfind('/')).c_str());
  return finish("globals");
}
