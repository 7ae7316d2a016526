// Files that are not what they should be: a database, its -wal and its -taskstate file as an engine left them when it
// was killed, altered as the input says, byte by byte or by SQL of a stranger's. Whatever they hold, each call ends in
// time, as the header promises, and no trigger or view of a stranger's runs.
#include "fault/support.hpp"
#include "fuzz/support.hpp"

#include <sqlite3.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

using namespace tse::fuzz;

namespace {

constexpr std::string_view zone = "z";
constexpr std::size_t page_size = 4096;

enum File : std::size_t { database, wal, sidecar, files };
constexpr std::array<std::string_view, files> endings{"", "-wal", "-taskstate"};
using Content = std::array<std::string, files>;

Options limited_options() {
  Options options = quiet_options();
  tse_options_set_timeout(options.get(), 1'000'000, nullptr);
  return options;
}

/// A directory in memory where there is one, since nothing here is about the disk.
const std::filesystem::path parent =
    std::filesystem::exists("/dev/shm") ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();

class Files {
 public:
  [[nodiscard]] const std::string& path() const { return path_; }
  void write(const Content& content) const {
    for (const char* const ending : {"-shm", "-journal"}) std::filesystem::remove(path_ + ending);
    for (std::size_t file = 0; file < files; ++file) {
      const std::string name = path_ + std::string(endings.at(file));
      std::filesystem::remove(name);  // a new file, as others know a file by its inode
      std::ofstream(name, std::ios::binary) << content.at(file);
    }
  }
  [[nodiscard]] Content read() const {
    Content content;
    for (std::size_t file = 0; file < files; ++file) {
      std::ifstream stream(path_ + std::string(endings.at(file)), std::ios::binary);
      content.at(file) = {std::istreambuf_iterator<char>(stream), {}};
    }
    return content;
  }

 private:
  tse::test::TemporaryDirectory directory_{parent};
  std::string path_ = directory_.file("catalog.db");
};

/// Tasks in every status, some of them in the -wal only.
Content make_content() {
  const Files made;
  const Options options = limited_options();
  tse_engine* opened = nullptr;
  const auto open = [&] {
    require(tse_open(made.path().data(), made.path().size(), options.get(), &opened, nullptr) == TSE_OK, "it opens");
  };
  const auto fill = [&](std::string_view prefix) {
    for (int i = 0; i < 6; ++i) {
      const std::string id = std::string(prefix) + std::to_string(i);
      tse_new_task spec = TSE_NEW_TASK_INIT;
      spec.zone_id = given(zone);
      spec.id = given(id);
      spec.operation = tse_text("create");
      spec.payload = tse_text("payload");
      spec.idempotency_key = given(id);
      spec.max_attempts = 2;
      require(tse_create(opened, &spec, nullptr, nullptr, nullptr) == TSE_OK, "a task is made");
      if (i < 2) continue;
      tse_leases* leases = nullptr;
      require(
          tse_start_leased(opened, "z", 1, id.data(), id.size(), "w", 1, TSE_NONE, nullptr, &leases, nullptr) == TSE_OK,
          "a task is started");
      const Leases owner(leases);
      if (i < 4) continue;
      tse_lease_view lease = TSE_LEASE_VIEW_INIT;
      tse_leases_lease(leases, 0, &lease);
      tse_update update = TSE_UPDATE_INIT;
      update.links = tse_text(R"([{"href":"/r","rel":"result"}])");
      if (i == 5) update.error_message = tse_text("It broke.");
      const auto end = i == 5 ? tse_lease_fail : tse_lease_complete;
      require(end(opened, lease.token.data, lease.token.size, &update, nullptr, nullptr, nullptr) == TSE_OK, "it ends");
    }
  };
  open();
  fill("a");
  tse_engine_free(opened);
  open();
  fill("b");
  Content content = made.read();
  tse_engine_free(opened);
  return content;
}

// ---- Alterations ----------------------------------------------------------------------------------

std::size_t take_number(std::string_view& input) {
  const std::size_t low = take_byte(input);
  return low | std::size_t{take_byte(input)} << 8;
}

/// A page and a place in it, most of the time near its beginning, where its header is.
std::size_t take_place(std::string_view& input, const std::string& content) {
  const std::size_t page = take_byte(input);
  const std::size_t at = page * page_size + take_number(input) % page_size;
  return content.empty() ? 0 : at % content.size();
}

void alter(std::string& content, std::string_view& input) {
  const unsigned what = take_byte(input);
  const std::size_t at = take_place(input, content);
  const std::size_t size = std::min<std::size_t>(take_byte(input), content.size() - at);
  switch (what % 6) {
    case 0:  // these bytes instead
      content.replace(at, std::min(size, input.size()), input.substr(0, size));
      input.remove_prefix(std::min(size, input.size()));
      break;
    case 1: content.replace(at, size, size, static_cast<char>(take_byte(input))); break;
    case 2: content.resize(at); break;
    case 3: {  // another page in this page's place
      const std::size_t from = take_place(input, content) / page_size * page_size;
      const std::string page = content.substr(from, page_size);
      content.replace(at / page_size * page_size, page.size(), page);
      break;
    }
    case 4: content.insert(at, content.substr(0, size * 64)); break;
    default:
      if (!content.empty()) content[at] = static_cast<char>(content[at] ^ (1 << size % 8));
  }
}

std::uint32_t word_at(const std::string& bytes, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < 4; ++i) word = word << 8 | static_cast<unsigned char>(bytes[at + i]);
  return word;
}
void put_word(std::string& bytes, std::size_t at, std::uint32_t word) {
  for (std::size_t i = 4; i > 0; --i, word >>= 8) bytes[at + i - 1] = static_cast<char>(word & 0xff);
}

/// Makes the -wal's checksums right again (SQLite's file format, section 4.2), so that what was altered is believed.
void sign(std::string& log) {
  constexpr std::size_t header = 32;
  constexpr std::size_t frame = 24;
  if (log.size() < header) return;
  const bool big = (word_at(log, 0) & 1) != 0;
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  const auto sum = [&](std::size_t at, std::size_t size) {
    for (std::size_t i = at; i < at + size; i += 8) {
      const auto word = [&](std::size_t place) {
        const std::uint32_t value = word_at(log, place);
        return big ? value : __builtin_bswap32(value);
      };
      first += word(i) + second;
      second += word(i + 4) + first;
    }
  };
  const auto put = [&](std::size_t at) {
    put_word(log, at, first);
    put_word(log, at + 4, second);
  };
  sum(0, 24);
  put(24);
  for (std::size_t at = header; at + frame + page_size <= log.size(); at += frame + page_size) {
    sum(at, 8);
    sum(at + frame, page_size);
    put(at + 16);
  }
}

/// What SQL may do before the engine comes: no other files, and no settings but those that a file keeps.
int permit(void*, int action, const char* first, const char* second, const char*, const char*) {
  if (action == SQLITE_ATTACH || action == SQLITE_DETACH) return SQLITE_DENY;
  if (action != SQLITE_PRAGMA || second == nullptr) return SQLITE_OK;
  for (const char* const kept : {"user_version", "application_id", "journal_mode", "writable_schema", "schema_version"})
    if (sqlite3_stricmp(first, kept) == 0) return SQLITE_OK;
  return SQLITE_DENY;
}

using Connection = std::unique_ptr<sqlite3, Freed<sqlite3_close_v2>>;

Connection connect(const std::string& path) {
  sqlite3* made = nullptr;
  require(sqlite3_open_v2(path.c_str(), &made, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK, "SQLite opens a file");
  return Connection(made);
}

/// Every foreign trigger and view writes here when it runs.
std::int64_t traces(const std::string& path) {
  const Connection connection = connect(path);
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(connection.get(), "SELECT count(*) FROM trace", -1, &statement, nullptr);
  const std::int64_t count = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
  sqlite3_finalize(statement);
  return count;
}

void run_sql(const std::string& path, std::string_view sql) {
  const Connection connection = connect(path);
  sqlite3_exec(connection.get(), "CREATE TABLE trace (what)", nullptr, nullptr, nullptr);
  sqlite3_set_authorizer(connection.get(), permit, nullptr);
  int budget = 1000;
  sqlite3_progress_handler(
      connection.get(), 1000, [](void* left) { return --*static_cast<int*>(left) < 0 ? 1 : 0; }, &budget);
  sqlite3_limit(connection.get(), SQLITE_LIMIT_LENGTH, 1'000'000);
  sqlite3_exec(connection.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  sqlite3_exec(connection.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

// ---- What is called -------------------------------------------------------------------------------

/// Calls and judges: within a time that no damage may prolong, and failing as is promised.
template <typename Call>
bool try_call(const Call& call, std::initializer_list<int32_t> promised) {
  tse_error* failed = nullptr;
  const auto begun = std::chrono::steady_clock::now();
  const int32_t code = call(&failed);
  const Error error(code == TSE_OK ? nullptr : failed);
  require(std::chrono::steady_clock::now() - begun < std::chrono::seconds(30), "a call ends in time");
  if (code != TSE_OK) require_refusal(code, error, promised);
  return code == TSE_OK;
}

#define TSE_OF_THE_FILE                                                                                  \
  TSE_CORRUPT, TSE_NOT_A_TASKSTATE_FILE, TSE_SCHEMA_TOO_NEW, TSE_SCHEMA_TOO_OLD, TSE_BUSY, TSE_IO_ERROR, \
      TSE_ACCESS_DENIED, TSE_DISK_FULL, TSE_UNAVAILABLE, TSE_READ_ONLY, TSE_UNSUPPORTED, TSE_NO_MEMORY

void look(tse_engine* engine) {
  tse_list_query query = TSE_LIST_QUERY_INIT;
  query.zone_id = given(zone);
  query.with_total = 1;
  tse_page* page = nullptr;
  try_call([&](tse_error** error) { return tse_list(engine, &query, nullptr, &page, error); }, {TSE_OF_THE_FILE});
  const Page listed(page);
  tse_changes* changes = nullptr;
  try_call([&](tse_error** error) { return tse_changes_read(engine, nullptr, nullptr, &changes, error); },
           {TSE_OF_THE_FILE});
  const Changes told(changes);
  tse_stats* stats = nullptr;
  try_call([&](tse_error** error) { return tse_stats_read(engine, nullptr, 0, nullptr, &stats, error); },
           {TSE_OF_THE_FILE});
  const Stats counted(stats);
  tse_answer* made = nullptr;
  require(tse_answer_new(&made, nullptr) == TSE_OK, "an answer can be made");
  const Answer answer(made);
  for (const std::string_view id : {"a0", "a3", "a4", "a5", "b4"}) {
    tse_task* read = nullptr;
    try_call([&](tse_error** error) { return tse_get(engine, "z", 1, id.data(), id.size(), 1, nullptr, &read, error); },
             {TSE_OF_THE_FILE});
    const Task task(read);
    tse_history* events = nullptr;
    try_call(
        [&](tse_error** error) {
          return tse_history_read(engine, "z", 1, id.data(), id.size(), 0, nullptr, 0, nullptr, &events, error);
        },
        {TSE_OF_THE_FILE});
    const History history(events);
    require(tse_decide(engine, "z", 1, id.data(), id.size(), nullptr, nullptr, made, nullptr) == TSE_OK,
            "a request is answered");
    tse_answer_view view = TSE_ANSWER_VIEW_INIT;
    tse_answer_get(made, &view);
    for (std::size_t i = 0; i < view.header_count; ++i)
      require(!has_control(tse::fuzz::view(view.headers[i].value)), "a header's value is one line");
  }
}

void change(tse_engine* engine) {
  tse_claim_spec wanted = TSE_CLAIM_SPEC_INIT;
  wanted.limit = 4;
  tse_leases* granted = nullptr;
  try_call([&](tse_error** error) { return tse_claim(engine, &wanted, nullptr, &granted, error); }, {TSE_OF_THE_FILE});
  const Leases leases(granted);
  for (std::size_t i = 0; i < tse_leases_count(granted); ++i) {
    tse_lease_view lease = TSE_LEASE_VIEW_INIT;
    tse_leases_lease(granted, i, &lease);
    tse_update update = TSE_UPDATE_INIT;
    update.install_id = tse_text("i");
    try_call(
        [&](tse_error** error) {
          return tse_lease_complete(engine, lease.token.data, lease.token.size, &update, nullptr, nullptr, error);
        },
        {TSE_OF_THE_FILE, TSE_ILLEGAL_TRANSITION, TSE_NOT_FOUND, TSE_LEASE_LOST});
  }
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = given(zone);
  spec.operation = tse_text("create");
  spec.idempotency_key = tse_text("b1");
  try_call([&](tse_error** error) { return tse_create(engine, &spec, nullptr, nullptr, error); },
           {TSE_OF_THE_FILE, TSE_ALREADY_EXISTS, TSE_IDEMPOTENCY_MISMATCH});
  try_call([&](tse_error** error) { return tse_tick(engine, nullptr, nullptr, error); }, {TSE_OF_THE_FILE});
  try_call([&](tse_error** error) { return tse_erase(engine, "z", 1, "a5", 2, nullptr, nullptr, error); },
           {TSE_OF_THE_FILE, TSE_ILLEGAL_TRANSITION});
}

void verify(tse_engine* engine) {
  tse_report* made = nullptr;
  try_call([&](tse_error** error) { return tse_verify(engine, nullptr, &made, error); }, {TSE_OF_THE_FILE});
  const Report report(made);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Content original = make_content();
  static const Files place;
  std::string_view input = text_of(data, size);
  const unsigned flags = take_byte(input);

  Content content = original;
  const bool by_sql = (flags & 1) != 0;
  for (std::size_t alterations = 0; !by_sql && !input.empty() && alterations < 16; ++alterations) {
    const std::size_t file = take_byte(input) % (files + 2);  // most often the database
    alter(content.at(file < files ? file : database), input);
  }
  if ((flags & 2) != 0) content.at(wal).clear();
  if ((flags & 4) != 0) sign(content.at(wal));
  place.write(content);
  if (by_sql) run_sql(place.path(), input);
  const std::int64_t traced = by_sql ? traces(place.path()) : 0;

  const Options options = limited_options();
  tse_options_set_mode(options.get(), (flags & 8) != 0 ? TSE_MODE_READ_ONLY : TSE_MODE_READ_WRITE, nullptr);
  tse_options_set_adopt(options.get(), (flags & 16) != 0 ? 1 : 0, nullptr);
  tse_engine* opened = nullptr;
  const bool open = try_call(
      [&](tse_error** error) {
        return tse_open(place.path().data(), place.path().size(), options.get(), &opened, error);
      },
      {TSE_OF_THE_FILE});
  const Engine engine(opened);
  if (open) {
    look(opened);
    if ((flags & 8) == 0) change(opened);
    look(opened);
    verify(opened);
    try_call([&](tse_error** error) { return tse_close(opened, error); }, {TSE_OF_THE_FILE});
  }
  // Triggers that call themselves ours are part of the file.
  const bool poses_as_ours = input.find("taskstate_x") != std::string_view::npos;
  if (by_sql && !poses_as_ours) require(traces(place.path()) == traced, "no trigger or view of a stranger's runs");
  return 0;
}
