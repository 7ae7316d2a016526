// Another program on the host's file: creates a task that the host itself would not have made.
//   foreign_task FILE ZONE INSTALL|"" PAYLOAD     prints the task's id
#include <taskstate/taskstate.hpp>

#include <iostream>
#include <string>

int main(int count, char** words) {
  if (count != 5) return 2;
  taskstate::Engine tasks(words[1]);
  taskstate::NewTask task{.zone_id = words[2], .operation = "create", .package_id = "p", .payload = words[4]};
  if (*words[3] != '\0') task.install_id = words[3];
  std::cout << tasks.create(task).id;
  return 0;
}
