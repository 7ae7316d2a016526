// Who waits for something to claim, and how they are woken: in threads, or behind descriptors.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tse::engine {

/// Which tasks a claim looks at; sorted, without duplicates, so that equal filters are equal.
struct ClaimFilter {
  std::vector<std::string> zones;       ///< empty: all
  std::vector<std::string> operations;  ///< empty: all
  bool operator==(const ClaimFilter&) const = default;
};

class Watches;

/// A descriptor that becomes readable when there may be something to do. Any thread, one at a time.
class Watch {
 public:
  ~Watch();
  /// Throws Failure(closed) if the engine is.
  void await_claim(ClaimFilter filter);
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  void reset();
};

}  // namespace tse::engine
