// Carries out groups of changes: one transaction, one fsync, a savepoint for each change.
#pragma once

#include "store/sqlite/database.hpp"

#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace tse::store::sqlite {

class Writer {
 public:
  explicit Writer(Database& database) : database_(database) {}

  using Results = std::vector<std::optional<core::Error>>;
  /// As Store::commit(). Any number of threads.
  Results commit(std::span<const Change* const> changes, Deadline deadline);

 private:
  struct Group;
  void commit_all(Group& group, Deadline deadline);
  void run_transaction(Group& group, Deadline deadline);
  enum class Ran { kept, refused, rolled_back, over_budget };
  Ran run_change(Group& group, std::size_t index);
  void finish(Group& group);
  std::unique_lock<std::mutex> begin(Deadline deadline);
  void checkpoint_if_due();
  void note(const core::Error& error);

  Database& database_;
  int next_checkpoint_ = 0;
};

}  // namespace tse::store::sqlite
