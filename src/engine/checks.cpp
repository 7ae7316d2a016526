#include "engine/checks.hpp"

#include "core/validate.hpp"
#include "engine/call.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace tse::engine {

void check_call(const Call& call) {
  if (auto refused = core::check(call)) throw core::Failure(*std::move(refused));
}

void require_possible(const core::Key& key) {
  if (!is_possible(key)) throw core::Failure(core::Code::not_found, "no such task in this zone");
}

core::LeaseToken lease_in(std::string_view text) {
  auto token = core::parse_lease(text);
  if (!token)
    throw core::Failure(
        core::invalid("lease", "must be the token of a lease, has " + std::to_string(text.size()) + " bytes"));
  return std::move(*token);
}

void check_lease_terms(std::vector<core::Detail>& out, const core::Text& worker, std::chrono::microseconds lease) {
  if (worker) {
    std::vector<core::Detail> broken;
    core::check_actor(broken, *worker);
    for (core::Detail& detail : broken) out.push_back({"worker", std::move(detail.message)});
  }
  if (lease < shortest_lease || lease > longest_lease)
    out.push_back({"lease", "must be 1 ms to 30 days, is " + std::to_string(lease.count()) + " us"});
}

std::chrono::microseconds capped(std::chrono::microseconds duration) {
  return std::min(duration, std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::hours(24 * 365)));
}

}  // namespace tse::engine
