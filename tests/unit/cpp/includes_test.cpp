// With includes_again_test.cpp: everything may be included by several files of one program.
#include <taskstate.h>
#include <taskstate/taskstate.hpp>
// Twice on purpose.
#include <taskstate.h>
#include <taskstate/taskstate.hpp>

#include "unit/cpp/includes.hpp"

#include <boost/test/unit_test.hpp>

#include <type_traits>

static_assert(std::is_nothrow_move_constructible_v<taskstate::Engine>);
static_assert(std::is_nothrow_move_assignable_v<taskstate::Engine>);
static_assert(!std::is_copy_constructible_v<taskstate::Engine>);
static_assert(!std::is_copy_assignable_v<taskstate::Engine>);
static_assert(std::is_nothrow_copy_constructible_v<taskstate::Error>);

namespace taskstate_test {

const std::error_category* category_here() { return &taskstate::error_category(); }

}  // namespace taskstate_test

BOOST_AUTO_TEST_SUITE(includes)

BOOST_AUTO_TEST_CASE(two_files_share_one_error_category) {
  BOOST_TEST(taskstate_test::category_here() == taskstate_test::category_elsewhere());
}

BOOST_AUTO_TEST_SUITE_END()
