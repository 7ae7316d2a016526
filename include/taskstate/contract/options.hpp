// The options of an engine and the arguments of its calls: what they may be, and what they are where nothing is said.
#pragma once

#include <taskstate/contract/limits.hpp>
#include <taskstate/contract/range.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace taskstate::contract {

namespace option {

inline constexpr Range timeout{"timeout", Unit::microseconds, 0, unbounded, 5 * second};
inline constexpr Range housekeeping{"housekeeping", Unit::microseconds, 10 * millisecond, hour, second, true};
inline constexpr Range running_limit{"running_limit", Unit::number, 1, unbounded, 0, true};
inline constexpr Range pending_limit{"pending_limit", Unit::number, 1, unbounded, 0, true};
inline constexpr Range idempotency_retention{"idempotency_retention", Unit::microseconds, second, 10 * year, 24 * hour};
inline constexpr Range longest_wait{"longest_wait", Unit::microseconds, 0, hour, 0};
inline constexpr Range retention{"retention", Unit::microseconds, second, 100 * year, 0, true};
inline constexpr Range result_retention{"result_retention", Unit::microseconds, second, 100 * year, 0, true};
inline constexpr Range tombstones{"tombstones", Unit::microseconds, second, 100 * year, 0, true};
inline constexpr Range feed_retention{"feed_retention", Unit::microseconds, second, 100 * year, 7 * day};
inline constexpr Range max_bytes{"max_bytes", Unit::bytes, 64 * kibibyte, unbounded, 0, true};
inline constexpr Range checkpoint_bytes{"checkpoint_bytes", Unit::bytes, 64 * kibibyte, gibibyte, 4 * mebibyte};
inline constexpr Range answer_cache_bytes{"answer_cache_bytes", Unit::bytes, 0, 64 * gibibyte, 64 * mebibyte};
inline constexpr Range retry_after_min{"retry_after", Unit::seconds, 0, 86400, 1};   ///< not above the other
inline constexpr Range retry_after_max{"retry_after", Unit::seconds, 0, 86400, 30};  ///< not below the other

inline constexpr std::int32_t file_mode = 0600;                                   ///< of new files
inline constexpr std::int32_t file_mode_added = 0066;                             ///< any of it may be added
inline constexpr std::array<std::string_view, 2> operations{"create", "delete"};  ///< allowed in any case
inline constexpr std::string_view operation_rule = "[a-z][a-z0-9_]{0,31}";
inline constexpr std::string_view location = "/zones/{zone_id}/installs/{install_id}";
inline constexpr std::string_view status_url = "/zones/{zone_id}/catalog_tasks/{task_id}";

}  // namespace option

inline constexpr std::array options{option::timeout,
                                    option::housekeeping,
                                    option::running_limit,
                                    option::pending_limit,
                                    option::idempotency_retention,
                                    option::longest_wait,
                                    option::retention,
                                    option::result_retention,
                                    option::tombstones,
                                    option::feed_retention,
                                    option::max_bytes,
                                    option::checkpoint_bytes,
                                    option::answer_cache_bytes,
                                    option::retry_after_min,
                                    option::retry_after_max};

/// What one call is given.
namespace argument {

inline constexpr Range timeout{"timeout", Unit::microseconds};  ///< absent: the engine's
inline constexpr Range start_within{"start_within", Unit::microseconds, millisecond, 10 * year};
inline constexpr Range lease{"lease", Unit::microseconds, millisecond, 30 * day, 30 * second};
inline constexpr Range leases{"limit", Unit::number, 1, 64, 1};  ///< of one claim
inline constexpr Range release_delay{"delay", Unit::microseconds, 0, 30 * day, 0};
inline constexpr Range wait{"wait", Unit::microseconds, 0, unbounded, 0};
inline constexpr Range list_limit{"limit", Unit::number, 1, 1000, 50};
inline constexpr Range history_limit{"limit", Unit::number, 1, 1000, 50};
inline constexpr Range changes_limit{"limit", Unit::number, 1, 1000, 100};
inline constexpr Range older_than{"older_than", Unit::microseconds, 0, 100 * year};
inline constexpr Range purge_limit{"limit", Unit::number, 1, unbounded, 0, true};

}  // namespace argument

inline constexpr std::array arguments{argument::timeout,    argument::start_within,  argument::lease,
                                      argument::leases,     argument::release_delay, argument::wait,
                                      argument::list_limit, argument::history_limit, argument::changes_limit,
                                      argument::older_than, argument::purge_limit};

}  // namespace taskstate::contract
