// The settings that the file holds, as this engine has read them last.
#pragma once

#include "core/file_settings.hpp"

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>

namespace tse::engine {

/// Any number of threads. What now() gives stays as long as this: settings change seldom, and are small.
class Rules {
 public:
  /// `given`: what holds where the file says nothing.
  explicit Rules(const core::FileSettings& given) : versions_{{given, 0}}, now_(&versions_.back()) {}

  [[nodiscard]] const core::FileSettings& now() const noexcept {
    return now_.load(std::memory_order_acquire)->settings;
  }
  /// By which the file tells whether they are still its own.
  [[nodiscard]] std::int64_t stamp() const noexcept { return now_.load(std::memory_order_acquire)->stamp; }

  /// Takes over what the file says. Throws Failure(corrupt): then those from before hold, under the new stamp.
  void renew(const core::StoredSettings& stored);

 private:
  struct Version {
    core::FileSettings settings;
    std::int64_t stamp;
  };
  void become(core::FileSettings settings, std::int64_t stamp);

  std::mutex mutex_;  // of who renews
  std::list<Version> versions_;
  std::atomic<const Version*> now_;
};

}  // namespace tse::engine
