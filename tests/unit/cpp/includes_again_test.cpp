// The second file that includes everything; see includes_test.cpp.
#include "unit/cpp/includes.hpp"

#include <taskstate/taskstate.hpp>

namespace taskstate_test {

const std::error_category* category_elsewhere() {
  // Instantiates the whole interface here too, so that a definition that is not inline would clash.
  const taskstate::Engine tasks(":memory:");
  return tasks.verify().ok ? &taskstate::error_category() : nullptr;
}

}  // namespace taskstate_test
