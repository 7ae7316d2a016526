// The main function of every Boost.Test program.
#include <boost/test/unit_test.hpp>

int main(int count, char** words) {
  const auto name_suite = [] {
    boost::unit_test::framework::master_test_suite().p_name.value = "taskstate";
    return true;
  };
  return boost::unit_test::unit_test_main(name_suite, count, words);
}
