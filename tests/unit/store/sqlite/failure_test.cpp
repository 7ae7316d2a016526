// A full disk, failing writes and failing fsyncs.
#include "unit/store/support.hpp"

#include "fault/failing_disk.hpp"
#include "fault/fault_vfs.hpp"
#include "store/sqlite/write_lock.hpp"

#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>

using namespace store_test;
using core::Code;
using core::Outcome;

BOOST_AUTO_TEST_SUITE(store_failure)

namespace {

struct Fixture {
  fault::Installed installed;
  TempDirectory directory;
  std::string path = directory.path();
  std::unique_ptr<Store> store = open(path);

  std::optional<core::Error> insert(const std::string& id, std::size_t payload = 0) {
    return commit(*store,
                  [&](store::Session& session) { session.insert(new_row("z", id), std::string(payload, 'x')); });
  }
  bool has(Store& in_store, const std::string& id) { return in_store.read({"z", id}, in()).has_value(); }
  /// What the sidecar says, docs/internals/file-format.md.
  bool is_in_doubt() const { return read_file(path + "-taskstate").at(28) != 0; }
  void sound() { BOOST_TEST(open(path)->verify(in()).problems.empty()); }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_full_disk_refuses_and_recovers, Fixture) {
  BOOST_TEST(!insert("before"));
  for (int after = 0; after < 12; ++after) {
    fault::set(fault::Operation::write, SQLITE_FULL, after);
    const auto error = insert("full", 100000);
    BOOST_REQUIRE(error);
    BOOST_TEST((error->code == Code::disk_full));
    BOOST_TEST((error->outcome == Outcome::not_done));
    BOOST_TEST(has(*store, "before"));
    BOOST_TEST(!has(*store, "full"));
    fault::set(fault::Operation::none);
    BOOST_TEST(!insert("room" + std::to_string(after)));
  }
  sound();
}

BOOST_FIXTURE_TEST_CASE(only_a_commit_that_must_reach_the_disk_is_flushed, Fixture) {
  const auto act = [](const char* id) {
    return [id](store::Session& session) { session.insert(new_row("z", id), std::nullopt); };
  };
  const auto flushes = [&](const std::vector<store::Change>& changes) {
    std::vector<const store::Change*> group;
    for (const store::Change& change : changes) group.push_back(&change);
    constexpr std::int64_t never = 1000000;
    fault::set(fault::Operation::sync, SQLITE_IOERR_FSYNC, never);
    for (const auto& result : commit(*store, group)) BOOST_TEST(!result);
    return fault::plan().calls.load();
  };
  using store::Durability;
  BOOST_TEST(!insert("first"));  // a log that begins anew is flushed once in any case
  BOOST_TEST(flushes({{act("a"), Durability::relaxed}, {act("b"), Durability::relaxed}}) == 0);
  BOOST_TEST(flushes({{act("c"), Durability::relaxed}, {act("d"), Durability::full}}) > 0);
  BOOST_TEST(flushes({{act("e"), Durability::full}}) > 0);
  BOOST_TEST(flushes({{act("f"), Durability::relaxed}}) == 0);
  fault::set(fault::Operation::none);
  for (const char* id : {"a", "b", "c", "d", "e", "f"}) BOOST_TEST(has(*store, id));
  sound();
}

BOOST_FIXTURE_TEST_CASE(a_failing_sync_at_commit_is_doubtful_and_final, Fixture) {
  BOOST_TEST(!insert("before"));
  fault::set(fault::Operation::sync, SQLITE_IOERR_FSYNC);
  const auto error = insert("doubtful");
  BOOST_REQUIRE(error);
  BOOST_TEST((error->code == Code::io_error));
  BOOST_TEST((error->outcome == Outcome::unknown));
  fault::set(fault::Operation::none);
  const auto later = insert("later");
  BOOST_REQUIRE(later);
  BOOST_TEST((later->code == Code::io_error));
  BOOST_TEST((later->outcome == Outcome::not_done));
  BOOST_TEST((code_of([&] { store->read({"z", "before"}, in()); }) == Code::io_error));
  BOOST_TEST((code_of([&] { store->answer({"z", "before"}, {}, in()); }) == Code::io_error));
  store->close();
  BOOST_TEST(is_in_doubt());

  const auto again = open(path);
  BOOST_TEST(!is_in_doubt());
  const bool there = has(*again, "doubtful");
  BOOST_TEST(has(*again, "before"));
  again->close();
  BOOST_TEST(has(*open(path), "doubtful") == there);
  sound();
}

BOOST_FIXTURE_TEST_CASE(a_failing_sync_at_opening_leaves_a_doubt, Fixture) {
  store->close();
  fault::set(fault::Operation::sync, SQLITE_IOERR_FSYNC);
  BOOST_TEST((code_of([&] { (void)open(path); }) == Code::io_error));
  BOOST_TEST(is_in_doubt());
  fault::set(fault::Operation::none);
  (void)open(path);
  BOOST_TEST(!is_in_doubt());
}

BOOST_FIXTURE_TEST_CASE(a_failing_write_at_commit_is_doubtful_and_final, Fixture) {
  fault::set(fault::Operation::write, SQLITE_IOERR_WRITE);
  const auto error = insert("doubtful");
  BOOST_REQUIRE(error);
  BOOST_TEST((error->code == Code::io_error));
  BOOST_TEST((error->outcome == Outcome::unknown));
  fault::set(fault::Operation::none);
  BOOST_TEST((insert("later")->code == Code::io_error));
  sound();
}

BOOST_FIXTURE_TEST_CASE(the_neighbours_of_a_change_that_fills_the_disk_are_carried_out, Fixture) {
  const std::string large(1000000, 'x');
  store.reset();
  store::sqlite::Options limited;
  limited.path = path;
  limited.max_bytes = 4000000;
  store = store::sqlite::open(limited, in());
  const store::Change small1{[&](store::Session& session) { session.insert(new_row("z", "small-1"), std::nullopt); }};
  const store::Change filling{[&](store::Session& session) {
    session.insert(new_row("z", "large"), std::nullopt);
    for (int i = 0; i < 24; ++i) session.insert(new_row("z", "large" + std::to_string(i)), large);
    BOOST_ERROR("the disk was not full");
  }};
  const store::Change small2{[&](store::Session& session) { session.insert(new_row("z", "small-2"), std::nullopt); }};
  const store::Change* const changes[] = {&small1, &filling, &small2};
  const auto results = commit(*store, changes);
  BOOST_TEST(!results[0]);
  BOOST_REQUIRE(results[1]);
  BOOST_TEST((results[1]->code == Code::disk_full));
  BOOST_TEST(!results[2]);
  BOOST_TEST(has(*store, "small-1"));
  BOOST_TEST(!has(*store, "large"));
  BOOST_TEST(has(*store, "small-2"));
  sound();
}

BOOST_FIXTURE_TEST_CASE(a_failing_sync_of_a_checkpoint_takes_nothing_back, Fixture) {
  int stored = 0;
  fault::set(fault::Operation::sync, SQLITE_IOERR_FSYNC, 0, -1, 1);  // the database alone, which only checkpoints sync
  for (; stored < 40; ++stored)
    if (insert("t" + std::to_string(stored), 200000)) break;
  BOOST_TEST(stored < 40);
  BOOST_TEST(fault::plan().calls > 0);
  fault::set(fault::Operation::none);
  store->close();
  const auto again = open(path);
  for (int i = 0; i < stored; ++i) BOOST_TEST(has(*again, "t" + std::to_string(i)));
  sound();
}

namespace {

/// Whether the write lock is held whenever anything is done to the database itself, which only checkpoints do.
class LockWatch final : public fault::Observer {
 public:
  explicit LockWatch(const std::string& path) {
    lock_.open(path + "-taskstate", path, 0600);
    fault::observe(this);
  }
  ~LockWatch() override { fault::observe(nullptr); }
  LockWatch(const LockWatch&) = delete;
  LockWatch& operator=(const LockWatch&) = delete;
  int looks = 0, free = 0;

 private:
  void wrote(int kind, std::int64_t, std::string_view) override { look(kind); }
  void truncated(int kind, std::int64_t) override { look(kind); }
  void synced(int kind) override { look(kind); }
  void look(int kind) {
    constexpr int database = 1;
    if (kind != database) return;
    ++looks;
    if (!lock_.try_lock()) return;
    ++free;
    lock_.unlock();
  }
  store::sqlite::WriteLock lock_;
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_checkpoint_is_made_under_the_write_lock, Fixture) {
  BOOST_TEST(!insert("first"));
  LockWatch watch(path);
  for (int i = 0; i < 40; ++i) BOOST_TEST(!insert("t" + std::to_string(i), 200000));
  const int while_writing = watch.looks;
  BOOST_TEST(while_writing > 0);
  store->close();
  open(path)->close();
  BOOST_TEST(watch.looks > while_writing);
  BOOST_TEST(watch.free == 0);
}

BOOST_FIXTURE_TEST_CASE(an_unreadable_page_is_an_error_and_no_more, Fixture) {
  BOOST_TEST(!insert("a"));
  store->close();
  const auto again = open(path);
  fault::set(fault::Operation::read, SQLITE_IOERR_READ);
  BOOST_TEST((code_of([&] { again->read({"z", "a"}, in()); }) == Code::io_error));
  fault::set(fault::Operation::none);
  BOOST_TEST(has(*again, "a"));
}

BOOST_FIXTURE_TEST_CASE(a_failing_step_of_opening_leaves_nothing_half_made, Fixture) {
  store->close();
  for (const auto operation : {fault::Operation::write, fault::Operation::sync})
    for (int after = 0;; ++after) {
      const TempDirectory fresh;
      const bool full = operation == fault::Operation::write;
      fault::set(operation, full ? SQLITE_FULL : SQLITE_IOERR_FSYNC, after, 1);
      try {
        open(fresh.path())->close();
      } catch (const core::Failure& failure) {
        BOOST_TEST((failure.error().code == (full ? Code::disk_full : Code::io_error)));
      }
      const bool reached = fault::plan().calls > after;
      fault::set(fault::Operation::none);
      BOOST_TEST(open(fresh.path())->verify(in()).problems.empty());
      if (!reached) break;
      BOOST_REQUIRE(after < 1000);
    }
}

// As if the process had been killed there: what was begun cannot be rolled back either.
BOOST_AUTO_TEST_CASE(a_creation_that_was_cut_short_anywhere_is_begun_anew) {
  const fault::FailingDisk disk;
  for (int after = 0;; ++after) {
    const TempDirectory fresh;
    fault::FailingDisk::fail(fault::Defect::error, after, -1);
    try {
      open(fresh.path())->close();
    } catch (const core::Failure& failure) {
      BOOST_TEST((failure.error().code == Code::io_error || failure.error().code == Code::unavailable));
    }
    fault::FailingDisk::heal();
    BOOST_TEST(open(fresh.path())->verify(in()).problems.empty());
    if (!fault::FailingDisk::has_failed()) break;
    BOOST_REQUIRE(after < 1000);
  }
}

namespace {

/// In a child with a mount namespace of its own; 77 if that is not permitted.
int on_small_disk(const std::string& mount_point, const std::function<int()>& body) {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", mount_point.c_str(), "tmpfs", 0, "size=2m") != 0)
    return 77;
  return body();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_really_full_disk, *boost::unit_test::precondition([](auto) { return ::geteuid() == 0; })) {
  const TempDirectory directory;
  const int status = in_child([&] {
    return on_small_disk(directory.root(), [&] {
      const auto store = open(directory.path());
      create(*store, "z", "before");
      int stored = 0;
      std::optional<core::Error> error;
      for (; !error && stored < 100; ++stored)
        error = commit(*store, [&](store::Session& session) {
          session.insert(new_row("z", "t" + std::to_string(stored)), std::string(100000, 'x'));
        });
      if (!error || error->code != Code::disk_full || error->outcome != Outcome::not_done) return 1;
      if (!store->read({"z", "before"}, in())) return 2;
      if (store->read({"z", "t" + std::to_string(stored - 1)}, in())) return 3;
      if (::mount("tmpfs", directory.root().c_str(), "tmpfs", MS_REMOUNT, "size=8m") != 0) return 4;
      if (commit(*store, [](store::Session& session) { session.insert(new_row("z", "room"), std::nullopt); })) return 5;
      return store->verify(in()).problems.empty() ? 0 : 6;
    });
  });
  BOOST_TEST((status == 0 || status == 77), "exit status " << status);
  if (status == 77) BOOST_TEST_MESSAGE("no mount namespace here");
}

/// Whether all is as it was told with so many pages left on the disk. 0, or the number of what is wrong.
int with_pages_left(const std::string& path, std::size_t pages) {
  const std::string filler = path + "-filler";
  const std::string id = "t" + std::to_string(pages);
  std::optional<core::Error> error;
  {
    std::ofstream out(filler, std::ios::binary);
    const std::string page(4096, 'x');
    while (out.write(page.data(), 4096).flush()) {
    }
  }
  const auto full = std::filesystem::file_size(filler) / 4096 * 4096;
  if (full < pages * 4096) return 1;
  std::filesystem::resize_file(filler, full - pages * 4096);
  try {
    const auto store = open(path);
    error = commit(*store, [&](store::Session& session) { session.insert(new_row("z", id), "payload"); });
  } catch (const core::Failure& failure) {
    error = failure.error();
  }
  std::filesystem::remove(filler);
  if (error && (error->code != Code::disk_full || error->outcome != Outcome::not_done)) return 2;
  const auto store = open(path);
  if (store->read({"z", id}, in()).has_value() == error.has_value()) return 3;
  if (pages == 0 && !error) return 4;
  if (pages >= 40 && error) return 5;
  return store->verify(in()).problems.empty() ? 0 : 6;
}

BOOST_AUTO_TEST_CASE(the_last_pages_of_a_disk, *boost::unit_test::precondition([](auto) { return ::geteuid() == 0; })) {
  const TempDirectory directory;
  const int status = in_child([&] {
    return on_small_disk(directory.root(), [&] {
      open(directory.path())->close();
      for (std::size_t pages = 0; pages <= 40; ++pages)
        if (const int wrong = with_pages_left(directory.path(), pages)) {
          std::fprintf(stderr, "%zu pages left\n", pages);
          return wrong;
        }
      return 0;
    });
  });
  BOOST_TEST((status == 0 || status == 77), "exit status " << status);
  if (status == 77) BOOST_TEST_MESSAGE("no mount namespace here");
}

BOOST_AUTO_TEST_SUITE_END()
