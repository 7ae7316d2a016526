// What a change sees: the open write transaction.
#pragma once

#include "store/sqlite/connection.hpp"

#include <cstddef>

namespace tse::store::sqlite {

class SqliteSession final : public Session {
 public:
  explicit SqliteSession(Connection& connection) : connection_(connection) {}
  std::optional<core::Row> read(const core::Key& key) override;
  bool insert(const core::Row& row, std::optional<std::string_view> payload) override;
  bool replace(std::int64_t expected, const core::Row& next) override;
  /// About how many frames the writes so far add to the log.
  [[nodiscard]] int frames() const noexcept { return frames_; }

 private:
  void count(std::size_t bytes) noexcept;
  Connection& connection_;
  int frames_ = 0;
};

}  // namespace tse::store::sqlite
