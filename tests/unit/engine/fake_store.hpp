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
  explicit FakeStore(store::Proof proof) : Store({proof}) {}

  /// What names its state, and what has moved.
  std::atomic<std::uint64_t> state{1};
  std::atomic<bool> has_stamp{true};
  std::function<store::News(std::optional<std::int64_t>)> on_news;

  void commit(std::span<const store::Change> changes, std::span<std::optional<core::Error>>, store::Deadline,
              const std::stop_token&) override {
    for (const store::Change& change : changes) change.run(session_);
  }

  void view(const std::function<void(store::View&)>& ask, const store::Patience&) override { ask(session_); }
  void answers(std::span<const core::Key>, std::span<store::Found>, const std::optional<store::Stamp>&,
               const store::Patience&) override {}
  store::News news(std::optional<std::int64_t> after, std::size_t, const store::Patience&) override {
    return on_news(after);
  }
  [[nodiscard]] std::optional<store::Stamp> stamp() const noexcept override {
    return has_stamp ? std::optional(store::Stamp{{state}}) : std::nullopt;
  }
  store::Page page(const store::PageQuery&, const store::Patience&) override { return {}; }
  std::vector<core::Event> history(const core::Key&, std::optional<std::int64_t>, std::size_t,
                                   const store::Patience&) override {
    return {};
  }
  store::VerifyReport verify(const store::Patience&) override { return {}; }
  store::Feed feed(const store::FeedQuery&, const store::Patience&) override { return {}; }
  store::Stats stats(std::string_view, const store::Patience&) override { return {}; }
  void backup(const std::string&, const store::Patience&) override {}
  void flush_removed(const store::Patience&) override {}
  void accept_clock() noexcept override {}
  std::unique_ptr<store::Notices> notices() override { return {}; }
  [[nodiscard]] store::Content content() const override { return {generation_, 0, false}; }
  [[nodiscard]] std::int64_t settings_stamp() const noexcept override { return 0; }
  bool tell_restored() override { return false; }
  void close() noexcept override {}
  void at_fork(store::Fork) noexcept override {}

 private:
  NoSession session_;
  std::string generation_ = "fake";
};

}  // namespace tse::test
