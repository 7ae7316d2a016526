// What is kept beside a task for a time, and what removes a task.
#pragma once

#include "store/sqlite/connection.hpp"
#include "store/sqlite/ledger.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tse::store::sqlite {

[[nodiscard]] std::optional<core::Replay> find_replay(Connection& connection, std::string_view zone_id,
                                                      std::string_view key);
void keep_replay(Connection& connection, std::string_view zone_id, std::string_view key, const core::Replay& replay);
void drop_replay(Connection& connection, std::string_view zone_id, std::string_view key);

[[nodiscard]] std::optional<std::int64_t> find_tombstone(Connection& connection, const core::Key& key);
void entomb(Connection& connection, const core::Key& key, std::int64_t now, std::int64_t until);

[[nodiscard]] std::vector<core::Key> find_ended(Connection& connection, EndedQuery& query);
/// Within the transaction whose ledger it is.
bool remove_task(Connection& connection, Ledger& ledger, const core::Key& key, std::int64_t now);
bool remove_ended(Connection& connection, Ledger& ledger, const core::Key& key, const EndedQuery& query);

[[nodiscard]] std::optional<Stored> find_result(Connection& connection, const core::Key& key);
void keep_result(Connection& connection, const core::Key& key, std::string_view result,
                 std::optional<std::int64_t> until);

[[nodiscard]] bool has_expired(Connection& connection, const Expiry& expiry);
std::size_t drop_expired(Connection& connection, const Expiry& expiry, std::size_t limit);

}  // namespace tse::store::sqlite
