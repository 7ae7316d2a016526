// Whose turn it is among the zones.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace tse::engine {

/// Where the next claim begins: behind the zone that was served last, or where the look before it
/// gave up among zones at their limit, for as long as that round of looks has not seen all zones.
struct ClaimTurn {
  std::string served{};  ///< the zone that was served last; empty at first
  std::optional<std::string> stopped_at{};
  std::string round_began{};  ///< the first zone of the round
  bool wrapped = false;       ///< the round has come to the last zone and begun at the first
};

/// The turn of an engine's claims. Any thread.
class SharedClaimTurn {
 public:
  [[nodiscard]] ClaimTurn get() const {
    const std::lock_guard lock(mutex_);
    return turn_;
  }
  void set(ClaimTurn&& turn) noexcept {
    const std::lock_guard lock(mutex_);
    turn_ = std::move(turn);
  }

 private:
  mutable std::mutex mutex_;
  ClaimTurn turn_;
};

}  // namespace tse::engine
