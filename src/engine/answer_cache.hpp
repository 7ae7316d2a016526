// The answers that are polled for, rendered once and kept as long as they are current. One of the two hot paths.
//
// A poll takes no lock and writes nothing that others read: it compares the store's stamp with the one for which the
// table is known to be right, finds the entry, and copies it out. When the stamp has moved, whoever notices first reads
// from the event log which tasks moved, drops those, and publishes the stamp that it had read before; meanwhile others
// read the file. docs/internals/coherence.md says why no answer is ever older than a change acknowledged before.
//
// Entries never change; what is dropped is freed when no reader can look at it any more. What to keep is decided by
// S3-FIFO (Yang et al., SOSP 2023): newcomers wait in a short queue and reach the long one only if they are asked for
// again, so that a scan over many tasks passes through without pushing out those that are polled.
#pragma once

#include "core/answer.hpp"
#include "engine/reader_slots.hpp"
#include "engine/zero_pages.hpp"
#include "store/store.hpp"

#include <boost/intrusive/list.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace tse::engine {

/// Any number of threads. The store outlives it.
class AnswerCache {
 public:
  /// Takes over the settings of that stamp, if they are others. Throws Failure.
  using FollowSettings = std::function<void(std::int64_t stamp, const store::Patience& patience)>;
  /// `budget`: bytes, at the most; 0: keeps nothing.
  AnswerCache(store::Store& store, std::size_t budget, FollowSettings follow = {});
  ~AnswerCache();
  AnswerCache(const AnswerCache&) = delete;
  AnswerCache& operator=(const AnswerCache&) = delete;

  enum class Result {
    hit,
    absent,   ///< the table is current, but does not have it
    stale,    ///< something was committed: catch_up() first
    unknown,  ///< the store must be asked
  };
  /// Gives what is kept for a key to `use`, if it is current at this moment. `use` must be quick, and must not keep
  /// what it is given.
  template <class Use>
  Result find(core::KeyView key, Use&& use);

  /// Drops what has moved. False: somebody else is at it, or it cannot be done; the store must be asked. Throws
  /// Failure.
  bool catch_up(const store::Patience& patience);

  /// The state for which the table is right, if that is the current one: to read from the store what keep() is given.
  [[nodiscard]] std::optional<store::Stamp> proven() const noexcept;
  /// Keeps what was read in the state that proven() told. Best effort; never fails.
  void keep(const store::Stamp& read_in, core::KeyView key, const core::Representation& answer) noexcept;

  void count_miss() noexcept { misses_.fetch_add(1, std::memory_order_relaxed); }

  /// No reader is inside, and none comes in, once this returns.
  void close() noexcept;

  struct Figures {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] Figures figures() const;

 private:
  // In one block of memory with the texts that its views point to.
  struct Entry : boost::intrusive::list_base_hook<> {
    std::atomic<Entry*> next{nullptr};  // in its bucket; stays when it is removed, for readers who stand on it
    std::uint64_t hash = 0;
    std::size_t size = 0;  // of the block
    std::atomic<std::uint8_t> uses{0};
    bool lasts = false;  // in which queue
    core::KeyView key;
    core::Representation answer;
  };
  struct FreeEntry {
    void operator()(Entry* entry) const noexcept;
  };
  using Owned = std::unique_ptr<Entry, FreeEntry>;
  using Queue = boost::intrusive::list<Entry>;

  /// A stamp that readers see whole or not at all (a sequence lock).
  class Published {
   public:
    [[nodiscard]] bool is(const store::Stamp& stamp) const noexcept;
    void store(const store::Stamp& stamp) noexcept;

   private:
    std::atomic<std::uint64_t> turn_{0};  // odd while the words change
    std::array<std::atomic<std::uint64_t>, 4> words_{};
  };

  [[nodiscard]] std::uint64_t hash(core::KeyView key) const noexcept;
  [[nodiscard]] std::atomic<Entry*>& bucket(std::uint64_t hash) const noexcept { return buckets_[hash & mask_]; }
  [[nodiscard]] Entry* look(core::KeyView key, std::uint64_t hash) const noexcept;
  [[nodiscard]] Owned make(core::KeyView key, std::uint64_t hash, const core::Representation& answer) const noexcept;
  [[nodiscard]] std::optional<store::Stamp> current() const noexcept;
  void insert(Owned entry) noexcept;
  void remove(Entry& entry) noexcept;
  void drop(core::KeyView key) noexcept;
  void drop_all() noexcept;
  void make_room() noexcept;
  void remember(std::uint64_t hash) noexcept;
  [[nodiscard]] bool is_remembered(std::uint64_t hash) const noexcept;
  void reclaim() noexcept;

  store::Store& store_;
  const FollowSettings follow_;
  const std::size_t budget_;
  const std::size_t mask_;
  const std::uint64_t seed_;
  const ZeroPages<std::atomic<Entry*>> buckets_;
  mutable ReaderSlots readers_;
  Published published_;
  std::atomic<bool> open_;
  std::atomic<std::uint64_t> misses_{0};

  // What follows is for whoever changes the table.
  mutable std::mutex mutex_;
  std::optional<std::int64_t> seen_;  // the newest event that the table knows of
  std::uint64_t content_ = 0;         // of which that is
  std::int64_t settings_ = 0;         // the stamp of those by which the answers were rendered
  std::optional<store::Stamp> right_for_;
  Queue fresh_, lasting_;  // oldest first
  std::size_t fresh_bytes_ = 0, lasting_bytes_ = 0;
  const ZeroPages<std::uint32_t> remembered_;  // parts of the hashes of what left lately, each in its place
  Queue removed_;                              // not to be found any more
  Queue leaving_;                              // the same; freed once nobody is awaited
  std::uint64_t awaited_ = 0;                  // slots whose readers may have found what is leaving
  std::size_t unfreed_bytes_ = 0;              // of both
};

template <class Use>
AnswerCache::Result AnswerCache::find(core::KeyView key, Use&& use) {
  const std::uint64_t hash = this->hash(key);
  ReaderSlots::Section inside(readers_);
  if (!open_.load()) return Result::unknown;
  const std::optional<store::Stamp> now = store_.stamp();
  if (!now) return Result::unknown;
  if (!published_.is(*now)) return Result::stale;
  Entry* const entry = look(key, hash);
  if (entry == nullptr) return Result::absent;
  // Written only while it matters: a line that nobody writes is read by all processors at once.
  constexpr std::uint8_t most_uses = 3;
  if (const auto uses = entry->uses.load(std::memory_order_relaxed); uses < most_uses)
    entry->uses.store(uses + 1, std::memory_order_relaxed);
  use(std::as_const(entry->answer));
  inside.count_hit();
  return Result::hit;
}

}  // namespace tse::engine
