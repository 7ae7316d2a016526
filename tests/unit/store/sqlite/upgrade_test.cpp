// The file of an older release: who may migrate it, when, and what lies beside it afterwards.
#include "releases.hpp"
#include "unit/store/support.hpp"

#include "store/sqlite/connection.hpp"
#include "store/sqlite/migrate.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <csignal>

using namespace store_test;
using core::Code;
using store::sqlite::Migrate;
using store::sqlite::migrate_file;
using store::sqlite::Migrated;
using tse::test::As;
using tse::test::Release;

BOOST_AUTO_TEST_SUITE(upgrade_suite)

namespace {

/// A closed file of schema 2 with a task in it.
struct Older {
  TempDirectory directory;
  std::string path = directory.path();
  std::string copy = path + ".schema2";
  Older() { create(*store_test::open(path), "z", "a"); }

  [[nodiscard]] std::string schema() const { return shell(path, "SELECT schema FROM taskstate_meta"); }
  [[nodiscard]] Options with(Migrate migrate) const {
    Options made = options(path);
    made.migrate = migrate;
    return made;
  }
  [[nodiscard]] core::Error refused(const Options& chosen, const store::Patience& patience = in()) const {
    return error_of([&] { (void)store::sqlite::open(chosen, patience); });
  }
  void require_untouched() const {
    BOOST_TEST(schema() == "2");
    BOOST_TEST(!std::filesystem::exists(copy));
    BOOST_TEST(!std::filesystem::exists(copy + "-new"));
  }
};

bool names(const core::Error& error, const std::string& what) { return error.message.find(what) != std::string::npos; }

/// A process that has the file open, until it goes.
class Neighbour {
 public:
  explicit Neighbour(const std::string& path, Mode mode = Mode::create) {
    if (::pipe(told_) != 0 || ::pipe(end_) != 0) throw std::runtime_error("pipe");
    process_ = spawn([&] {
      const auto store = store_test::open(path, mode);
      char byte = 'x';
      if (::write(told_[1], &byte, 1) != 1) return 1;
      ::close(end_[1]);
      return static_cast<int>(::read(end_[0], &byte, 1));
    });
    char byte = 0;
    ::close(told_[1]);
    if (::read(told_[0], &byte, 1) != 1) throw std::runtime_error("the neighbour failed");
  }
  ~Neighbour() {
    ::close(end_[1]);
    BOOST_TEST(wait_for(process_) == 0);
    ::close(end_[0]);
    ::close(told_[0]);
  }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;
  [[nodiscard]] std::string process() const { return "process " + std::to_string(process_) + " "; }

 private:
  int told_[2]{};
  int end_[2]{};
  pid_t process_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_older_file_is_migrated_by_opening_it) {
  const Older older;
  std::filesystem::permissions(older.path, std::filesystem::perms(0640));
  const As next(Release::breaking);
  std::vector<std::string> log;
  Options chosen = options(older.path);
  chosen.log = [&](store::sqlite::LogLevel, const std::string& line) { log.push_back(line); };
  const auto store = store::sqlite::open(chosen, in());
  BOOST_TEST(older.schema() == "3");
  BOOST_TEST(shell(older.path, "SELECT flavour FROM taskstate_tasks") == "flavour of a");
  BOOST_TEST(shell(older.copy, "SELECT schema FROM taskstate_meta; SELECT id FROM taskstate_tasks") == "2\na");
  BOOST_TEST((std::filesystem::status(older.copy).permissions() == std::filesystem::perms(0640)));
  BOOST_TEST(!std::filesystem::exists(older.copy + "-new"));
  create(*store, "z", "b");
  const auto told = [&](const std::string& what) {
    return std::any_of(log.begin(), log.end(), [&](const auto& line) { return line.find(what) != std::string::npos; });
  };
  BOOST_TEST(told(older.copy));
  BOOST_TEST(told("step to schema 3"));
  BOOST_TEST(told("the -wal grew to"));
}

BOOST_AUTO_TEST_CASE(the_copy_is_the_file_as_it_was) {
  const Older older;
  const std::string before = shell(older.path, ".dump");
  const std::string generation = shell(older.path, "SELECT generation FROM taskstate_meta");
  {
    const As next(Release::breaking);
    BOOST_TEST(migrate_file(options(older.path), in()).to == 3);
  }
  BOOST_TEST(shell(older.copy, ".dump") == before);
  BOOST_TEST(shell(older.path, "SELECT generation FROM taskstate_meta") == generation);
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(older.path + suffix);
  std::filesystem::rename(older.copy, older.path);  // back to the old release
  const auto store = store_test::open(older.path);
  BOOST_TEST(store->read({"z", "a"}, in()).has_value());
  BOOST_TEST(store->content().generation == generation);
}

BOOST_AUTO_TEST_CASE(by_hand_it_says_what_to_do_and_the_operation_does_it) {
  const Older older;
  const As next(Release::additive);
  const core::Error error = older.refused(older.with(Migrate::manual));
  BOOST_TEST((error.code == Code::schema_too_old));
  BOOST_TEST(names(error, "schema 2"));
  BOOST_TEST(names(error, "migrate it first"));
  older.require_untouched();
  const Migrated done = migrate_file(older.with(Migrate::manual), in());
  BOOST_TEST(done.from == 2);
  BOOST_TEST(done.to == 3);
  BOOST_TEST(done.copy_bytes == static_cast<std::int64_t>(std::filesystem::file_size(older.copy)));
  BOOST_TEST(done.wal_bytes > 4096);
  BOOST_TEST(store::sqlite::open(older.with(Migrate::manual), in())->read({"z", "a"}, in()).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_to_be_left_alone_is_never_migrated) {
  const Older older;
  {
    const As next(Release::additive);
    BOOST_TEST((older.refused(older.with(Migrate::refuse)).code == Code::schema_too_old));
    const core::Error error = error_of([&] { migrate_file(older.with(Migrate::refuse), in()); });
    BOOST_TEST((error.code == Code::schema_too_old));
    older.require_untouched();
  }
  (void)store::sqlite::open(older.with(Migrate::refuse), in());  // there is nothing to do
  Options fresh = older.with(Migrate::refuse);
  fresh.path = older.directory.path("new.db");
  const As next(Release::additive);
  create(*store::sqlite::open(fresh, in()), "z", "a");
}

BOOST_AUTO_TEST_CASE(a_current_file_has_nothing_to_migrate) {
  const Older older;
  const Migrated done = migrate_file(options(older.path), in());
  BOOST_TEST(done.from == 2);
  BOOST_TEST(done.to == 2);
  older.require_untouched();
  const auto code = [&](const std::string& path) { return code_of([&] { migrate_file(options(path), in()); }); };
  BOOST_TEST((code(older.directory.path("none.db")) == Code::unavailable));
  BOOST_TEST(!std::filesystem::exists(older.directory.path("none.db")));
  BOOST_TEST((code(":memory:") == Code::invalid_argument));
}

BOOST_AUTO_TEST_CASE(who_only_reads_is_told_that_the_file_is_older) {
  const Older older;
  const As next(Release::additive);
  const core::Error error = older.refused(options(older.path, Mode::read_only));
  BOOST_TEST((error.code == Code::schema_too_old));
  BOOST_TEST(names(error, "open it for writing"));
  older.require_untouched();
}

BOOST_AUTO_TEST_CASE(another_builds_older_schema_is_refused) {
  const Older older;
  shell(older.path, ".dbconfig enable_trigger off\nUPDATE taskstate_meta SET schema_hash = printf('%032d', 1);");
  const As next(Release::additive);
  BOOST_TEST((older.refused(options(older.path)).code == Code::unsupported));
  older.require_untouched();
}

BOOST_AUTO_TEST_CASE(an_older_engine_that_would_be_shut_out_is_in_the_way) {
  for (const Mode mode : {Mode::create, Mode::read_only}) {
    const Older older;
    {
      const Neighbour neighbour(older.path, mode);
      const As next(Release::breaking);
      const core::Error error = older.refused(options(older.path));
      BOOST_TEST((error.code == Code::busy));
      BOOST_TEST(names(error, neighbour.process()));
      BOOST_TEST((code_of([&] { migrate_file(options(older.path), in()); }) == Code::busy));
      older.require_untouched();
    }
    const As next(Release::breaking);
    BOOST_TEST(migrate_file(options(older.path), in()).to == 3);
  }
}

BOOST_AUTO_TEST_CASE(an_older_engine_of_the_same_process_is_in_the_way_too) {
  const Older older;
  const auto store = store_test::open(older.path);
  {
    const As next(Release::breaking);
    BOOST_TEST(names(older.refused(options(older.path)), "this process"));
  }
  store->close();
  const As next(Release::breaking);
  (void)store::sqlite::open(options(older.path), in());
  BOOST_TEST(older.schema() == "3");
}

BOOST_AUTO_TEST_CASE(an_additive_step_waits_for_nobody) {
  const Older older;
  const Neighbour neighbour(older.path);
  const auto store = store_test::open(older.path);
  {
    const As next(Release::additive);
    create(*store::sqlite::open(options(older.path), in()), "z", "b");
  }
  create(*store, "z", "c");
  BOOST_TEST(store->read({"z", "b"}, in()).has_value());
  BOOST_TEST(older.schema() == "3");
}

BOOST_AUTO_TEST_CASE(an_older_engine_cannot_come_back_to_what_shuts_it_out) {
  const Older older;
  {
    const As next(Release::breaking);
    migrate_file(options(older.path), in());
  }
  for (const Mode mode : {Mode::create, Mode::read_write, Mode::read_only})
    BOOST_TEST((older.refused(options(older.path, mode)).code == Code::schema_too_new));
}

BOOST_AUTO_TEST_CASE(space_is_looked_for_before_anything_is_written) {
  const Older older;
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(older.path));
  const As next(Release::additive);
  Options chosen = options(older.path);
  std::string asked;
  std::int64_t there = size * 2;
  chosen.free_space = [&](const std::string& directory) {
    asked = directory;
    return there;
  };
  const core::Error error = older.refused(chosen);
  BOOST_TEST((error.code == Code::disk_full));
  const std::int64_t needed = size + size + size / 2 + (1 << 20);
  BOOST_TEST(names(error, std::to_string(needed)));
  BOOST_TEST(names(error, std::to_string(there)));
  BOOST_TEST(asked == std::filesystem::canonical(older.directory.root()).string());
  older.require_untouched();
  there = needed - 1;
  BOOST_TEST((older.refused(chosen).code == Code::disk_full));
  there = needed;
  (void)store::sqlite::open(chosen, in());
  BOOST_TEST(older.schema() == "3");
}

BOOST_AUTO_TEST_CASE(a_step_that_takes_too_long_is_given_up) {
  const Older older;
  const As next(Release::endless);
  const core::Error error = older.refused(options(older.path), in(std::chrono::milliseconds(300)));
  BOOST_TEST((error.code == Code::busy), error.message);
  BOOST_TEST((error.outcome == core::Outcome::not_done));
  BOOST_TEST(names(error, "longer timeout"));
  BOOST_TEST(older.schema() == "2");
}

BOOST_AUTO_TEST_CASE(a_step_can_be_cancelled) {
  const Older older;
  const As next(Release::endless);
  std::atomic<int> looks = 0;
  const store::Patience patience{in(), [&] { return ++looks > 100; }};
  const core::Error error = error_of([&] { migrate_file(options(older.path), patience); });
  BOOST_TEST((error.code == Code::cancelled), error.message);
  BOOST_TEST((error.outcome == core::Outcome::not_done));
  BOOST_TEST(older.schema() == "2");
}

BOOST_AUTO_TEST_CASE(a_copy_that_takes_too_long_leaves_nothing) {
  const Older older;
  const As next(Release::additive);
  std::atomic<bool> copies = false;
  Options chosen = options(older.path);
  chosen.log = [&](store::sqlite::LogLevel, const std::string& line) {
    if (line.find("copying") != std::string::npos) copies = true;
  };
  const core::Error error = error_of([&] { migrate_file(chosen, {in(), [&] { return copies.load(); }}); });
  BOOST_TEST((error.code == Code::cancelled));
  older.require_untouched();
}

BOOST_AUTO_TEST_CASE(a_step_that_fails_leaves_the_old_schema_and_the_next_attempt_goes_through) {
  const Older older;
  {
    const As next(Release::failing);
    BOOST_CHECK_THROW((void)store::sqlite::open(options(older.path), in()), core::Failure);
    BOOST_TEST(older.schema() == "2");
    BOOST_TEST(shell(older.copy, "SELECT schema FROM taskstate_meta") == "2");
  }
  create(*store_test::open(older.path), "z", "b");
  BOOST_TEST(store_test::open(older.path)->verify(in()).problems.empty());
  const As next(Release::additive);
  migrate_file(options(older.path), in());
  BOOST_TEST(shell(older.copy, "SELECT count(*) FROM taskstate_tasks") == "2");  // of this attempt
}

BOOST_AUTO_TEST_CASE(what_a_crash_left_of_a_copy_gives_way) {
  const Older older;
  write_file(older.copy + "-new", "half a copy");
  write_file(older.copy + "-new-journal", "half a journal");
  const As next(Release::additive);
  migrate_file(options(older.path), in());
  BOOST_TEST(shell(older.copy, "SELECT schema FROM taskstate_meta") == "2");
  BOOST_TEST(!std::filesystem::exists(older.copy + "-new"));
  BOOST_TEST(!std::filesystem::exists(older.copy + "-new-journal"));
}

BOOST_AUTO_TEST_CASE(a_copy_of_the_files_own_past_gives_way_and_nothing_else) {
  using Make = std::function<void(const Older&)>;
  const Make own = [](const Older& older) { std::filesystem::copy_file(older.path, older.copy); };
  const Make anothers = [](const Older& older) {
    create(*store_test::open(older.copy), "z", "other");
    std::filesystem::remove(older.copy + "-taskstate");
    for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(older.copy + suffix);
  };
  const Make text = [](const Older& older) { write_file(older.copy, "precious"); };
  const Make directory = [](const Older& older) { std::filesystem::create_directory(older.copy); };
  const Make in_use = [&](const Older& older) {
    own(older);
    create(*store_test::open(older.copy), "z", "own");
  };
  {
    const Older older;
    own(older);
    create(*store_test::open(older.path), "z", "later");
    const As next(Release::additive);
    migrate_file(options(older.path), in());
    BOOST_TEST(shell(older.copy, "SELECT count(*) FROM taskstate_tasks") == "2");
  }
  for (const Make& make : {anothers, text, directory, in_use}) {
    const Older older;
    make(older);
    create(*store_test::open(older.path), "z", "later");
    const As next(Release::additive);
    const core::Error error = older.refused(options(older.path));
    BOOST_TEST((error.code == Code::already_exists));
    BOOST_TEST(names(error, older.copy));
    BOOST_TEST(older.schema() == "2");
  }
}

BOOST_AUTO_TEST_SUITE_END()
