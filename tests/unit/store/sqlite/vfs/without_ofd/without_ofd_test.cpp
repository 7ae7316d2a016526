// A kernel or sandbox without OFD locks: the engine works with SQLite's own VFS, and says so.
#include "unit/store/sqlite/vfs/support.hpp"
#include "unit/store/sqlite/vfs/system_calls.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>

#include <cerrno>
#include <cstdlib>

using namespace tse;
using namespace tse::test;
namespace vfs = tse::store::sqlite::vfs;

namespace {

// Before anything asks whether there are any.
struct Refused {
  Refused() { refuse_ofd_locks(); }
};
BOOST_TEST_GLOBAL_FIXTURE(Refused);

}  // namespace

BOOST_AUTO_TEST_SUITE(without_ofd)

BOOST_AUTO_TEST_CASE(the_kernel_refuses_them) {
  const TemporaryDirectory directory;
  const int descriptor = ::open(directory.file("x").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  BOOST_TEST(::fcntl(descriptor, F_OFD_SETLK, &lock) == -1);
  BOOST_TEST(errno == EINVAL);
  BOOST_TEST(::fcntl(descriptor, F_SETLK, &lock) == 0);
  ::close(descriptor);
}

BOOST_AUTO_TEST_CASE(sqlites_own_vfs_is_used) {
  BOOST_TEST((vfs::locks() == vfs::Locks::posix));
  BOOST_TEST(vfs::name() == nullptr);
}

BOOST_AUTO_TEST_CASE(the_engine_works_and_warns) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  std::string logged;
  engine::Settings settings = patient_settings();
  settings.log_callback = [&](engine::LogLevel level, std::string_view line) {
    if (level == engine::LogLevel::warn) logged += line;
  };
  const engine::Engine::Ptr tasks = engine::Engine::open(path, settings);
  engine::create(*tasks, new_task("z", "t"), patient());
  engine::change(*tasks, {"z", "t"}, core::Start{}, patient());
  BOOST_TEST(engine::get(*tasks, {"z", "t"}, patient())->revision == 2);
  BOOST_TEST(logged.find("open file description locks") != std::string::npos, logged);
  BOOST_TEST(engine::stats(*tasks, {}, patient()).store.locks == "posix");
  const auto locks = locks_on(path);
  BOOST_TEST(!locks.empty());  // SQLite's own
  BOOST_TEST(elsewhere(path, "SELECT count(*) FROM taskstate_tasks; PRAGMA integrity_check", 10000) == "1\nok");
  BOOST_TEST(engine::verify(*tasks, patient()).problems.empty());
}

BOOST_AUTO_TEST_CASE(processes_take_turns) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tasks.db");
  engine::create(*open(path), new_task("z", "first"), patient());
  std::vector<pid_t> children;
  for (int id = 0; id < 3; ++id) {
    children.push_back(spawn([&] {
      const engine::Engine::Ptr own = open(path);
      for (int i = 0; i < 30; ++i)
        engine::create(*own, new_task("z", std::to_string(id) + "-" + std::to_string(i)), patient());
      return 0;
    }));
  }
  for (const pid_t child : children) BOOST_TEST(wait_for(child) == 0);
  BOOST_TEST(elsewhere(path, "SELECT count(*) FROM taskstate_tasks; PRAGMA integrity_check", 10000) == "91\nok");
}

BOOST_AUTO_TEST_SUITE_END()
