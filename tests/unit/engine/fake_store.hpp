// A store whose commits the test holds, watches and fails.
#pragma once

#include "store/store.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tse::test {

class FakeStore final : public store::Store {
 public:
  using Results = std::vector<std::optional<core::Error>>;

  std::size_t group_limit = 64;
  /// What a commit gives; runs the changes and accepts them all unless set.
  std::function<Results(std::span<const store::Change* const>, const store::Patience&)> on_commit;
  /// Waits for the turn, or throws; nothing unless set.
  std::function<void(const store::Patience&)> on_turn;
  std::vector<std::size_t> group_sizes;  // read it when no commit runs

  /// What names its state, and what has moved.
  store::Proof kind_of_proof = store::Proof::none;
  std::atomic<std::uint64_t> state{1};
  std::atomic<bool> has_stamp{true};
  std::function<store::News(std::optional<std::int64_t>)> on_news;

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
  std::size_t max_group() const noexcept override { return group_limit; }

  void view(const std::function<void(store::View&)>& ask, const store::Patience&) override { ask(session_); }
  std::optional<core::Row> read(const core::Key&, const store::Patience&) override { return {}; }
  std::optional<std::string> payload(const core::Key&, const store::Patience&) override { return {}; }
  store::Found answer(const core::Key&, const std::optional<store::Stamp>&, const store::Patience&) override {
    return {};
  }
  store::News news(std::optional<std::int64_t> after, std::size_t, const store::Patience&) override {
    return on_news(after);
  }
  [[nodiscard]] store::Proof proof() const noexcept override { return kind_of_proof; }
  [[nodiscard]] std::optional<store::Stamp> stamp() const noexcept override {
    return has_stamp ? std::optional(store::Stamp{{state}}) : std::nullopt;
  }
  std::vector<core::Row> page(const store::PageQuery&, const store::Patience&) override { return {}; }
  std::int64_t count(const store::PageQuery&, const store::Patience&) override { return 0; }
  std::vector<core::Event> history(const core::Key&, std::optional<std::int64_t>, std::size_t,
                                   const store::Patience&) override {
    return {};
  }
  store::VerifyReport verify(const store::Patience&) override { return {}; }
  store::Feed feed(const store::FeedQuery&, const store::Patience&) override { return {}; }
  std::int64_t latest_event(const store::Patience&) override { return 0; }
  std::vector<store::Move> moves(std::int64_t, std::size_t, const store::Patience&) override { return {}; }
  store::Stats stats(std::string_view, const store::Patience&) override { return {}; }
  void backup(const std::string&, const store::Patience&) override {}
  void flush_removed(const store::Patience&) override {}
  void use_clock(const std::string&, const store::Patience&) override {}
  void note_lease(std::int64_t) override {}
  store::ClockPresence presence(std::string_view, std::int64_t) noexcept override { return {}; }
  std::optional<store::WallNotes> wall_notes() noexcept override { return {}; }
  void set_wall_note(store::WallNote, std::int64_t) noexcept override {}
  store::CommitFiles commit_files() const override { return {}; }
  std::string generation() const override { return generation_; }
  std::uint64_t content() const override { return 0; }
  bool tell_restored() override { return false; }
  bool is_unsettled() const override { return false; }
  void close() noexcept override {}
  void before_fork() noexcept override {}
  void after_fork_parent() noexcept override {}
  void after_fork_child() noexcept override {}

 private:
  class HeldTurn final : public store::WriteTurn {
   public:
    explicit HeldTurn(FakeStore& store) : store_(store) {}
    Results commit(std::span<const store::Change* const> changes, const store::Patience& patience) override {
      return store_.commit(changes, patience);
    }

   private:
    FakeStore& store_;
  };

  class NoSession final : public store::Session {
   public:
    std::optional<core::Row> read(const core::Key&) override { return {}; }
    std::optional<std::string> payload(const core::Key&) override { return {}; }
    std::vector<std::string> runnable_operations(std::span<const std::string>) override { return {}; }
    std::optional<std::string> next_runnable_zone(std::string_view, std::span<const std::string>) override {
      return {};
    }
    std::optional<core::Key> oldest_runnable(std::string_view, std::span<const std::string>, bool) override {
      return {};
    }
    std::optional<store::Result> result(const core::Key&) override { return {}; }
    std::int64_t count(std::string_view, core::Status) override { return 0; }
    std::vector<std::string> lease_clocks() override { return {}; }
    std::vector<core::Key> ended_leases(std::string_view, std::int64_t, std::size_t) override { return {}; }
    std::int64_t held_leases(std::string_view) override { return 0; }
    store::NextDue next_due(const store::DueAfter&) override { return {}; }
    std::vector<core::Key> overdue_starts(std::int64_t, std::size_t) override { return {}; }
    std::vector<core::Key> ripe(std::int64_t, std::size_t) override { return {}; }
    bool insert(const core::Row&, std::optional<std::string_view>) override { return true; }
    bool replace(const core::Row&, const core::Row&) override { return true; }
    std::int64_t next_epoch() override { return 1; }
    std::string generation() override { return "fake"; }
    void keep_result(const core::Key&, std::string_view, std::optional<std::int64_t>) override {}
    std::optional<core::Replay> replay(std::string_view, std::string_view) override { return {}; }
    std::optional<std::int64_t> tombstone(const core::Key&) override { return {}; }
    std::vector<core::Key> ended(store::EndedQuery&) override { return {}; }
    bool has_expired(const store::Expiry&) override { return false; }
    void keep_replay(std::string_view, std::string_view, const core::Replay&) override {}
    void drop_replay(std::string_view, std::string_view) override {}
    bool remove(const core::Key&, std::int64_t) override { return false; }
    bool remove_ended(const core::Key&, const store::EndedQuery&) override { return false; }
    void entomb(const core::Key&, std::int64_t, std::int64_t) override {}
    std::size_t drop_expired(const store::Expiry&, std::size_t) override { return 0; }
    void run(const store::Statement&, const core::Key&, std::int64_t) override {}
  };

  NoSession session_;
  std::string generation_ = "fake";
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  bool inside_ = false;
};

}  // namespace tse::test
