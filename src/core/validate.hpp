// The rules about values. Each refusal names the field, the rule, and the value's length or kind, never its content.
#pragma once

#include "core/error.hpp"
#include "core/task.hpp"

#include <taskstate/contract/limits.hpp>
#include <taskstate/contract/options.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tse::core {

namespace contract = taskstate::contract;
namespace limit = taskstate::contract::limit;

inline constexpr std::size_t max_id_bytes{limit::id.most};
inline constexpr std::size_t max_name_bytes{limit::name.most};  ///< install_id, package_id, package_slug
inline constexpr std::size_t max_message_bytes{limit::error_message.most};
inline constexpr std::size_t max_actor_bytes{limit::worker.most};
inline constexpr std::size_t max_request_id_bytes{limit::request_id.most};
inline constexpr std::size_t max_links{limit::links.most};
inline constexpr std::size_t max_warnings{limit::warnings.most};
inline constexpr std::size_t max_task_bytes{limit::task.most};
/// What a task that has not ended must leave free, so that the engine can always end it with a message of its own.
inline constexpr std::size_t room_to_fail{contract::pace::room_to_fail};
inline constexpr std::size_t max_payload_bytes{limit::payload.most};
/// What one claim may name. Each zone is looked at for each operation.
inline constexpr std::size_t max_claim_zones{limit::claim_zones.most};
inline constexpr std::size_t max_claim_operations{limit::claim_operations.most};
inline constexpr std::size_t max_claim_pairs{limit::claim_pairs.most};
inline constexpr std::int64_t max_leases = contract::argument::leases.most;    ///< of one claim
inline constexpr std::int64_t max_page = contract::argument::list_limit.most;  ///< of tasks or events
inline constexpr std::int64_t max_package_version = limit::package_version.most;

/// 1-128 bytes of A-Z a-z 0-9 - . _ ~, not "." or "..".
[[nodiscard]] bool is_id(std::string_view text) noexcept;
/// [a-z][a-z0-9_]{0,31}
[[nodiscard]] bool is_operation(std::string_view text) noexcept;
/// 8-4-4-4-12 hexadecimal digits, either case.
[[nodiscard]] bool is_uuid(std::string_view text) noexcept;
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;
/// How many bytes from the front are valid UTF-8 (RFC 3629); text.size() if all are.
[[nodiscard]] std::size_t utf8_prefix(std::string_view text) noexcept;
/// Well-formed by RFC 5646, section 2.1.
[[nodiscard]] bool is_language_tag(std::string_view text) noexcept;
/// One of the API's nine error codes ("validation_error" ...).
[[nodiscard]] bool is_api_code(std::string_view text) noexcept;
/// W3C Trace Context, version 00, section 3.2.
[[nodiscard]] bool is_traceparent(std::string_view text) noexcept;
/// 1-128 visible ASCII characters.
[[nodiscard]] bool is_request_id(std::string_view text) noexcept;

/// Every rule about a whole task, hidden fields apart; empty when all hold. Includes how status, result
/// and error message belong together, and the size of the rendered task. An empty zone_id passes: a task
/// read from the wire has none.
[[nodiscard]] std::vector<Detail> validate(const Task& task);
/// The same with what stands beside the task, which is rendered already; `room` bytes of its size must stay free.
[[nodiscard]] std::vector<Detail> validate(const Row& row, std::size_t room = 0);

/// The rules of single fields, for input that is not yet part of a task. Each appends what it finds.
void check_id(std::vector<Detail>& out, std::string_view field, std::string_view value);
void check_name(std::vector<Detail>& out, std::string_view field, std::string_view value);
void check_install_id(std::vector<Detail>& out, std::string_view field, std::string_view value);
void check_message(std::vector<Detail>& out, std::string_view field, std::string_view value, std::size_t least);
void check_version(std::vector<Detail>& out, std::string_view field, std::int64_t value);
void check_links(std::vector<Detail>& out, const std::vector<Link>& links);
void check_warnings(std::vector<Detail>& out, const std::vector<Warning>& warnings);
/// The grammar alone.
void check_operation_name(std::vector<Detail>& out, std::string_view field, std::string_view value);
/// The grammar and the list of what create() allows.
void check_operation(std::vector<Detail>& out, std::string_view value, std::span<const std::string> allowed);
void check_payload(std::vector<Detail>& out, std::size_t bytes);
void check_ref(std::vector<Detail>& out, std::string_view value);
void check_actor(std::vector<Detail>& out, std::string_view value);
/// How many zones and operations a claim names.
void check_claim_filter(std::vector<Detail>& out, std::size_t zones, std::size_t operations);

}  // namespace tse::core
