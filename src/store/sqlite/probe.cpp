#include "store/sqlite/probe.hpp"

#include "store/sqlite/failure.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace tse::store::sqlite {

using core::Code;
using core::Failure;

namespace {

bool has_content(const std::string& path) {
  const auto info = look(path);
  return info && info->st_size > 0;
}

Content read_content(const Paths& paths, const char* parameters, Intent intent, const Patience& patience,
                     int flags = SQLITE_OPEN_READONLY) {
  Connection connection(file_uri(paths.database, parameters), flags);
  connection.wait_until(patience.until);
  try {
    return content_of(connection, intent);
  } catch (const Failure&) {
    if ((sqlite3_errcode(connection.handle()) & 0xff) == SQLITE_NOTADB)
      throw Failure(Code::not_a_taskstate_file, "the file is not an SQLite database");
    throw;
  }
}

// Reading a view, a table of a module's or a column that is computed runs what somebody else has written, and that need
// not end.
void refuse_what_computes(Connection& connection) {
  constexpr const char* sql =
      "SELECT EXISTS (SELECT 1 FROM pragma_table_list AS t "
      "WHERE t.name LIKE 'taskstate\\_%' ESCAPE '\\' AND (t.type <> 'table' "
      "OR EXISTS (SELECT 1 FROM pragma_table_xinfo(t.name, 'main') AS c WHERE c.hidden <> 0)))";
  if (connection.integer(sql) != 0)
    throw Failure(Code::corrupt, "a table of ours is none, or computes what it should hold");
}

bool is_of_a_migration(std::string_view sql) {
  const auto steps = migrations();
  return std::any_of(steps.begin(), steps.end(),
                     [sql](const Migration& step) { return step.sql.find(sql) != std::string_view::npos; });
}

// A trigger runs what somebody has written, whatever its name. Those of a later schema are not known here, and can do
// only what the authorizer lets them.
void refuse_altered_triggers(Connection& connection) {
  if (schema_of(connection) > newest_schema()) return;
  Query query(connection,
              "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'taskstate\\_%' ESCAPE '\\'");
  while (query.step())
    if (!is_of_a_migration(query.view(0)))
      throw Failure(Code::corrupt, "a trigger of ours was altered, or is not ours");
}

}  // namespace

Content content_of(Connection& connection, Intent intent) {
  const std::int64_t objects = connection.integer("SELECT count(*) FROM sqlite_schema");
  const std::int64_t mark = connection.integer("PRAGMA application_id");
  const bool meta = connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'taskstate_meta'") != 0;
  if (meta) {
    refuse_what_computes(connection);
    refuse_older(connection, migrations().front().version);
    check_schema(connection, intent);
    if (intent == Intent::write) refuse_altered_triggers(connection);
    return Content::ours;
  }
  if (mark == application_id) throw Failure(Code::corrupt, "the file is marked as ours but has no taskstate_meta");
  return objects == 0 && mark == 0 ? Content::empty : Content::foreign;
}

// "immutable" makes SQLite take no lock and create neither -wal nor -shm, but it does not see what only the -wal
// holds. So it is for a file that nobody uses and that was closed cleanly, and for want of another way.
Content probe(const Paths& paths, Intent intent, const Patience& patience) {
  const auto info = look(paths.database);
  if (!info || !S_ISREG(info->st_mode)) throw Failure(Code::not_a_taskstate_file, "the path names no regular file");
  // A journal beside an empty file is of a creation that was cut short; SQLite rolls it back.
  if (info->st_size == 0) {
    if (has_content(paths.wal)) throw Failure(Code::corrupt, "the file is empty although its -wal is not");
    return Content::empty;
  }
  // No database is smaller than its smallest page, and SQLite takes a file of one byte for an empty one.
  if (info->st_size < 512) throw Failure(Code::not_a_taskstate_file, "the file is too short to be an SQLite database");
  const auto as_it_lies = [&] { return read_content(paths, "mode=ro&immutable=1", intent, patience); };
  // What was garbled when the power failed is whole in the -wal, or in the journal.
  const auto lies_as_ours = [&] {
    try {
      return as_it_lies() == Content::ours;
    } catch (const Failure& failure) {
      if (failure.error().code == Code::access_denied) throw;
      return false;
    }
  };
  const bool has_log = has_content(paths.wal);
  if (has_content(paths.journal)) {
    if (!has_log && lies_as_ours()) return Content::ours;
    // What was cut short has left a journal, and only who may write can roll it back. Whether that was our creation of
    // the file, whose -taskstate file the power cut may have taken, or another's transaction cannot be told before.
    return read_content(paths, "mode=rw", intent, patience, SQLITE_OPEN_READWRITE);
  }
  if (!has_log) return as_it_lies();
  try {
    return read_content(paths, "mode=ro", intent, patience);
  } catch (const Failure& failure) {
    // Whoever may read the file but not make its -shm is told so by the opening itself.
    if (failure.error().code == Code::schema_too_new || !lies_as_ours()) throw;
    return Content::ours;
  }
}

}  // namespace tse::store::sqlite
