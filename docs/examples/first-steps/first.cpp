#include <taskstate/taskstate.hpp>

#include <iostream>

int main() {
  taskstate::Engine tasks("catalog.db");
  const auto task = tasks.create({.zone_id = "z1", .operation = "create", .package_id = "pkg_1"});
  std::cout << tasks.accept(task).status << '\n';  // 202, Location of the status, the task
  tasks.start("z1", task.id);
  tasks.complete("z1", task.id, {.install_id = "ins_1"});
  const auto answer = tasks.decide("z1", task.id);
  std::cout << answer.status << ' ' << *answer.header("Location") << '\n';  // 303 /zones/z1/installs/ins_1
}
