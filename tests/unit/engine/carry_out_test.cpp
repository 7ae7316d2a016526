// Rows that read as they cannot be found by: no change goes on for ever, and each says that the file is damaged.
#include "unit/engine/host.hpp"

using namespace tse;
using namespace tse::test;

namespace {

struct Fixture : Host {
  Fixture() { create("a"); }

  /// What STRICT, the triggers and the CHECKs keep away.
  void damage(const std::string& sql) {
    tasks.reset();
    shell(
        ".dbconfig defensive off\n.dbconfig enable_trigger off\n.dbconfig writable_schema on\n"
        "UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE name = 'taskstate_tasks';");
    BOOST_REQUIRE_EQUAL(shell(".output /dev/null\n.dbconfig enable_trigger off\nPRAGMA ignore_check_constraints = ON;\n"
                              ".output stdout\n" +
                              sql + "SELECT changes();"),
                        "1");
    open();
  }
  std::string claiming() {
    return code_name([&] { engine::claim(*tasks, {}, {}); });
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(carry_out, Fixture)

BOOST_AUTO_TEST_CASE(a_task_that_cannot_be_replaced_is_not_tried_for_ever) {
  damage("UPDATE taskstate_tasks SET version = version || 'x';");
  BOOST_TEST(code_name([&] { start("a"); }) == "corrupt");
  BOOST_TEST(claiming() == "corrupt");
}

BOOST_AUTO_TEST_CASE(a_task_that_is_offered_but_not_there_is_corrupt) {
  damage("UPDATE taskstate_tasks SET id = CAST(id AS BLOB);");
  BOOST_TEST(claiming() == "corrupt");
}

BOOST_AUTO_TEST_SUITE_END()
