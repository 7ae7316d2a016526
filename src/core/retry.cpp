#include "core/retry.hpp"

#include "core/range.hpp"
#include "core/removal.hpp"

#include <taskstate/contract/options.hpp>

#include <algorithm>
#include <utility>

namespace tse::core {

namespace {

/// From creation on: a not_before that came first is part of it, and is over.
std::optional<std::int64_t> time_to_start(const Row& row) {
  if (!row.start_by) return std::nullopt;
  constexpr contract::Range range = contract::argument::start_within;
  return std::clamp(*row.start_by - row.task.created_at, range.least, range.most);
}

}  // namespace

std::optional<Error> check_retry(const std::optional<Row>& row) {
  if (!row) return missing_task({});
  if (row->task.status == Status::failed) return std::nullopt;
  return Error{Code::illegal_transition,
               "only a failed task can be retried, this one is " + std::string(to_string(row->task.status))};
}

NewTask retry_of(const Row& failed, Text payload) {
  NewTask retry;
  retry.zone_id = failed.task.zone_id;
  retry.operation = failed.task.operation;
  retry.install_id = failed.task.install_id;
  retry.package_id = failed.task.package_id;
  retry.package_slug = failed.task.package_slug;
  retry.package_version = failed.task.package_version;
  retry.payload = std::move(payload);
  retry.start_within = time_to_start(failed);
  retry.max_attempts = failed.max_attempts;
  retry.retry_of = failed.task.id;
  retry.priority = failed.priority;
  retry.ref = failed.ref;
  return retry;
}

std::string retry_key(const Row& failed) { return "\x01retry/" + std::to_string(failed.number); }

Replay retry_record(const NewTask& retry) {
  return {fingerprint_version, fingerprint(retry), retry.id.value_or(""), kept_with_its_task};
}

Error already_retried(std::string_view first_id) {
  return {Code::already_exists,
          "the task was retried already, by " + std::string(first_id) + "; ask for another retry if you want one"};
}

}  // namespace tse::core
