// The error that an expression throws, so that a test can look at all of it.
#pragma once

#include <boost/test/unit_test.hpp>
#include <taskstate/error.hpp>

namespace taskstate_test {

template <typename Function>
[[nodiscard]] taskstate::Error error_of(Function function) {
  try {
    function();
  } catch (const taskstate::Error& error) {
    return error;
  }
  BOOST_FAIL("nothing was thrown");
  throw 0;
}

}  // namespace taskstate_test
