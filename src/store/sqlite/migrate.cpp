#include "store/sqlite/migrate.hpp"

#include "core/hash.hpp"
#include "core/no_destructor.hpp"
#include "store/sqlite/failure.hpp"

#include <string_view>

namespace tse::store::sqlite {

using core::Code;
using core::Failure;

namespace {

void insert_meta(Connection& connection, const Migration& first) {
  Query query(connection,
              "INSERT INTO taskstate_meta (one, schema, min_reader, min_writer, schema_hash, generation) "
              "VALUES (1, ?1, ?2, ?3, ?4, lower(hex(randomblob(16))))");
  const std::string none(32, '0');  // set with the last step
  query.bind(1, first.version).bind(2, first.min_reader).bind(3, first.min_writer).bind(4, none).run();
}

void run_step(Connection& connection, const Migration& step) {
  connection.execute(std::string(step.sql).c_str(), "migrate the schema");
  Query query(
      connection,
      "UPDATE taskstate_meta SET schema = ?1, min_reader = max(min_reader, ?2), min_writer = max(min_writer, ?3)");
  query.bind(1, step.version).bind(2, step.min_reader).bind(3, step.min_writer).run();
}

void run_steps(Connection& connection, std::int64_t from, std::span<const Migration> steps, const Course& course) {
  for (const Migration& step : steps) {
    if (step.version <= from) continue;
    if (course.before_step) course.before_step(step.version);
    if (from == 0 && step.version == steps.front().version) {
      connection.execute(std::string(step.sql).c_str(), "make the schema");
      insert_meta(connection, step);
    } else {
      run_step(connection, step);
    }
  }
  const std::string hash = schema_hash(steps);
  Query(connection, "UPDATE taskstate_meta SET schema_hash = ?1").bind(1, hash).run();
}

// A commit that fails on its way to the disk may stand there all the same.
void commit(Connection& connection) {
  try {
    connection.execute("COMMIT", "commit the migration");
  } catch (const Failure& failure) {
    if (failure.error().code != Code::io_error) throw;
    throw Failure(Code::io_error, failure.error().message, core::Outcome::unknown);
  }
}

}  // namespace

std::string schema_hash(std::span<const Migration> steps) {
  std::string hash;
  for (const Migration& step : steps) hash = core::hash128(hash.append(step.sql));
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const char byte : hash)
    hex.append({digits[static_cast<unsigned char>(byte) >> 4], digits[static_cast<unsigned char>(byte) & 15]});
  return hex;
}

std::int64_t schema_of(Connection& connection) {
  return connection.integer("SELECT schema FROM taskstate_meta WHERE one = 1");
}

void refuse_older(Connection& connection, std::int64_t first) {
  const std::int64_t found = schema_of(connection);
  if (found < first)
    throw Failure(Code::schema_too_old, "the file has schema " + std::to_string(found) +
                                            ", of a version of taskstate that was never released, and cannot be "
                                            "migrated: begin with a new file");
}

void require_known(Connection& connection, std::span<const Migration> steps) {
  refuse_older(connection, steps.front().version);
  Query query(connection, "SELECT schema, schema_hash FROM taskstate_meta WHERE one = 1");
  if (!query.step() || query.integer(0) > steps.back().version) return;
  const auto known = static_cast<std::size_t>(query.integer(0) - steps.front().version) + 1;
  if (query.view(1) == schema_hash(steps.first(known))) return;
  throw Failure(Code::unsupported, "the file has schema " + std::to_string(query.integer(0)) +
                                       " of another development build of taskstate: open it with that build, or begin "
                                       "with a new file");
}

void migrate(Connection& connection, std::int64_t from, std::span<const Migration> steps, bool own_file,
             const Course& course) {
  const bool was_guarded = connection.is_guarded();
  connection.guard(false);  // the rules are what is migrated
  connection.execute("BEGIN IMMEDIATE", "begin the migration");
  try {
    if (course.before_first) course.before_first();
    run_steps(connection, from, steps, course);
    if (own_file) {
      const std::string header = "PRAGMA application_id = " + std::to_string(application_id) +
                                 "; PRAGMA user_version = " + std::to_string(steps.back().version);
      connection.execute(header.c_str(), "mark the file");
    }
    if (course.before_commit) course.before_commit();
    commit(connection);
    connection.guard(was_guarded);
  } catch (...) {
    connection.rollback();
    throw;
  }
}

void check_minimum(std::int64_t minimum) {
  if (minimum > newest_schema())
    throw Failure(Code::schema_too_new, "the file needs an engine for schema " + std::to_string(minimum) +
                                            ", this one knows schema " + std::to_string(newest_schema()));
}

void check_schema(Connection& connection, Intent intent) {
  static const core::NoDestructor<Sql> sql("SELECT min_reader, min_writer FROM taskstate_meta WHERE one = 1");
  Query query(connection, *sql);
  if (!query.step()) throw Failure(Code::corrupt, "taskstate_meta has no row");
  check_minimum(query.integer(0));  // who writes reads, too
  if (intent == Intent::write) check_minimum(query.integer(1));
}

}  // namespace tse::store::sqlite
