// Shared by the two files of the inclusion test.
#pragma once

#include <system_error>

namespace taskstate_test {

const std::error_category* category_here();
const std::error_category* category_elsewhere();

}  // namespace taskstate_test
