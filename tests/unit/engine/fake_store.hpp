// A store that says of its state what the test wants.
#pragma once

#include "unit/store/no_session.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tse::test {

class FakeStore final : public store::Store {
 public:
  /// What names its state, and what has moved.
  store::Proof kind_of_proof = store::Proof::none;
  std::atomic<std::uint64_t> state{1};
  std::atomic<bool> has_stamp{true};
  std::function<store::News(std::optional<std::int64_t>)> on_news;

  void commit(std::span<const store::Change> changes, std::span<std::optional<core::Error>>, store::Deadline,
              const std::stop_token&) override {
    for (const store::Change& change : changes) change.run(session_);
  }

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
  store::Page page(const store::PageQuery&, const store::Patience&) override { return {}; }
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
  void accept_clock() noexcept override {}
  std::unique_ptr<store::Notices> notices() override { return {}; }
  std::string generation() const override { return generation_; }
  std::uint64_t content() const override { return 0; }
  bool tell_restored() override { return false; }
  bool is_unsettled() const override { return false; }
  std::int64_t settings_stamp() const noexcept override { return 0; }
  void close() noexcept override {}
  void before_fork() noexcept override {}
  void after_fork_parent() noexcept override {}
  void after_fork_child() noexcept override {}

 private:
  NoSession session_;
  std::string generation_ = "fake";
};

}  // namespace tse::test
