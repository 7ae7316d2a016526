// Carries out groups of changes: one transaction, one fsync, a savepoint for each change.
#pragma once

#include "store/commit_group.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/ledger.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace tse::store::sqlite {

class Writer final : public GroupWriter {
 public:
  explicit Writer(Database& database) : database_(database) {}

  using Results = std::vector<std::optional<core::Error>>;
  [[nodiscard]] std::unique_ptr<WriteTurn> turn(const Patience& patience) override;
  [[nodiscard]] std::size_t max_group() const noexcept override { return 256; }
  /// Tries once to empty the log. False: a reader keeps it. While nobody commits. Throws Failure.
  [[nodiscard]] bool empty_log(const Patience& patience);
  /// Adds what was done so far.
  void count(Stats& stats) const noexcept;

 private:
  struct Group;
  class Held;
  Results commit(std::span<const Change* const> changes, const Patience& patience);
  void commit_all(Group& group, const Patience& patience);
  void run_transaction(Group& group, const Patience& patience);
  [[nodiscard]] std::optional<Generation> recognise(Group& group);
  [[nodiscard]] const Origin& origin_of(const Group& group);
  void note_left(const Group& group);
  void renew(const Generation& generation, const Patience& patience);
  enum class Ran { kept, refused, rolled_back, over_budget };
  Ran run_change(Group& group, std::size_t index);
  void finish(Group& group);
  [[nodiscard]] bool is_undone(int extended, const core::Error& error);
  std::unique_lock<TransactionLock> begin(Group& group, const Patience& patience);
  Ran give_up(Group& group, const Ledger::Place& place);
  void fold_if_due(Group& group);
  void checkpoint_if_due();
  void note(const core::Error& error);
  void poison(const core::Error& error);
  void lock(const Patience& patience);

  Database& database_;
  int next_checkpoint_ = 0;
  std::optional<Origin> left_;       // what the last transaction found or left; for whoever leads
  std::optional<Stamp> left_state_;  // the state in which it is so; none: it must be read
  std::int64_t folded_through_ = 0;  // up to which event the metrics were folded, as far as is known
  std::atomic<std::int64_t> commits_{0}, changes_{0}, largest_group_{0}, checkpoints_{0}, lock_waits_{0},
      lock_wait_us_{0};
};

}  // namespace tse::store::sqlite
