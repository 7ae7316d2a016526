// Opening: what is created, what is accepted, what is refused and left untouched.
#include "unit/store/support.hpp"

#include "store/sqlite/database.hpp"

#include "store/sqlite/migrate.hpp"

#include <signal.h>
#include <sys/stat.h>

using namespace store_test;
using core::Code;

BOOST_AUTO_TEST_SUITE(store_probe)

namespace {

mode_t mode_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
}

Code refused(const std::string& path, Mode mode = Mode::create) {
  return code_of([&] { const auto opened = open(path, mode); });
}

/// Refused with one of the codes, and neither the file nor its directory has changed.
void refused_untouched(const TempDirectory& directory, std::initializer_list<Code> codes, const std::string& label) {
  const std::string bytes = read_file(directory.path());
  const auto names = directory.names();
  for (const Mode mode : {Mode::create, Mode::read_write, Mode::read_only}) {
    const Code code = refused(directory.path(), mode);
    BOOST_TEST((std::find(codes.begin(), codes.end(), code) != codes.end()),
               label << " gave " << core::to_string(code));
  }
  BOOST_TEST((read_file(directory.path()) == bytes), label);
  BOOST_TEST(directory.names() == names, boost::test_tools::per_element());
}

void make_sound_file(const std::string& path) {
  const auto store = open(path);
  for (int i = 0; i < 50; ++i) create(*store, "z", "t" + std::to_string(i));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_new_file_is_private_and_marked) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  create(*store, "z", "a");
  const std::vector<std::string> names{"catalog.db", "catalog.db-shm", "catalog.db-taskstate", "catalog.db-wal"};
  BOOST_TEST(directory.names() == names, boost::test_tools::per_element());
  for (const std::string& name : names) BOOST_TEST(mode_of(directory.path(name)) == 0600U, name);
  BOOST_TEST(shell(directory.path(), "PRAGMA application_id; PRAGMA user_version; PRAGMA journal_mode;") ==
             "1414744881\n2\nwal");
  BOOST_TEST(read_file(directory.path("catalog.db-taskstate")).substr(0, 8) == std::string("TSKLOCK\0", 8));
  BOOST_TEST(read_file(directory.path("catalog.db-taskstate")).size() == 4096U);
}

BOOST_AUTO_TEST_CASE(a_file_made_in_advance_keeps_its_mode) {
  const TempDirectory directory;
  write_file(directory.path(), "");
  ::chmod(directory.path().c_str(), 0640);
  const auto store = open(directory.path());
  create(*store, "z", "a");
  for (const char* suffix : {"", "-wal", "-shm", "-taskstate"})
    BOOST_TEST(mode_of(directory.path() + suffix) == 0640U, suffix);
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_made_only_when_asked_to) {
  const TempDirectory directory;
  BOOST_TEST((refused(directory.path(), Mode::read_write) == Code::unavailable));
  BOOST_TEST((refused(directory.path(), Mode::read_only) == Code::unavailable));
  BOOST_TEST((refused(directory.path("no/such.db")) == Code::unavailable));
  BOOST_TEST(directory.names().empty());
}

BOOST_AUTO_TEST_CASE(a_path_names_a_file) {
  const TempDirectory directory;
  for (const std::string& path :
       {std::string(), std::string("a\0b", 3), directory.root() + "/", directory.path(".."), std::string(5000, 'a')})
    BOOST_TEST((refused(path) == Code::invalid_argument));
  BOOST_TEST(directory.names().empty());
}

BOOST_AUTO_TEST_CASE(a_path_may_hold_any_character) {
  const TempDirectory directory;
  for (const char* name : {"a b?mode=memory#x.db", "%41&modeof=b.db", "\xc3\xa4'\".db", "file:x.db", "a\nb.db"}) {
    { create(*open(directory.path(name)), "z", "a"); }
    BOOST_TEST(std::filesystem::exists(directory.path(name)));
    BOOST_TEST(open(directory.path(name), Mode::read_only)->read({"z", "a"}, in()).has_value(), name);
  }
}

BOOST_AUTO_TEST_CASE(other_files_are_refused_and_left_alone) {
  const std::pair<const char*, std::string> contents[] = {{"text", "Dear diary, nothing happened today.\n"},
                                                          {"short", "x"},
                                                          {"long text", std::string(20000, 'a')},
                                                          {"zeroes", std::string(8192, '\0')}};
  for (const auto& [label, content] : contents) {
    const TempDirectory directory;
    write_file(directory.path(), content);
    refused_untouched(directory, {Code::not_a_taskstate_file, Code::corrupt}, label);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_refused) {
  const TempDirectory directory;
  std::filesystem::create_directory(directory.path("directory"));
  BOOST_TEST((refused(directory.path("directory")) == Code::not_a_taskstate_file));
  BOOST_REQUIRE(::mkfifo(directory.path("fifo").c_str(), 0600) == 0);
  BOOST_TEST((refused(directory.path("fifo")) == Code::not_a_taskstate_file));
  BOOST_TEST(directory.names().size() == 2U);
}

BOOST_AUTO_TEST_CASE(databases_of_others_are_refused_without_a_trace) {
  for (const char* sql :
       {"CREATE TABLE host (a);", "PRAGMA journal_mode = WAL; CREATE TABLE host (a);",
        "PRAGMA application_id = 7; PRAGMA user_version = 1; VACUUM;", "CREATE TABLE taskstate_tasks (a);"}) {
    const TempDirectory directory;
    shell(directory.path(), sql);
    refused_untouched(directory, {Code::not_a_taskstate_file}, sql);
  }
}

BOOST_AUTO_TEST_CASE(a_database_whose_tables_are_only_in_its_wal_is_seen) {
  const TempDirectory directory;
  shell(directory.path(), ".dbconfig no_ckpt_on_close on\nPRAGMA journal_mode = WAL;\nCREATE TABLE host (a);");
  BOOST_TEST(std::filesystem::file_size(directory.path("catalog.db-wal")) > 0U);
  BOOST_TEST((refused(directory.path()) == Code::not_a_taskstate_file));
  BOOST_TEST(!std::filesystem::exists(directory.path("catalog.db-taskstate")));
}

// Whether it is ours, or given to us, cannot be told before the journal is rolled back.
BOOST_AUTO_TEST_CASE(a_transaction_that_a_power_cut_left_in_a_journal_is_rolled_back) {
  const TempDirectory directory;
  shell(directory.path("before.db"),
        "CREATE TABLE host (a); INSERT INTO host VALUES (zeroblob(50000)); PRAGMA cache_size = 1; BEGIN;"
        "UPDATE host SET a = randomblob(50000); CREATE TABLE other (b); INSERT INTO other VALUES (randomblob(50000));\n"
        ".shell cp " +
            directory.path("before.db") + " " + directory.path() + "\n" + ".shell cp " +
            directory.path("before.db-journal") + " " + directory.path("catalog.db-journal"));
  BOOST_REQUIRE(std::filesystem::file_size(directory.path("catalog.db-journal")) > 0U);
  std::string garbled = read_file(directory.path());
  std::fill_n(garbled.begin(), 512, 'x');
  for (const bool garble : {false, true}) {
    const TempDirectory place;
    write_file(place.path(), garble ? garbled : read_file(directory.path()));
    write_file(place.path("catalog.db-journal"), read_file(directory.path("catalog.db-journal")));
    BOOST_TEST((refused(place.path()) == Code::not_a_taskstate_file));
    Options adopt = options(place.path());
    adopt.adopt = true;
    BOOST_TEST(store::sqlite::open(adopt, in())->verify(in()).problems.empty());
    BOOST_TEST(shell(place.path(),
                     "SELECT a = zeroblob(50000) FROM host; SELECT count(*) FROM sqlite_schema "
                     "WHERE name = 'other';") == "1\n0");
  }
}

BOOST_AUTO_TEST_CASE(adopting_adds_our_tables_and_no_mark) {
  const TempDirectory directory;
  shell(directory.path(), "PRAGMA application_id = 7; CREATE TABLE host (a); INSERT INTO host VALUES (5);");
  Options adopt = options(directory.path());
  adopt.adopt = true;
  { create(*store::sqlite::open(adopt, in()), "z", "a"); }
  BOOST_TEST(shell(directory.path(), "SELECT a FROM host; PRAGMA application_id; PRAGMA user_version;") == "5\n7\n0");
  BOOST_TEST(open(directory.path(), Mode::read_write)->verify(in()).problems.empty());
}

BOOST_AUTO_TEST_CASE(an_empty_database_is_ours_to_use) {
  const TempDirectory directory;
  shell(directory.path(), "VACUUM;");
  BOOST_TEST(std::filesystem::file_size(directory.path()) > 0U);
  BOOST_TEST(open(directory.path())->verify(in()).problems.empty());
}

BOOST_AUTO_TEST_CASE(a_truncated_file_is_never_taken_for_a_new_one) {
  const TempDirectory source;
  make_sound_file(source.path());
  const std::string whole = read_file(source.path());
  BOOST_REQUIRE(whole.size() > 16384U);
  for (const std::size_t size : {std::size_t{1}, std::size_t{15}, std::size_t{16}, std::size_t{99}, std::size_t{100},
                                 std::size_t{511}, std::size_t{512}, std::size_t{4095}, std::size_t{4096},
                                 std::size_t{8192}, whole.size() / 2, whole.size() - 4096}) {
    const TempDirectory directory;
    write_file(directory.path(), whole.substr(0, size));
    refused_untouched(directory, {Code::corrupt, Code::not_a_taskstate_file}, "cut to " + std::to_string(size));
  }
}

BOOST_AUTO_TEST_CASE(a_damaged_header_is_refused) {
  const TempDirectory source;
  make_sound_file(source.path());
  const std::string whole = read_file(source.path());
  for (const std::size_t zeroed : {std::size_t{16}, std::size_t{100}, std::size_t{4096}}) {
    const TempDirectory directory;
    write_file(directory.path(), std::string(zeroed, '\0') + whole.substr(zeroed));
    refused_untouched(directory, {Code::corrupt, Code::not_a_taskstate_file}, "zeroed " + std::to_string(zeroed));
  }
}

BOOST_AUTO_TEST_CASE(lost_content_is_not_written_over) {
  const TempDirectory directory;
  make_sound_file(directory.path());
  write_file(directory.path(), "");
  BOOST_TEST((refused(directory.path()) == Code::corrupt));
  BOOST_TEST(std::filesystem::file_size(directory.path()) == 0U);

  std::filesystem::remove(directory.path());  // removed on purpose: a new beginning
  BOOST_TEST(!open(directory.path())->read({"z", "t1"}, in()));
}

BOOST_AUTO_TEST_CASE(a_wal_without_its_file_is_not_thrown_away) {
  for (const bool empty : {false, true}) {
    const TempDirectory directory;
    write_file(directory.path("catalog.db-wal"), std::string(5000, 'x'));
    if (empty) write_file(directory.path(), "");
    BOOST_TEST((refused(directory.path()) == Code::corrupt));
    BOOST_TEST(std::filesystem::file_size(directory.path("catalog.db-wal")) == 5000U);
  }
}

BOOST_AUTO_TEST_CASE(a_strange_sidecar_is_refused) {
  const TempDirectory directory;
  { create(*open(directory.path()), "z", "a"); }
  std::string sidecar = read_file(directory.path("catalog.db-taskstate"));
  write_file(directory.path("catalog.db-taskstate"), "my notes");
  BOOST_TEST((refused(directory.path()) == Code::not_a_taskstate_file));
  BOOST_TEST(read_file(directory.path("catalog.db-taskstate")) == "my notes");
  sidecar[8] = 2;
  write_file(directory.path("catalog.db-taskstate"), sidecar);
  BOOST_TEST((refused(directory.path()) == Code::schema_too_new));
  // Its writer died half-way, or it was left behind by a copy: it is made anew.
  for (const std::size_t size : {std::size_t{0}, std::size_t{4096}}) {
    write_file(directory.path("catalog.db-taskstate"), std::string(size, '\0'));
    BOOST_TEST(open(directory.path())->read({"z", "a"}, in()).has_value());
  }
  std::filesystem::remove(directory.path("catalog.db-taskstate"));
  std::filesystem::create_symlink("/nowhere", directory.path("catalog.db-taskstate"));
  BOOST_TEST((refused(directory.path()) == Code::unavailable));
}

BOOST_AUTO_TEST_CASE(a_symbolic_link_leads_to_one_and_the_same_lock) {
  const TempDirectory directory;
  std::filesystem::create_directory(directory.path("real"));
  { create(*open(directory.path("real/a.db")), "z", "a"); }
  std::filesystem::create_symlink(directory.path("real/a.db"), directory.path("link.db"));
  const auto store = open(directory.path("link.db"));
  BOOST_TEST(store->read({"z", "a"}, in()).has_value());
  BOOST_TEST(directory.names().size() == 2U);
  std::filesystem::create_symlink(directory.path("gone"), directory.path("dangling.db"));
  BOOST_TEST((refused(directory.path("dangling.db")) == Code::unavailable));
}

BOOST_AUTO_TEST_CASE(a_later_chdir_is_harmless) {
  const TempDirectory directory;
  const auto home = std::filesystem::current_path();
  std::filesystem::current_path(directory.root());
  const auto store = open("catalog.db");
  std::filesystem::current_path(home);
  create(*store, "z", "a");
  BOOST_TEST(store->read({"z", "a"}, in()).has_value());
  BOOST_TEST(std::filesystem::exists(directory.path()));
}

BOOST_AUTO_TEST_CASE(unsuitable_file_systems_are_refused_before_anything_is_made) {
  for (const std::int64_t type : {0x6969LL, 0x517BLL, 0xFE534D42LL, 0xFF534D42LL, 0x65735546LL, 0x01021997LL,
                                  static_cast<long long>(static_cast<std::int32_t>(0xFF534D42))}) {
    const TempDirectory directory;
    Options asked = options(directory.path());
    asked.filesystem_type = [&](const std::string& path) {
      BOOST_TEST(path == std::filesystem::canonical(directory.root()));
      return type;
    };
    BOOST_TEST((code_of([&] { const auto opened = store::sqlite::open(asked, in()); }) == Code::unsupported));
    BOOST_TEST(directory.names().empty());
    asked.any_filesystem = true;
    create(*store::sqlite::open(asked, in()), "z", "a");
  }
}

BOOST_AUTO_TEST_CASE(a_file_in_tmpfs_works,
                     *boost::unit_test::precondition([](auto) { return std::filesystem::is_directory("/dev/shm"); })) {
  const TempDirectory directory("/dev/shm");
  const auto store = open(directory.path());
  create(*store, "z", "a");
  BOOST_TEST(store->verify(in()).problems.empty());
}

BOOST_AUTO_TEST_CASE(a_newer_schema_is_refused) {
  const TempDirectory directory;
  { create(*open(directory.path()), "z", "a"); }
  shell(directory.path(), ".dbconfig enable_trigger off\nUPDATE taskstate_meta SET schema = 3, min_writer = 3;");
  BOOST_TEST((refused(directory.path()) == Code::schema_too_new));
  BOOST_TEST(open(directory.path(), Mode::read_only)->read({"z", "a"}, in()).has_value());
  shell(directory.path(), ".dbconfig enable_trigger off\nUPDATE taskstate_meta SET min_reader = 3;");
  BOOST_TEST((refused(directory.path()) == Code::schema_too_new));
  BOOST_TEST((refused(directory.path(), Mode::read_only) == Code::schema_too_new));
  shell(directory.path(), ".dbconfig enable_trigger off\nUPDATE taskstate_meta SET min_writer = 2;");
  BOOST_TEST((refused(directory.path()) == Code::schema_too_new));  // who writes reads, too
}

BOOST_AUTO_TEST_CASE(a_migration_under_an_open_store_stops_it) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  create(*store, "z", "a");
  shell(directory.path(), ".dbconfig enable_trigger off\nUPDATE taskstate_meta SET schema = 3, min_writer = 3;");
  bool ran = false;
  const auto error = commit(*store, [&](store::Session&) { ran = true; });
  BOOST_REQUIRE(error);
  BOOST_TEST((error->code == Code::schema_too_new));
  BOOST_TEST((error->outcome == core::Outcome::not_done));
  BOOST_TEST(!ran);
  BOOST_TEST(store->read({"z", "a"}, in()).has_value());
  shell(directory.path(), ".dbconfig enable_trigger off\nUPDATE taskstate_meta SET min_reader = 3;");
  const core::Key key{"z", "a"};
  BOOST_TEST((code_of([&] { store->read(key, in()); }) == Code::schema_too_new));
  BOOST_TEST((code_of([&] { store->answer(key, {}, in()); }) == Code::schema_too_new));
  BOOST_TEST((code_of([&] { (void)history(*store, key); }) == Code::schema_too_new));
}

BOOST_AUTO_TEST_CASE(a_lost_table_is_corrupt) {
  const TempDirectory directory;
  const auto store = open(directory.path());
  create(*store, "z", "a");
  shell(directory.path(), "DROP TABLE taskstate_events;");
  BOOST_TEST((code_of([&] { (void)history(*store, {"z", "a"}); }) == Code::corrupt));
  shell(directory.path(), ".dbconfig enable_trigger off\nDELETE FROM taskstate_meta;");
  BOOST_TEST((code_of([&] { store->read({"z", "a"}, in()); }) == Code::corrupt));
  shell(directory.path(), "DROP TABLE taskstate_meta;");
  BOOST_TEST((code_of([&] { store->answer({"z", "a"}, {}, in()); }) == Code::corrupt));
  store->close();
  BOOST_TEST((refused(directory.path()) == Code::corrupt));
}

BOOST_AUTO_TEST_CASE(a_view_in_the_place_of_a_table_is_corrupt) {
  const TempDirectory directory;
  make_sound_file(directory.path());
  shell(directory.path(),
        "ALTER TABLE taskstate_tasks RENAME TO stolen;"
        "CREATE VIEW Taskstate_tasks AS WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x FROM r)"
        "SELECT stolen.* FROM stolen, r;");
  BOOST_TEST(shell(directory.path(), "SELECT name FROM sqlite_schema WHERE type = 'view'") == "Taskstate_tasks");
  for (const Mode mode : {Mode::create, Mode::read_write, Mode::read_only})
    BOOST_TEST((refused(directory.path(), mode) == Code::corrupt));
}

BOOST_AUTO_TEST_CASE(a_column_that_is_computed_in_a_table_of_ours_is_corrupt) {
  const TempDirectory directory;
  make_sound_file(directory.path());
  const char* const sql = "ALTER TABLE taskstate_tasks ADD COLUMN computed BLOB AS (zeroblob(1000000000));";
  BOOST_REQUIRE_EQUAL(shell(directory.path(), sql), "");
  for (const Mode mode : {Mode::create, Mode::read_write, Mode::read_only})
    BOOST_TEST((refused(directory.path(), mode) == Code::corrupt));
}

BOOST_AUTO_TEST_CASE(a_host_may_compute_in_its_own_tables) {
  const TempDirectory directory;
  make_sound_file(directory.path());
  const char* const sql = "CREATE TABLE host (a, b AS (a + 1)); CREATE VIEW taskstates AS SELECT * FROM host;";
  BOOST_REQUIRE_EQUAL(shell(directory.path(), sql), "");
  BOOST_TEST(open(directory.path(), Mode::read_write)->verify(in()).problems.empty());
}

BOOST_AUTO_TEST_CASE(each_opening_writes_a_fence) {
  const TempDirectory directory;
  for (int i = 1; i <= 3; ++i) {
    const auto store = open(directory.path());
    BOOST_TEST(shell(directory.path(), "SELECT fence FROM taskstate_meta") == std::to_string(i));
  }
  { const auto reader = open(directory.path(), Mode::read_only); }
  BOOST_TEST(shell(directory.path(), "SELECT fence FROM taskstate_meta") == "3");
}

BOOST_AUTO_TEST_CASE(a_closed_file_is_whole_by_itself) {
  const TempDirectory directory, elsewhere;
  { create(*open(directory.path()), "z", "a"); }
  BOOST_TEST(std::filesystem::file_size(directory.path("catalog.db-wal")) == 0U);
  std::filesystem::copy_file(directory.path(), elsewhere.path());
  BOOST_TEST(open(elsewhere.path())->read({"z", "a"}, in()).has_value());
}

BOOST_AUTO_TEST_CASE(a_schema_from_before_the_first_release_is_refused) {
  const TempDirectory directory;
  { create(*open(directory.path()), "z", "a"); }
  shell(directory.path(),
        ".dbconfig enable_trigger off\nUPDATE taskstate_meta SET schema = 1, min_reader = 1, min_writer = 1;");
  for (const Mode mode : {Mode::create, Mode::read_only}) {
    const core::Error error = error_of([&] { (void)open(directory.path(), mode); });
    BOOST_TEST((error.code == Code::schema_too_old));
    BOOST_TEST(error.message.find("schema 1") != std::string::npos);
    BOOST_TEST(error.message.find("new file") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(another_builds_schema_of_the_same_version_is_refused) {
  const TempDirectory directory;
  { create(*open(directory.path()), "z", "a"); }
  const std::string hash = shell(directory.path(), "SELECT schema_hash FROM taskstate_meta");
  BOOST_TEST(hash == store::sqlite::schema_hash(store::sqlite::migrations()));
  shell(
      directory.path(),
      ".dbconfig enable_trigger off\nUPDATE taskstate_meta SET schema_hash = replace(schema_hash, substr(schema_hash, "
      "1, 1), 'f');");
  BOOST_TEST(hash != shell(directory.path(), "SELECT schema_hash FROM taskstate_meta"));
  for (const Mode mode : {Mode::create, Mode::read_only})
    BOOST_TEST((error_of([&] { (void)open(directory.path(), mode); }).code == Code::unsupported));
}

BOOST_AUTO_TEST_CASE(new_files_have_the_mode_that_was_asked_for) {
  const TempDirectory directory;
  store::sqlite::Options shared = options(directory.path());
  shared.file_mode = 0660;
  const auto store = store::sqlite::open(shared, in());
  for (const char* suffix : {"", "-wal", "-shm", "-taskstate"})
    BOOST_TEST((std::filesystem::status(directory.path() + suffix).permissions() == std::filesystem::perms(0660)),
               suffix);
}

// A checkpoint writes the first page into the file, and the power may fail in the middle of it.
BOOST_AUTO_TEST_CASE(a_header_that_is_garbled_in_the_file_is_whole_in_the_log) {
  const TempDirectory directory;
  const TempDirectory copy;
  const auto store = open(directory.path());
  const std::string payload(5000, 'p');
  for (int i = 0; i < 5; ++i)  // the file grows, which its first page tells
    must(*store, [&](store::Session& session) { session.insert(new_row("z", "t" + std::to_string(i)), payload); });
  std::string content = read_file(directory.path());
  std::fill_n(content.begin(), 512, 'g');
  write_file(copy.path(), content);
  write_file(copy.path("catalog.db-wal"), read_file(directory.path("catalog.db-wal")));
  const auto saved = open(copy.path());
  BOOST_TEST(saved->verify(in()).tasks == 5);
  BOOST_TEST(saved->verify(in()).problems.empty());
}

// Two copies of SQLite in a process drop each other's POSIX locks; what is linked for all is one copy.
BOOST_AUTO_TEST_CASE(an_sqlite_of_its_own_needs_locks_of_open_files) {
  BOOST_TEST((code_of([] { store::sqlite::refuse_locks_without_use(true); }) == Code::unsupported));
  store::sqlite::refuse_locks_without_use(false);
}

BOOST_AUTO_TEST_SUITE_END()
