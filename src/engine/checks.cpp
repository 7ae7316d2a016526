#include "engine/checks.hpp"

#include "core/validate.hpp"
#include "engine/call.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace tse::engine {

void check_call(const Call& call) {
  std::vector<core::Detail> broken;
  if (call.request_id && !core::is_request_id(*call.request_id))
    broken.push_back({"request_id", "must be 1-128 visible ASCII characters, has " +
                                        std::to_string(call.request_id->size()) + " bytes"});
  if (call.traceparent && !core::is_traceparent(*call.traceparent))
    broken.push_back({"traceparent", "must be a W3C traceparent of version 00, has " +
                                         std::to_string(call.traceparent->size()) + " bytes"});
  if (call.actor) core::check_actor(broken, *call.actor);
  if (!broken.empty()) throw core::Failure(core::invalid(std::move(broken)));
}

bool is_possible(const core::Key& key) { return core::is_id(key.zone_id) && core::is_id(key.id); }

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
