// What can be asked of one snapshot, on a connection whose transaction is somebody else's concern.
#pragma once

#include "store/sqlite/due.hpp"
#include "store/sqlite/picker.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/retention.hpp"
#include "store/sqlite/settings.hpp"

namespace tse::store::sqlite {

/// The questions of View, for View itself and for the Session that asks and changes.
template <class Base>
class Answering : public Base {
 public:
  Answering(Connection& connection, Timekeeper& time) : connection_(connection), time_(time) {}

  std::optional<core::Row> read(const core::Key& key) override { return find_row(connection_, key); }
  std::optional<Stored> stored(const core::Key& key, Part part) override {
    return part == Part::payload ? find_payload(connection_, key) : find_result(connection_, key);
  }
  Now now() override { return time_.now(); }
  std::string generation() override { return find_generation(connection_); }
  Candidates claimable(ClaimQuery& query, const Patience& patience) override {
    const auto picker = std::make_shared<Picker>(connection_, *this, query, patience);
    return [picker] { return picker->next(); };
  }
  std::int64_t count(std::string_view zone_id, core::Status status) override {
    return count_in_zone(connection_, zone_id, status);
  }
  Due due(const DueQuery& query) override { return find_due(connection_, time_, query); }
  bool is_comparable(std::string_view clock) override { return time_.over_until(clock).has_value(); }
  std::optional<core::Replay> replay(std::string_view zone_id, std::string_view key) override {
    return find_replay(connection_, zone_id, key);
  }
  std::optional<std::int64_t> tombstone(const core::Key& key) override { return find_tombstone(connection_, key); }
  std::vector<core::Key> ended(EndedQuery& query) override { return find_ended(connection_, query); }
  core::StoredSettings settings() override { return find_settings(connection_); }

 protected:
  Connection& connection_;
  Timekeeper& time_;
};

using SqliteView = Answering<View>;

}  // namespace tse::store::sqlite
