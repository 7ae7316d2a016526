// The questions that the store answers, each on a connection whose transaction is somebody else's concern.
#pragma once

#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tse::store::sqlite {

[[nodiscard]] std::optional<core::Row> find_row(Connection& connection, const core::Key& key);
/// What stands in the file.
[[nodiscard]] std::string find_generation(Connection& connection);
[[nodiscard]] std::optional<Stored> find_payload(Connection& connection, const core::Key& key);
/// Checks the schema in the same statement, so that the hottest question needs no transaction around it, and tells the
/// stamp of the settings.
[[nodiscard]] Found find_answer(Connection& connection, const core::Key& key, std::int64_t& settings);
/// The same, without looking whether the file's schema is known, and not all of it from one snapshot.
[[nodiscard]] Found find_answer_unchecked(Connection& connection, const core::Key& key);
/// `patience` is what limits the connection's statements.
[[nodiscard]] Page find_page(Connection& connection, const PageQuery& query, const Patience& patience);
[[nodiscard]] std::int64_t count_rows(Connection& connection, const PageQuery& query);
/// How many tasks of the zone have the status, as the counters say.
[[nodiscard]] std::int64_t count_in_zone(Connection& connection, std::string_view zone_id, core::Status status);
/// Newest first, at most `limit`; of those before an event of the task.
[[nodiscard]] std::vector<core::Event> find_history(Connection& connection, const core::Key& key,
                                                    std::optional<std::int64_t> before, std::size_t limit);

/// The counters with a row for each status, as a table of (zone_id, operation, status, count).
inline constexpr const char* counts_table =
    "(SELECT zone_id, operation, 'pending' AS status, pending AS count FROM taskstate_counters UNION ALL "
    "SELECT zone_id, operation, 'running', running FROM taskstate_counters UNION ALL "
    "SELECT zone_id, operation, 'completed', completed FROM taskstate_counters UNION ALL "
    "SELECT zone_id, operation, 'failed', failed FROM taskstate_counters)";

/// The SQL of find_page(), count_rows() and find_history(), for the tests that look at its plan.
[[nodiscard]] std::string page_sql(const PageQuery& query);
[[nodiscard]] std::string count_sql(const PageQuery& query);
[[nodiscard]] const std::string& history_sql(bool from_newest);

}  // namespace tse::store::sqlite
