// A session of an empty store that takes everything.
#pragma once

#include "store/store.hpp"

namespace tse::test {

class NoSession final : public store::Session {
 public:
  std::optional<core::Row> read(const core::Key&) override { return {}; }
  store::Now now() override { return {}; }
  std::string generation() override { return "fake"; }
  store::Candidates claimable(store::ClaimQuery&, const store::Patience&) override {
    return [] { return std::nullopt; };
  }
  std::optional<store::Stored> stored(const core::Key&, store::Part) override { return {}; }
  std::int64_t count(std::string_view, core::Status) override { return 0; }
  store::Due due(const store::DueQuery&) override { return {}; }
  bool is_comparable(std::string_view) override { return true; }
  bool insert(const core::Row&, std::optional<std::string_view>) override { return true; }
  store::Replaced replace(const core::Row&, const core::Row&) override { return store::Replaced::done; }
  store::LeaseStart lease(std::int64_t) override { return {1, "fake", 0}; }
  void keep_result(const core::Key&, std::string_view, std::optional<std::int64_t>) override {}
  std::optional<core::Replay> replay(std::string_view, std::string_view) override { return {}; }
  std::optional<std::int64_t> tombstone(const core::Key&) override { return {}; }
  std::vector<core::Key> ended(store::EndedQuery&) override { return {}; }
  core::StoredSettings settings() override { return {}; }
  bool set_paused(const store::Pause&, bool) override { return false; }
  void set_replay(std::string_view, std::string_view, const core::Replay*) override {}
  bool remove(const store::Removal&) override { return false; }
  void entomb(const core::Key&, std::int64_t, std::int64_t) override {}
  std::size_t drop_expired(const store::Expiry&, std::size_t) override { return 0; }
  void run(const store::Statement&, const core::Key&, std::int64_t) override {}
};

}  // namespace tse::test
