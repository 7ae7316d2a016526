// A writer whose commits the test holds, watches and fails.
#pragma once

#include "store/commit_group.hpp"
#include "unit/store/no_session.hpp"

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace tse::test {

class FakeWriter final : public store::GroupWriter {
 public:
  using Results = std::vector<std::optional<core::Error>>;

  std::size_t group_limit = 64;
  /// What a commit gives; runs the changes and accepts them all unless set.
  std::function<Results(std::span<const store::Change* const>, const store::Patience&)> on_commit;
  /// Waits for the turn, or throws; nothing unless set.
  std::function<void(const store::Patience&)> on_turn;
  std::vector<std::size_t> group_sizes;  // read it when no commit runs

  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  /// Returns once a commit is inside and held.
  void wait_until_entered() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return inside_; });
  }

  std::unique_ptr<store::WriteTurn> turn(const store::Patience& patience) override {
    if (on_turn) on_turn(patience);
    return std::make_unique<HeldTurn>(*this);
  }
  Results commit(std::span<const store::Change* const> changes, const store::Patience& patience) {
    {
      std::unique_lock lock(mutex_);
      inside_ = true;
      changed_.notify_all();
      changed_.wait(lock, [this] { return !held_; });
      inside_ = false;
    }
    group_sizes.push_back(changes.size());
    if (on_commit) return on_commit(changes, patience);
    Results results(changes.size());
    for (std::size_t i = 0; i < changes.size(); ++i) {
      try {
        changes[i]->run(session_);
      } catch (const core::Failure& failure) {
        results[i] = failure.error();
      }
    }
    return results;
  }
  [[nodiscard]] std::size_t max_group() const noexcept override { return group_limit; }

 private:
  class HeldTurn final : public store::WriteTurn {
   public:
    explicit HeldTurn(FakeWriter& writer) : writer_(writer) {}
    Results commit(std::span<const store::Change* const> changes, const store::Patience& patience) override {
      return writer_.commit(changes, patience);
    }

   private:
    FakeWriter& writer_;
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  bool inside_ = false;
  NoSession session_;
};

}  // namespace tse::test
