// What tests/bench/instructions counts: so many lone changes, or status answers, through the C++ API on a small file.
//   build/release/tests/bench_instructions FILE create|start|complete|hit COUNT
// "start" creates as many tasks first, and "complete" starts them, too.
#include <taskstate/taskstate.hpp>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

int main(int count, char** arguments) {
  if (count != 4) return 2;
  const std::string what = arguments[2];
  const int changes = std::atoi(arguments[3]);
  taskstate::Options options;
  options.housekeeping = std::chrono::microseconds(0);
  taskstate::Engine tasks(arguments[1], options);
  std::vector<std::string> ids;
  for (int i = 0; i < changes; ++i) {
    taskstate::NewTask task;
    task.zone_id = "z1";
    task.operation = "create";
    task.package_id = "pkg_1";
    ids.push_back(tasks.create(task).id);
    if (what == "hit") break;
  }
  if (what == "hit")
    for (int i = 0; i < changes; ++i)
      if (tasks.decide("z1", ids.front()).status != 200) return 1;
  if (what == "start" || what == "complete")
    for (const std::string& id : ids) tasks.start("z1", id);
  if (what == "complete")
    for (const std::string& id : ids) tasks.complete("z1", id, {.install_id = "ins_1"});
  return 0;
}
