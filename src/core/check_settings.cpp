#include "core/check.hpp"
#include "core/range.hpp"
#include "core/validate.hpp"

#include <taskstate/contract/choices.hpp>
#include <taskstate/contract/limits.hpp>
#include <taskstate/contract/options.hpp>

#include <cstdint>
#include <span>
#include <string>

namespace tse::core {

namespace {

using Details = std::vector<Detail>;
namespace option = contract::option;

template <class Choice>
void check_choice(Details& out, std::string_view field, Choice value, std::span<const contract::Choice> choices) {
  const auto number = static_cast<std::int32_t>(value);
  std::string known;
  for (const contract::Choice& choice : choices) {
    if (choice.number == number) return;
    known += (known.empty() ? "" : ", ") + std::to_string(choice.number) + " (" + std::string(choice.name) + ")";
  }
  out.push_back({std::string(field), "must be one of " + known + ", is " + std::to_string(number)});
}

void check_policy(Details& out, const Policy& policy) {
  check_choice(out, "completed", policy.completed, contract::completed_policies);
  if (policy.retry_after_min > policy.retry_after_max)
    out.push_back({std::string(option::retry_after_min.name), "must be no more at least than at most, is " +
                                                                  std::to_string(policy.retry_after_min) + " to " +
                                                                  std::to_string(policy.retry_after_max) + " s"});
  check_range(out, policy.retry_after_min, option::retry_after_min);
  check_range(out, policy.retry_after_max, option::retry_after_max);
  check_range(out, policy.longest_wait, option::longest_wait);
}

void check_file_mode(Details& out, std::uint32_t mode) {
  constexpr std::uint32_t always = option::file_mode;
  constexpr std::uint32_t known = always | option::file_mode_added;
  if ((mode & always) != always || (mode & ~known) != 0)
    out.push_back({"file_mode", "must be 0600 with any of 0066 added, is the number " + std::to_string(mode)});
}

void check_boot_id(Details& out, const std::string& id) {
  if (!contract::limit::boot_id.allows(static_cast<std::int64_t>(id.size())) || !is_id(id))
    out.push_back({"boot_id", "must be " + tell(contract::limit::boot_id) + " of A-Z a-z 0-9 - . _ ~, has " +
                                  std::to_string(id.size()) + " bytes"});
}

void check_log_file(Details& out, const std::string& path) {
  if (path.empty() || path.find('\0') != std::string::npos)
    out.push_back({"log_file", "must be a path, has " + std::to_string(path.size()) + " bytes"});
}

}  // namespace

void add_broken(Details& out, const Request& request) {
  if (request.completed) check_choice(out, "completed", *request.completed, contract::completed_policies);
}

void add_broken(Details& out, const Settings& settings) {
  if (settings.reconfigure && settings.mode == Mode::read_only)
    out.push_back({"reconfigure", "must not be set with mode read_only, which writes nothing"});
  check_choice(out, "mode", settings.mode, contract::modes);
  check_range(out, settings.timeout, option::timeout);
  for (const std::string& operation : settings.operations) check_operation_name(out, "operation", operation);
  check_policy(out, settings.policy);
  if (settings.housekeeping) check_range(out, *settings.housekeeping, option::housekeeping);
  check_range(out, settings.running_limit, option::running_limit);
  check_range(out, settings.pending_limit, option::pending_limit);
  check_range(out, settings.idempotency_retention, option::idempotency_retention);
  check_range(out, settings.retention, option::retention);
  check_range(out, settings.result_retention, option::result_retention);
  check_range(out, settings.tombstones, option::tombstones);
  check_range(out, settings.feed_retention, option::feed_retention);
  check_choice(out, "durability", settings.durability, contract::durabilities);
  check_range(out, settings.max_bytes, option::max_bytes);
  check_range(out, settings.checkpoint_bytes, option::checkpoint_bytes);
  check_file_mode(out, settings.file_mode);
  check_choice(out, "migrate", settings.migrate, contract::migrations);
  check_range(out, settings.answer_cache_bytes, option::answer_cache_bytes);
  if (settings.boot_id) check_boot_id(out, *settings.boot_id);
  check_choice(out, "log_level", settings.log_level, contract::log_levels);
  if (settings.log_file) check_log_file(out, *settings.log_file);
}

}  // namespace tse::core
