// What one write transaction adds beside the rows: numbered events, and what the counters say of them.
#pragma once

#include "store/sqlite/connection.hpp"
#include "store/sqlite/lineage.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tse::store::sqlite {

/// What of a change its event tells.
struct EventOf {
  const core::Row& row;                ///< as it is after the change
  std::optional<core::Status> from{};  ///< none: its creation
  std::int64_t previous = 0;
};

class Ledger {
 public:
  /// Of a transaction that begins with `newest`.
  void begin(const Landmark& newest);
  [[nodiscard]] const Landmark& newest() const noexcept { return newest_; }
  /// The number that the next event will have.
  [[nodiscard]] std::int64_t next() const noexcept { return newest_.sequence + 1; }

  /// Writes an event, and counts what it says. Its number is next().
  void append(Connection& connection, const EventOf& event);
  /// Writes the event "purged" of a task that has ended.
  void append_purge(Connection& connection, const core::Row& row, std::int64_t at);

  /// The task's newest event: what this transaction made it, where it was changed just before.
  [[nodiscard]] std::int64_t head_of(const core::Row& row) const noexcept;
  void moved(std::int64_t number, std::int64_t version, std::int64_t last_event) noexcept;

  /// Whether the transaction may have removed events, and so changed what taskstate_meta says of the feed.
  [[nodiscard]] bool has_removed() const noexcept { return has_removed_; }
  void note_removal() noexcept { has_removed_ = true; }

  /// How much the counter of a zone and status will have changed.
  [[nodiscard]] std::int64_t counted(std::string_view zone_id, core::Status status) const noexcept;
  /// Writes the counters. Once for each zone and operation, however many changes there were.
  void settle(Connection& connection);

  /// For giving up the last of several changes.
  struct Place {
    Landmark newest;
    std::size_t counts = 0;
  };
  [[nodiscard]] Place place() const noexcept { return {newest_, counts_.size()}; }
  void go_back(const Place& place);

 private:
  struct Count {
    std::string zone_id, operation;
    std::array<std::int64_t, 4> by{};  // by status
    std::int64_t through = 0;
    bool is_purge = false;
  };
  void wrote(Connection& connection, const core::Task& task, std::int64_t mark, Count&& count);
  static void write(Connection& connection, const Count& count);

  Landmark newest_;
  std::vector<Count> counts_;
  bool has_removed_ = false;
  struct {
    std::int64_t number = 0, version = 0, last_event = 0;
  } moved_;
};

}  // namespace tse::store::sqlite
