// Whether the files are still those that were opened: for writers and readers, and where the system refuses a look.
#include "unit/store/support.hpp"

#include "store/sqlite/identity.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <thread>

using namespace store_test;
using core::Code;
using store::sqlite::Identity;
using store::sqlite::Standing;
using namespace std::chrono_literals;

namespace {

/// From now on the kernel refuses these calls to the process, as a sandbox does.
void refuse(const std::vector<int>& calls, int error) {
  std::vector<sock_filter> program;
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (const int call : calls) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    throw std::runtime_error("no seccomp");
}

const std::vector<int> statx_only{SYS_statx};
const std::vector<int> all_by_path{
    SYS_statx,
#ifdef SYS_newfstatat
    SYS_newfstatat,
#endif
#ifdef SYS_stat
    SYS_stat,
    SYS_lstat,
#endif
};

/// Root of a namespace of its own, where the process is not root already.
void become_root() {
  if (::geteuid() == 0) return;
  if (::unshare(CLONE_NEWUSER) != 0) throw std::runtime_error("no user namespace");
}

std::string name_of(const std::optional<core::Error>& error) {
  return error ? std::string(core::to_string(error->code)) : "ok";
}
std::string change(Store& store, const std::string& id) {
  return name_of(commit(store, [&](store::Session& session) { session.insert(new_row("z", id), std::nullopt); }));
}
std::string read(Store& store, const std::string& id = "a") {
  try {
    return store.read({"z", id}, in()) ? "ok" : "nothing";
  } catch (const core::Failure& failure) {
    return std::string(core::to_string(failure.error().code));
  }
}

/// What `body` says in a child process that has the file open; its first line.
std::string in_child(const TempDirectory& directory, const std::function<std::string(Store&)>& body) {
  const std::string said = directory.path("said");
  const int descriptor = ::open(said.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const int status = wait_for(spawn([&] {
    const auto store = open(directory.path());
    create(*store, "z", "a");
    read(*store);  // with a connection that stays
    const std::string text = body(*store);
    if (::write(descriptor, text.data(), text.size()) < 0) return 1;
    ::_exit(0);  // no closing: only what is said counts
  }));
  ::close(descriptor);
  return status == 0 ? read_file(said) : "exit " + std::to_string(status);
}

void replace(const std::string& path) {
  std::filesystem::copy_file(path, path + ".copy");
  std::filesystem::rename(path + ".copy", path);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_identity)

BOOST_AUTO_TEST_CASE(a_file_that_comes_later_is_known_from_then_on) {
  const TempDirectory directory;
  write_file(directory.path(), "database");
  Identity identity;
  identity.record(store::sqlite::resolve(directory.path()));
  BOOST_TEST((identity.look() == Standing::same));
  write_file(directory.path() + "-wal", "log");
  BOOST_TEST((identity.look() == Standing::same));
  std::filesystem::remove(directory.path() + "-wal");
  BOOST_TEST((identity.look() == Standing::moved));
}

// Within the same tick of the kernel's clock the directory's time says nothing.
BOOST_AUTO_TEST_CASE(what_happens_right_after_a_look_is_seen) {
  const TempDirectory directory(std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp");
  for (int i = 0; i < 200; ++i) {
    const std::string path = directory.path(std::to_string(i));
    for (const char* suffix : {"", "-wal", "-new"}) write_file(path + suffix, "one");
    Identity identity;
    identity.record(store::sqlite::resolve(path));
    BOOST_TEST((identity.look() == Standing::same));
    std::filesystem::rename(path + "-new", path + "-wal");
    BOOST_REQUIRE((identity.look() == Standing::moved));
  }
}

BOOST_AUTO_TEST_CASE(a_second_link_of_the_log_elsewhere_is_seen_within_a_second) {
  const TempDirectory directory, elsewhere;
  const auto store = open(directory.path());
  create(*store, "z", "a");
  std::this_thread::sleep_for(50ms);
  BOOST_TEST(change(*store, "b") == "ok");
  std::filesystem::create_hard_link(directory.path() + "-wal", elsewhere.path("link"));
  std::this_thread::sleep_for(1050ms);
  BOOST_TEST(change(*store, "c") == "moved");
}

BOOST_AUTO_TEST_CASE(a_reader_notices_each_of_the_files) {
  for (const char* suffix : {"", "-wal", "-shm", "-taskstate"}) {
    const TempDirectory directory;
    const auto writer = open(directory.path());
    create(*writer, "z", "a");
    const auto reader = open(directory.path(), Mode::read_only);
    BOOST_TEST(read(*reader) == "ok");
    replace(directory.path() + suffix);
    std::this_thread::sleep_for(1050ms);
    BOOST_TEST(read(*reader) == "moved", suffix);
  }
}

BOOST_AUTO_TEST_CASE(statx_refused_is_done_another_way) {
  for (const int error : {EPERM, ENOSYS, EACCES}) {
    const TempDirectory directory;
    const std::string said = in_child(directory, [&](Store& store) {
      refuse(statx_only, error);
      std::string all = change(store, "b") + " " + change(store, "c");
      std::this_thread::sleep_for(1050ms);
      all += " " + read(store);
      replace(directory.path());
      return all + " " + change(store, "d");
    });
    BOOST_TEST(said == "ok ok ok moved");
  }
}

BOOST_AUTO_TEST_CASE(every_look_by_path_refused_says_nothing_of_files_that_did_not_move) {
  for (const int error : {EPERM, ENOSYS}) {
    const TempDirectory directory;
    const std::string said = in_child(directory, [&](Store& store) {
      refuse(all_by_path, error);
      std::string all = change(store, "b");
      std::this_thread::sleep_for(1050ms);
      all += " " + read(store);
      write_file(directory.path("other"), "moves the directory's time");
      all += " " + change(store, "c");
      return all + " " + change(store, "d");
    });
    // Who may not look cannot tell what became of the names: that is said, and not that they moved.
    const std::string refused = error == EPERM ? "access_denied" : "unsupported";
    BOOST_TEST(said == "ok ok " + refused + " " + refused);
  }
}

BOOST_AUTO_TEST_CASE(and_says_moved_where_the_file_itself_tells_it) {
  const TempDirectory directory;
  const std::string said = in_child(directory, [&](Store& store) {
    refuse(all_by_path, EPERM);
    std::string all = change(store, "b");
    ::rename((directory.path() + "-taskstate").c_str(), directory.path().c_str());
    return all + " " + change(store, "c");
  });
  BOOST_TEST(said == "ok moved");
}

BOOST_AUTO_TEST_CASE(what_was_refused_is_not_final) {
  const TempDirectory directory;
  Identity identity;
  write_file(directory.path(), "database");
  identity.record(store::sqlite::resolve(directory.path()));
  // A directory that this user may not search, for as long as it is so.
  const int status = wait_for(spawn([&] {
    become_root();
    if (::geteuid() == 0 && ::chown(directory.root().c_str(), 0, 0) != 0) return 2;
    const auto look = [&] {
      const Standing standing = identity.look();
      return standing == Standing::same ? 's' : standing == Standing::moved ? 'm' : 'u';
    };
    ::chmod(directory.root().c_str(), 0700);
    std::string all{look()};
    if (::seteuid(65534) != 0) return 3;
    all += look();  // nothing moved, as the directory's time says
    if (::seteuid(0) != 0) return 3;
    write_file(directory.path("other"), "x");
    if (::seteuid(65534) != 0) return 3;
    all += look();
    if (all.back() == 'u' && identity.refusal().code != Code::access_denied) return 4;
    if (::seteuid(0) != 0) return 3;
    all += look();
    return all == "ssus" ? 0 : 1;
  }));
  BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_CASE(after_chroot_the_files_are_looked_at_where_they_were) {
  for (const bool replaced : {false, true}) {
    const TempDirectory directory, root;
    const std::string said = in_child(directory, [&](Store& store) {
      become_root();
      const int inside = ::open(directory.root().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
      if (::chroot(root.root().c_str()) != 0 || ::chdir("/") != 0) return std::string("no chroot");
      std::string all = change(store, "b");
      std::this_thread::sleep_for(1050ms);
      all += " " + read(store);
      if (replaced) ::renameat(inside, "catalog.db-taskstate", inside, "catalog.db-wal");
      return all + " " + change(store, "c");
    });
    BOOST_TEST(said == (replaced ? "ok ok moved" : "ok ok ok"));
  }
}

BOOST_AUTO_TEST_CASE(the_host_may_close_every_descriptor) {
  const TempDirectory directory;
  write_file(directory.path(), "database");
  Identity identity;
  identity.record(store::sqlite::resolve(directory.path()));
  const int status = wait_for(spawn([&] {
    for (int each = 3; each < 64; ++each) ::close(each);
    for (int each = 3; each < 32; ++each) (void)!::open("/dev/null", O_RDONLY);
    if (identity.look() != Standing::same) return 1;
    refuse(all_by_path, EPERM);
    if (identity.look() != Standing::unknown) return 2;
    identity.close();
    return ::fcntl(3, F_GETFD) >= 0 ? 0 : 3;  // it is the host's
  }));
  BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_SUITE_END()
