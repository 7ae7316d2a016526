#include <taskstate/taskstate.hpp>

#include "walk.h"

int main() {
  static_assert(taskstate::can_transition(taskstate::Status::pending, taskstate::Status::running));
  taskstate::Engine tasks(":memory:");
  const auto task = tasks.create({.zone_id = "z1", .operation = "create", .package_id = "pkg_1"});
  if (tasks.decide("z1", task.id).status != 200) return 1;
  return walk(":memory:");
}
