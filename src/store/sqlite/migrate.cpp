#include "store/sqlite/migrate.hpp"

#include "store/sqlite/failure.hpp"
#include "store/sqlite/sql_files.hpp"

#include <array>
#include <string>

namespace tse::store::sqlite {

using core::Code;
using core::Failure;

namespace {

constexpr std::array<Migration, 1> all_migrations{{{1, schema_v1_sql}}};

void insert_meta(Connection& connection) {
  Query query(connection,
              "INSERT INTO taskstate_meta (one, schema, min_reader, min_writer, generation) "
              "VALUES (1, 1, 1, 1, lower(hex(randomblob(16))))");
  query.run();
}

}  // namespace

std::span<const Migration> migrations() { return all_migrations; }

void migrate(Connection& connection, std::int64_t from, std::span<const Migration> steps, bool own_file) {
  connection.execute("BEGIN IMMEDIATE", "begin the migration");
  try {
    for (const Migration& step : steps) {
      if (step.version <= from) continue;
      connection.execute(std::string(step.sql).c_str(), "migrate the schema");
      if (step.version == 1) insert_meta(connection);
      Query(connection, "UPDATE taskstate_meta SET schema = ?1").bind(1, step.version).run();
    }
    if (own_file) {
      const std::string header = "PRAGMA application_id = " + std::to_string(application_id) +
                                 "; PRAGMA user_version = " + std::to_string(steps.back().version);
      connection.execute(header.c_str(), "mark the file");
    }
    connection.execute("COMMIT", "commit the migration");
  } catch (...) {
    connection.rollback();
    throw;
  }
}

void check_minimum(std::int64_t minimum) {
  if (minimum > schema_version)
    throw Failure(Code::schema_too_new, "the file needs an engine for schema " + std::to_string(minimum) +
                                            ", this one knows schema " + std::to_string(schema_version));
}

void check_schema(Connection& connection, Intent intent) {
  Query query(connection, "SELECT min_reader, min_writer FROM taskstate_meta WHERE one = 1");
  if (!query.step()) throw Failure(Code::corrupt, "taskstate_meta has no row");
  check_minimum(query.integer(0));  // who writes reads, too
  if (intent == Intent::write) check_minimum(query.integer(1));
}

}  // namespace tse::store::sqlite
