#include "store/sqlite/connection.hpp"

#include "core/no_destructor.hpp"
#include "store/sqlite/failure.hpp"
#include "store/sqlite/vfs.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <new>
#include <thread>

namespace tse::store::sqlite {

namespace {

const Sql& rollback_sql() {
  static const core::NoDestructor<Sql> sql("ROLLBACK");
  return *sql;
}

void append_escaped(std::string& out, std::string_view path) {
  constexpr char digits[] = "0123456789ABCDEF";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                       c == '/' || c == '.' || c == '-' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
}

}  // namespace

std::string file_uri(std::string_view path, std::string_view parameters, std::string_view modeof) {
  std::string uri = "file://";
  append_escaped(uri, path);
  uri += '?';
  uri += parameters;
  if (!modeof.empty()) {
    uri += parameters.empty() ? "modeof=" : "&modeof=";
    append_escaped(uri, modeof);
  }
  return uri;
}

Connection::Connection(const std::string& uri, int flags) {
  if (!vfs::may_open())
    throw core::Failure(core::Code::unsupported,
                        "this process is a child of fork() that inherited open files, and the system has no open file "
                        "description locks: fork first and open then, or call exec()");
  const int code = sqlite3_open_v2(uri.c_str(), &handle_,
                                   flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE, vfs::name());
  if (code == SQLITE_OK) {
    sqlite3_busy_handler(handle_, &Connection::on_busy, this);
    // At once: what turns out not to be ours is closed again, which must not move its log into it.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    vfs::count_open(1);
    return;
  }
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> half_open(handle_, &sqlite3_close_v2);
  raise(handle_, code, "open the database");
}

Connection::~Connection() {
  vfs::count_open(-1);
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  for (sqlite3_stmt* const statement : numbered_) sqlite3_finalize(statement);
  sqlite3_close_v2(handle_);
}

// The checkpoint settings are not for speed: a checkpoint that runs without the write lock can lose commits
// (SQLite's WAL-reset bug, see docs/internals/file-format.md).
void Connection::configure() {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // Without it, SQLite from some version on prepares statements anew whenever a parameter is compared with the
  // condition of a partial index.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_QPSG, 1, nullptr);
  sqlite3_wal_hook(handle_, &Connection::on_commit, this);
  int persist = 1;
  sqlite3_file_control(handle_, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
  execute(
      "PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON; PRAGMA recursive_triggers = OFF;"
      "PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON",
      "configure the connection");
  (void)prepare(rollback_sql());  // now, so that giving up for want of memory needs none
}

int Connection::on_busy(void* self, int count) {
  using std::chrono::microseconds;
  const auto now = std::chrono::steady_clock::now();
  const Deadline deadline = static_cast<Connection*>(self)->deadline_;
  if (now >= deadline) return 0;
  const auto pause = std::min(microseconds(50) * (1 << std::min(count, 5)), microseconds(1000));
  std::this_thread::sleep_for(std::min<Deadline::duration>(pause, deadline - now));
  return 1;
}

// Taking the hook also takes the place of SQLite's own automatic checkpoint.
int Connection::on_commit(void* self, sqlite3*, const char*, int frames) {
  static_cast<Connection*>(self)->wal_frames_ = frames;
  return SQLITE_OK;
}

void Connection::guard(bool on) {
  int triggers = -1;
  const int code = sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_TRIGGER, on ? 1 : 0, &triggers);
  if (code != SQLITE_OK) raise(handle_, code, "set whether triggers run");
  execute(on ? "PRAGMA ignore_check_constraints = OFF" : "PRAGMA ignore_check_constraints = ON",
          "set whether CHECKs are looked at");
  if (triggers != (on ? 1 : 0) || integer("PRAGMA ignore_check_constraints") != (on ? 0 : 1))
    throw core::Failure(core::Code::unsupported,
                        "this SQLite does not let a connection do without triggers and CHECKs");
  guarded_ = on;
}

void Connection::flush_commits(bool flushed) {
  if (flushed == flushed_) return;
  execute(flushed ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", "set the durability");
  flushed_ = flushed;
}

std::size_t Connection::Hash::operator()(std::string_view sql) const noexcept {
  return XXH3_64bits(sql.data(), sql.size());
}

void Connection::execute(const char* sql, const char* doing) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) raise(handle_, code, doing);
}

sqlite3_stmt* Connection::prepare(std::string_view sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) return found->second;
  std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> owner(make(sql), &sqlite3_finalize);
  statements_.emplace(std::string(sql), owner.get());
  return owner.release();
}

sqlite3_stmt* Connection::prepare(const Sql& sql) {
  if (numbered_.size() <= sql.number()) numbered_.resize(sql.number() + 1);
  sqlite3_stmt*& statement = numbered_[sql.number()];
  if (statement == nullptr) statement = make(sql.text());
  return statement;
}

sqlite3_stmt* Connection::make(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement, nullptr);
  if (code != SQLITE_OK) raise(handle_, code, "prepare a statement");
  return statement;
}

int Connection::attempt(const Sql& sql) {
  sqlite3_stmt* const statement = prepare(sql);
  const int code = sqlite3_step(statement);
  sqlite3_reset(statement);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

std::int64_t Connection::integer(std::string_view sql) {
  Query query(*this, sql);
  return query.step() ? query.integer(0) : 0;
}

std::string Connection::text(std::string_view sql) {
  Query query(*this, sql);
  return query.step() ? query.text(0) : std::string();
}

void Connection::rollback() noexcept {
  if (!in_transaction()) return;
  const std::size_t number = rollback_sql().number();
  sqlite3_stmt* const prepared = number < numbered_.size() ? numbered_[number] : nullptr;
  if (prepared == nullptr) {  // not configured
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  } else {
    sqlite3_step(prepared);
    sqlite3_reset(prepared);
  }
}

Query::Query(Connection& connection, std::string_view sql)
    : connection_(connection), statement_(connection.prepare(sql)) {}

Query::Query(Connection& connection, const Sql& sql) : connection_(connection), statement_(connection.prepare(sql)) {}

Query::~Query() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Query::check(int code) {
  if (code != SQLITE_OK) raise(connection_.handle(), code, "bind a value");
}

Query& Query::bind(int index, std::int64_t value) {
  check(sqlite3_bind_int64(statement_, index, value));
  return *this;
}

Query& Query::bind(int index, std::string_view value) {
  // A view of nothing may have a null pointer, which SQLite would take for NULL.
  const char* data = value.data() == nullptr ? "" : value.data();
  check(sqlite3_bind_text64(statement_, index, data, value.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Query& Query::bind(int index, const core::Text& value) {
  return value ? bind(index, std::string_view(*value)) : bind_null(index);
}

Query& Query::bind(int index, const std::optional<std::int64_t>& value) {
  return value ? bind(index, *value) : bind_null(index);
}

Query& Query::bind_blob(int index, std::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();
  check(sqlite3_bind_blob64(statement_, index, data, value.size(), SQLITE_STATIC));
  return *this;
}

Query& Query::bind_null(int index) {
  check(sqlite3_bind_null(statement_, index));
  return *this;
}

bool Query::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  raise(connection_.handle(), code, "run a statement");
}

void Query::run() {
  while (step()) {
  }
}

bool Query::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

// Nothing is also what SQLite gives when it had no memory to convert a value.
void Query::require_memory() const {
  if ((sqlite3_errcode(connection_.handle()) & 0xff) == SQLITE_NOMEM) throw std::bad_alloc();
}

std::string_view Query::view(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_, column);
  if (text == nullptr) return require_memory(), std::string_view();
  return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string Query::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  if (data == nullptr) return require_memory(), std::string();
  return {static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

core::Text Query::optional_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

std::optional<std::int64_t> Query::optional_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

Snapshot::Snapshot(Connection& connection) : connection_(connection) {
  static const core::NoDestructor<Sql> begin("BEGIN");
  connection.rollback();  // of one that ended without the memory to
  Query(connection, *begin).run();
}

Snapshot::~Snapshot() { connection_.rollback(); }

}  // namespace tse::store::sqlite
