// What a change sees: the open write transaction.
#pragma once

#include "store/sqlite/ledger.hpp"
#include "store/sqlite/view.hpp"

#include <cstddef>

namespace tse::store::sqlite {

class SqliteSession final : public Answering<Session> {
 public:
  /// The ledger is the transaction's, the patience that of the host's statements; both must outlive it.
  SqliteSession(Connection& connection, Timekeeper& time, Ledger& ledger, const Patience& patience)
      : Answering(connection, time), ledger_(ledger), patience_(patience) {}
  bool insert(const core::Row& row, std::optional<std::string_view> payload) override;
  [[nodiscard]] Replaced replace(const core::Row& before, const core::Row& next) override;
  LeaseStart lease(std::int64_t duration) override;
  std::int64_t count(std::string_view zone_id, core::Status status) override;
  void keep_result(const core::Key& key, std::string_view result, std::optional<std::int64_t> until) override;
  bool set_paused(const Pause& pause, bool paused) override;
  void set_replay(std::string_view zone_id, std::string_view key, const core::Replay* replay) override;
  bool remove(const Removal& removal) override;
  void entomb(const core::Key& key, std::int64_t now, std::int64_t until) override;
  std::size_t drop_expired(const Expiry& expiry, std::size_t limit) override;
  void run(const Statement& statement, const core::Key& key, std::int64_t now) override;
  /// About how many frames the writes so far add to the log, beside those that a transaction adds in any case.
  [[nodiscard]] int frames() const noexcept { return frames_; }

 private:
  void count_frames(int pages, std::size_t bytes) noexcept;
  Ledger& ledger_;
  const Patience& patience_;
  int frames_ = 0;
};

}  // namespace tse::store::sqlite
