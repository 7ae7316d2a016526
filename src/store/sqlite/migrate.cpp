#include "store/sqlite/migrate.hpp"

#include "core/hash.hpp"
#include "core/no_destructor.hpp"
#include "store/sqlite/failure.hpp"
#include "store/sqlite/sql_files.hpp"

#include <array>
#include <string>

namespace tse::store::sqlite {

using core::Code;
using core::Failure;

namespace {

constexpr std::array<Migration, 1> all_migrations{{{2, schema_v2_sql}}};

void insert_meta(Connection& connection, std::int64_t version, const std::string& hash) {
  Query query(connection,
              "INSERT INTO taskstate_meta (one, schema, min_reader, min_writer, schema_hash, generation) "
              "VALUES (1, ?1, ?1, ?1, ?2, lower(hex(randomblob(16))))");
  query.bind(1, version).bind(2, hash).run();
}

}  // namespace

std::span<const Migration> migrations() { return all_migrations; }

std::string schema_hash(std::span<const Migration> steps) {
  std::string hash;
  for (const Migration& step : steps) hash = core::hash128(hash.append(step.sql));
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const char byte : hash)
    hex.append({digits[static_cast<unsigned char>(byte) >> 4], digits[static_cast<unsigned char>(byte) & 15]});
  return hex;
}

void refuse_older(Connection& connection, std::int64_t first) {
  const std::int64_t found = connection.integer("SELECT schema FROM taskstate_meta WHERE one = 1");
  if (found < first)
    throw Failure(Code::schema_too_old, "the file has schema " + std::to_string(found) +
                                            ", of a version of taskstate that was never released, and cannot be "
                                            "migrated: begin with a new file");
}

void require_current(Connection& connection, std::span<const Migration> steps) {
  refuse_older(connection, steps.front().version);
  Query query(connection, "SELECT schema, schema_hash FROM taskstate_meta WHERE one = 1");
  if (!query.step() || query.integer(0) != steps.back().version || query.view(1) == schema_hash(steps)) return;
  throw Failure(Code::unsupported, "the file has schema " + std::to_string(query.integer(0)) +
                                       " of another development build of taskstate: open it with that build, or begin "
                                       "with a new file");
}

void migrate(Connection& connection, std::int64_t from, std::span<const Migration> steps, bool own_file) {
  const bool was_guarded = connection.is_guarded();
  connection.guard(false);  // the rules are what is migrated
  connection.execute("BEGIN IMMEDIATE", "begin the migration");
  try {
    const std::string hash = schema_hash(steps);
    for (const Migration& step : steps) {
      if (step.version <= from) continue;
      connection.execute(std::string(step.sql).c_str(), "migrate the schema");
      if (from == 0 && step.version == steps.front().version) insert_meta(connection, step.version, hash);
      Query query(connection, "UPDATE taskstate_meta SET schema = ?1, schema_hash = ?2");
      query.bind(1, step.version).bind(2, hash).run();
    }
    if (own_file) {
      const std::string header = "PRAGMA application_id = " + std::to_string(application_id) +
                                 "; PRAGMA user_version = " + std::to_string(steps.back().version);
      connection.execute(header.c_str(), "mark the file");
    }
    connection.execute("COMMIT", "commit the migration");
    connection.guard(was_guarded);
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
  static const core::NoDestructor<Sql> sql("SELECT min_reader, min_writer FROM taskstate_meta WHERE one = 1");
  Query query(connection, *sql);
  if (!query.step()) throw Failure(Code::corrupt, "taskstate_meta has no row");
  check_minimum(query.integer(0));  // who writes reads, too
  if (intent == Intent::write) check_minimum(query.integer(1));
}

}  // namespace tse::store::sqlite
