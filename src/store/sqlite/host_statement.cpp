#include "store/sqlite/host_statement.hpp"

#include "store/sqlite/failure.hpp"
#include "store/sqlite/time_limit.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

namespace tse::store::sqlite {

using core::Failure;

namespace {

using Prepared = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;

bool starts_with(const char* name, std::string_view prefix) {
  return name != nullptr && sqlite3_strnicmp(name, prefix.data(), static_cast<int>(prefix.size())) == 0;
}

bool is_reserved(const char* table) { return starts_with(table, "taskstate_") || starts_with(table, "sqlite_"); }

/// Everything that is not listed is refused: a list of what is forbidden leaks (UPDATE sqlite_sequence, ALTER TABLE ...
/// RENAME TO taskstate_x).
int judge_host(int action, const char* first) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_READ:
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE: return is_reserved(first) ? SQLITE_DENY : SQLITE_OK;
    default: return SQLITE_DENY;
  }
}

/// Triggers of ours keep to our tables, and so do common table expressions, which SQLite names in the same place.
int judge_trigger(const char* trigger, int action, const char* first) {
  if (!starts_with(trigger, "taskstate_")) return SQLITE_DENY;
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
    case SQLITE_FUNCTION: return SQLITE_OK;
    case SQLITE_READ:
      return starts_with(first, "taskstate_") || starts_with(first, "json_each") ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE: return starts_with(first, "taskstate_") ? SQLITE_OK : SQLITE_DENY;
    default: return SQLITE_DENY;
  }
}

int authorize(void* connection, int action, const char* first, const char*, const char*, const char* trigger) {
  if (static_cast<Connection*>(connection)->runs_host_statement) return judge_host(action, first);
  return trigger == nullptr ? SQLITE_OK : judge_trigger(trigger, action, first);
}

/// While it lives, the authorizer judges what the host does.
class HostMode {
 public:
  explicit HostMode(Connection& connection) : connection_(connection) { connection_.runs_host_statement = true; }
  ~HostMode() { connection_.runs_host_statement = false; }
  HostMode(const HostMode&) = delete;
  HostMode& operator=(const HostMode&) = delete;

 private:
  Connection& connection_;
};

[[noreturn]] void refuse(std::string message) { throw Failure(core::invalid("also", std::move(message))); }

/// What the statement itself is at fault for; anything else is as with a statement of ours.
[[noreturn]] void raise_host(Connection& connection, int code) {
  switch (code & 0xff) {
    case SQLITE_AUTH: refuse("must be a SELECT, INSERT, UPDATE or DELETE on tables not named taskstate_* or sqlite_*");
    case SQLITE_ERROR:
    case SQLITE_ABORT:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
    case SQLITE_SCHEMA: refuse(std::string("SQLite says: ") + sqlite3_errmsg(connection.handle()));
    default: raise(connection.handle(), code, "run a statement of the host's");
  }
}

/// A detail tells it from a change whose turn did not come.
[[noreturn]] void give_up(const TimeLimit& limit) {
  core::Error error = limit.error("the statement was done");
  error.details.push_back({"also", error.message});
  throw Failure(std::move(error));
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n\f;") == std::string_view::npos; }

Prepared prepare(Connection& connection, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const char* rest = nullptr;
  const int code =
      sqlite3_prepare_v3(connection.handle(), sql.data(), static_cast<int>(sql.size()), 0, &statement, &rest);
  Prepared prepared(statement, &sqlite3_finalize);
  if (code != SQLITE_OK) raise_host(connection, code);
  const auto read = static_cast<std::size_t>(rest - sql.data());
  if (!prepared || !is_blank(std::string_view(sql).substr(read))) refuse("must be exactly one SQL statement");
  return prepared;
}

/// Binds the parameters of one statement, and knows which are left.
class Binding {
 public:
  Binding(Connection& connection, sqlite3_stmt* statement)
      : connection_(connection),
        statement_(statement),
        bound_(static_cast<std::size_t>(sqlite3_bind_parameter_count(statement)) + 1) {}

  void ours(const char* name, const Value& value) {
    if (const int index = sqlite3_bind_parameter_index(statement_, name)) bind(index, value);
  }
  void named(const std::string& name, const Value& value) {
    const int index = sqlite3_bind_parameter_index(statement_, name.c_str());
    if (index == 0) refuse("has no parameter of a name that a value is given for");
    if (bound_[static_cast<std::size_t>(index)]) refuse("a parameter is given two values");
    bind(index, value);
  }
  void in_order(const std::vector<Value>& values) {
    auto value = values.begin();
    for (std::size_t index = 1; index < bound_.size(); ++index) {
      if (bound_[index]) continue;
      if (value == values.end())
        refuse("has more parameters than values: " + std::to_string(values.size()) + " are given without a name");
      bind(static_cast<int>(index), *value++);
    }
    if (value != values.end())
      refuse("has fewer parameters than values: " + std::to_string(values.size()) + " are given without a name");
  }

 private:
  void bind(int index, const Value& value) {
    bound_[static_cast<std::size_t>(index)] = true;
    const int code = std::visit([&](const auto& each) { return bind_one(index, each); }, value);
    if (code != SQLITE_OK) raise_host(connection_, code);
  }
  int bind_one(int index, std::monostate) { return sqlite3_bind_null(statement_, index); }
  int bind_one(int index, std::int64_t value) { return sqlite3_bind_int64(statement_, index, value); }
  int bind_one(int index, double value) { return sqlite3_bind_double(statement_, index, value); }
  int bind_one(int index, const std::string& value) {
    return sqlite3_bind_text64(statement_, index, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  int bind_one(int index, const Blob& value) {
    return sqlite3_bind_blob64(statement_, index, value.bytes.data(), value.bytes.size(), SQLITE_STATIC);
  }

  Connection& connection_;
  sqlite3_stmt* statement_;
  std::vector<bool> bound_;  // by index, from 1
};

}  // namespace

void install_authorizer(Connection& connection) {
  sqlite3_set_authorizer(connection.handle(), &authorize, &connection);
}

void run_host_statement(Connection& connection, const Statement& statement, const core::Key& key, std::int64_t now,
                        const Patience& patience) {
  const HostMode host(connection);
  const TimeLimit limit(connection, patience);
  const Prepared prepared = prepare(connection, statement.sql);
  const std::array<Value, 3> ours{key.zone_id, key.id, now};
  Binding binding(connection, prepared.get());
  binding.ours(":taskstate_zone_id", ours[0]);
  binding.ours(":taskstate_id", ours[1]);
  binding.ours(":taskstate_now", ours[2]);
  for (const auto& [name, value] : statement.named) binding.named(name, value);
  binding.in_order(statement.values);
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) code = sqlite3_step(prepared.get());
  if (limit.is_over()) give_up(limit);
  if (code != SQLITE_DONE) raise_host(connection, code);
}

}  // namespace tse::store::sqlite
