// How long, large, many or deep a value may be.
#pragma once

#include <taskstate/contract/range.hpp>

#include <array>
#include <cstdint>

namespace taskstate::contract {

/// Of what a task holds.
namespace limit {

inline constexpr Range id{"id", Unit::bytes, 1, 128};  ///< and zone_id
inline constexpr Range operation{"operation", Unit::bytes, 1, 32};
inline constexpr Range name{"name", Unit::bytes, 1, 512};  ///< install_id, package_id, package_slug
inline constexpr Range idempotency_key{"idempotency_key", Unit::bytes, 1, 512};
inline constexpr Range package_version{"package_version", Unit::number, 0, (std::int64_t{1} << 53) - 1};
inline constexpr Range error_message{"error_message", Unit::bytes, 1, 16384};  ///< and the reason of a cancel
inline constexpr Range error_detail{"error_detail", Unit::bytes, 0, 16384};
inline constexpr Range failure_reason{"reason", Unit::bytes, 1, 32};  ///< the word that `fail` may give
inline constexpr Range worker{"worker", Unit::bytes, 1, 256};         ///< and a call's actor
inline constexpr Range request_id{"request_id", Unit::bytes, 1, 128};
inline constexpr Range traceparent{"traceparent", Unit::bytes, 55, 55};
inline constexpr Range ref{"ref", Unit::bytes, 1, 256};
inline constexpr Range priority{"priority", Unit::number, -100, 100, 0};
inline constexpr Range attempts{"max_attempts", Unit::number, 1, 1000, 1};
inline constexpr Range payload{"payload", Unit::bytes, 0, mebibyte};
inline constexpr Range result{"result", Unit::bytes, 0, mebibyte};
inline constexpr Range media_type{"media_type", Unit::bytes, 3, 256};
inline constexpr Range links{"links", Unit::items, 0, 64};
inline constexpr Range warnings{"warnings", Unit::items, 0, 256};
inline constexpr Range warning_status{"status", Unit::number, 0, 999};
inline constexpr Range task{"task", Unit::bytes, 0, mebibyte};  ///< its JSON
inline constexpr Range json_depth{"json", Unit::items, 0, 32};
inline constexpr Range time{"time", Unit::microseconds, -62167219200000000, 253402300799999999};  ///< years 0000-9999

}  // namespace limit

/// Of what names something in an engine or file.
namespace limit {

inline constexpr Range boot_id{"boot_id", Unit::bytes, 1, 64};
inline constexpr Range lease_clock{"lease_clock", Unit::bytes, 1, 128};
inline constexpr Range lease_token{"lease", Unit::bytes, 1, 512};
inline constexpr Range position{"position", Unit::bytes, 1, 128};
inline constexpr Range generation{"generation", Unit::bytes, 32, 32};

}  // namespace limit

/// Of calls.
namespace limit {

inline constexpr Range claim_zones{"zones", Unit::items, 0, 1000};
inline constexpr Range claim_operations{"operations", Unit::items, 0, 100};
inline constexpr Range claim_pairs{"zones", Unit::items, 0, 10000};  ///< zones times operations
inline constexpr Range batch{"batch", Unit::items, 0, 10000};
inline constexpr Range statements{"also", Unit::items, 0, 64};
inline constexpr Range sql{"also", Unit::bytes, 1, 64 * kibibyte};

}  // namespace limit

inline constexpr std::array limits{limit::id,
                                   limit::operation,
                                   limit::name,
                                   limit::idempotency_key,
                                   limit::package_version,
                                   limit::error_message,
                                   limit::error_detail,
                                   limit::failure_reason,
                                   limit::worker,
                                   limit::request_id,
                                   limit::traceparent,
                                   limit::ref,
                                   limit::priority,
                                   limit::attempts,
                                   limit::payload,
                                   limit::result,
                                   limit::media_type,
                                   limit::links,
                                   limit::warnings,
                                   limit::warning_status,
                                   limit::task,
                                   limit::json_depth,
                                   limit::time,
                                   limit::boot_id,
                                   limit::lease_clock,
                                   limit::lease_token,
                                   limit::position,
                                   limit::generation,
                                   limit::claim_zones,
                                   limit::claim_operations,
                                   limit::claim_pairs,
                                   limit::batch,
                                   limit::statements,
                                   limit::sql};

/// What the engine does by itself, and users count on.
namespace pace {

/// What a task that has not ended leaves free, so that the engine can always end it with a message of its own.
inline constexpr std::int64_t room_to_fail = 128;  // bytes
/// A heartbeat's progress is shown once in so long at most.
inline constexpr std::int64_t progress = second;
/// Changes that share a transaction, at most.
inline constexpr std::int64_t group = 256;
/// Zones at their limit that one claim passes over, at most.
inline constexpr std::int64_t passed_zones = 1000;
/// Tasks that one round of background maintenance purges, at most.
inline constexpr std::int64_t purged_tasks = 1000;
/// What wall time may gain on boot time before nothing expires by it, and for how long at most nothing does.
inline constexpr std::int64_t wall_leap = hour;
inline constexpr std::int64_t wall_pause = 24 * hour;

}  // namespace pace

}  // namespace taskstate::contract
