#include "engine/callbacks.hpp"

#include "core/error.hpp"
#include "core/time.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace tse::engine {
namespace {

constexpr std::int64_t none = INT64_MIN;  // beyond the record

/// What one callback remembers; all its copies share it.
struct Memory {
  std::atomic<bool> told{false};
  std::atomic<std::int64_t> last{none};
};

}  // namespace

void CallbackReport::failed(std::atomic<bool>& told, std::string_view what) const noexcept {
  if (told.exchange(true) || !tell_) return;
  try {
    tell_(what);
  } catch (...) {  // there may be no memory to say so
    told = false;
  }
}

Clock contained(Clock clock, std::shared_ptr<const CallbackReport> report) {
  return [clock = std::move(clock), report = std::move(report), memory = std::make_shared<Memory>()] {
    try {
      const std::int64_t now = std::clamp(clock(), core::min_time, core::max_time);
      memory->last.store(now, std::memory_order_relaxed);
      return now;
    } catch (...) {
      report->failed(memory->told, "the host's clock threw; the last time that it told is used instead");
      const std::int64_t last = memory->last.load(std::memory_order_relaxed);
      return last != none ? last : system_now();
    }
  };
}

IdSource contained(IdSource ids, std::shared_ptr<const CallbackReport> report) {
  return [ids = std::move(ids), report = std::move(report), memory = std::make_shared<Memory>()](IdKind kind) {
    try {
      return ids(kind);
    } catch (...) {
      report->failed(memory->told, "the host's id source threw");
    }
    if (kind == IdKind::task)
      throw core::Failure(core::Code::unavailable, "the host's id source threw, so the task has no id: give it one");
    return system_ids(system_now)(kind);
  };
}

}  // namespace tse::engine
