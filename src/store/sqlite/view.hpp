// What can be asked of one snapshot, on a connection whose transaction is somebody else's concern.
#pragma once

#include "store/sqlite/queries.hpp"
#include "store/sqlite/retention.hpp"
#include "store/sqlite/runnable.hpp"
#include "store/sqlite/settings.hpp"

namespace tse::store::sqlite {

/// The questions of View, for View itself and for the Session that asks and changes.
template <class Base>
class Answering : public Base {
 public:
  explicit Answering(Connection& connection) : connection_(connection) {}

  std::optional<core::Row> read(const core::Key& key) override { return find_row(connection_, key); }
  std::optional<std::string> payload(const core::Key& key) override { return find_payload(connection_, key); }
  std::optional<Result> result(const core::Key& key) override { return find_result(connection_, key); }
  std::vector<std::string> runnable_operations(std::span<const std::string> asked) override {
    return find_runnable_operations(connection_, asked);
  }
  std::optional<std::string> some_zone(std::uint64_t random) override { return find_some_zone(connection_, random); }
  std::optional<std::string> next_runnable_zone(std::string_view after,
                                                std::span<const std::string> operations) override {
    return find_runnable_zone(connection_, after, operations);
  }
  std::optional<core::Key> oldest_runnable(std::string_view zone_id, std::span<const std::string> operations,
                                           bool offered_again) override {
    return find_oldest_runnable(connection_, zone_id, operations, offered_again);
  }
  std::int64_t count(std::string_view zone_id, core::Status status) override {
    return count_in_zone(connection_, zone_id, status);
  }
  std::vector<std::string> lease_clocks() override { return find_lease_clocks(connection_); }
  std::vector<core::Key> ended_leases(std::string_view clock, std::int64_t until, std::size_t limit) override {
    return find_ended_leases(connection_, clock, until, limit);
  }
  std::int64_t held_leases(std::string_view clock) override { return count_leases(connection_, clock); }
  NextDue next_due(const DueAfter& after) override { return find_next_due(connection_, after); }
  std::vector<core::Key> overdue_starts(std::int64_t now, std::size_t limit) override {
    return find_overdue_starts(connection_, now, limit);
  }
  std::vector<core::Key> ripe(std::int64_t now, std::size_t limit) override {
    return find_ripe(connection_, now, limit);
  }
  std::optional<core::Replay> replay(std::string_view zone_id, std::string_view key) override {
    return find_replay(connection_, zone_id, key);
  }
  std::optional<std::int64_t> tombstone(const core::Key& key) override { return find_tombstone(connection_, key); }
  std::vector<core::Key> ended(EndedQuery& query) override { return find_ended(connection_, query); }
  bool has_expired(const Expiry& expiry) override { return ::tse::store::sqlite::has_expired(connection_, expiry); }
  core::StoredSettings settings() override { return find_settings(connection_); }

 protected:
  Connection& connection_;
};

using SqliteView = Answering<View>;

}  // namespace tse::store::sqlite
