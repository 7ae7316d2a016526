// Readers without locks, and when what they may still look at can be freed.
//
// Whoever reads enters a slot: its count goes up, and down again at the end. Threads have slots of their own as long as
// there are enough, so that readers do not slow each other down. What a writer has unlinked nobody new can find; once
// each slot has been seen empty since, nobody looks at it any more. That is the order which makes it safe: the writer
// unlinks, then looks at the slots; a reader counts itself in, then looks for things, both in the one total order of
// sequential consistency.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace tse::engine {

/// Any number of threads.
class ReaderSlots {
  static constexpr std::uint64_t one_hit = std::uint64_t{1} << 16;  // below it: how many are inside
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> state{0};
  };

 public:
  static constexpr std::size_t count = 64;
  static constexpr std::uint64_t all = ~std::uint64_t{0};  ///< a bit for each slot

  /// Inside until the end of the scope.
  class Section {
   public:
    explicit Section(ReaderSlots& slots) noexcept : slot_(slots.own()) { slot_.state.fetch_add(1); }
    ~Section() { slot_.state.fetch_add(hit_ ? one_hit - 1 : ~std::uint64_t{0}, std::memory_order_release); }
    Section(const Section&) = delete;
    Section& operator=(const Section&) = delete;
    /// Counts it: free of charge, since it is done while leaving.
    void count_hit() noexcept { hit_ = true; }

   private:
    Slot& slot_;
    bool hit_ = false;
  };

  /// Which of these slots are in use.
  [[nodiscard]] std::uint64_t occupied(std::uint64_t among) const noexcept {
    std::uint64_t found = 0;
    for (std::uint64_t left = among; left != 0; left &= left - 1)
      if (slots_[static_cast<std::size_t>(std::countr_zero(left))].state.load() % one_hit != 0) found |= left & -left;
    return found;
  }
  /// Returns when all who are inside now have left.
  void drain() const noexcept {
    for (std::uint64_t left = all; (left = occupied(left)) != 0;) std::this_thread::yield();
  }
  [[nodiscard]] std::uint64_t hits() const noexcept {
    std::uint64_t sum = 0;
    for (const Slot& slot : slots_) sum += slot.state.load(std::memory_order_relaxed) / one_hit;
    return sum;
  }

 private:
  [[nodiscard]] Slot& own() noexcept {
    static std::atomic<unsigned> threads{0};
    thread_local unsigned own = 0;  // 0: not yet chosen
    if (own == 0) [[unlikely]]
      own = threads.fetch_add(1, std::memory_order_relaxed) % count + 1;
    return slots_[own - 1];
  }

  std::array<Slot, count> slots_;
};

}  // namespace tse::engine
