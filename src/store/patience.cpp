#include "store/store.hpp"

#include <algorithm>

namespace tse::store {
namespace {

// Only the waits of a call that can be cancelled are cut into pieces, and only while it waits for its turn.
constexpr std::chrono::milliseconds between_looks{2};

}  // namespace

void Patience::require(const char* why) const {
  if (cancelled && cancelled()) throw core::Failure(core::Code::cancelled, "the caller cancelled before its turn came");
  if (std::chrono::steady_clock::now() >= until) throw core::Failure(core::Code::busy, why);
}

Deadline Patience::next_look() const {
  if (!cancelled) return until;
  return std::min(until, std::chrono::steady_clock::now() + between_looks);
}

}  // namespace tse::store
