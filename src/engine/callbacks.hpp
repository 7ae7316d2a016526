// A host's callbacks may throw; nothing of that reaches the engine, whose threads work for others, too.
#pragma once

#include "engine/clock.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>

namespace tse::engine {

/// Where the first failure of each callback is told, once there is a log.
class CallbackReport {
 public:
  using Tell = std::function<void(std::string_view)>;
  void tell_to(Tell tell) { tell_ = std::move(tell); }  ///< before any callback is called by another thread
  void failed(std::atomic<bool>& told, std::string_view what) const noexcept;

 private:
  Tell tell_;
};

/// Tells only times that the record can say, so that whatever is added to one is far from an overflow. While the host's
/// clock throws, the time stands still where it was; before it ever told one, it is the system's.
[[nodiscard]] Clock contained(Clock clock, std::shared_ptr<const CallbackReport> report);

/// While the host's source throws, a task's id is Failure(unavailable), and a request's is random.
[[nodiscard]] IdSource contained(IdSource ids, std::shared_ptr<const CallbackReport> report);

}  // namespace tse::engine
