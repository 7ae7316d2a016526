#include "store/sqlite/settings.hpp"

#include "core/no_destructor.hpp"

#include <cstdint>
#include <string>

namespace tse::store::sqlite {
namespace {

std::int64_t random_stamp() noexcept {
  std::uint64_t number = 0;
  sqlite3_randomness(sizeof number, &number);
  return static_cast<std::int64_t>(number >> 1);
}

void put(Connection& connection, const std::string& name, const std::string& value) {
  Query(connection, "UPDATE taskstate_settings SET value = ?2 WHERE name = ?1").bind(1, name).bind(2, value).run();
  if (sqlite3_changes(connection.handle()) == 1) return;
  Query(connection, "INSERT INTO taskstate_settings (name, value) VALUES (?1, ?2)").bind(1, name).bind(2, value).run();
}

}  // namespace

core::StoredSettings find_settings(Connection& connection) {
  static const core::NoDestructor<Sql> sql("SELECT name, value FROM taskstate_settings");
  Query query(connection, *sql);
  core::StoredSettings stored;
  while (query.step()) stored.emplace(query.text(0), query.text(1));
  return stored;
}

void settle_settings(const Options& options, Connection& writer) {
  if (!options.settle) return;
  core::StoredSettings to_write = options.settle(find_settings(writer));
  if (to_write.empty()) return;
  to_write.insert_or_assign(std::string(core::settings_stamp), std::to_string(random_stamp()));
  writer.execute("BEGIN IMMEDIATE", "begin to write the settings");
  try {
    for (const auto& [name, value] : to_write) put(writer, name, value);
    writer.execute("COMMIT", "commit the settings");
  } catch (...) {
    writer.rollback();
    throw;
  }
}

void compare_settings(const Options& options, Connection& connection) {
  if (options.settle) (void)options.settle(find_settings(connection));
}

}  // namespace tse::store::sqlite
