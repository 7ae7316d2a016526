// Pages, histories and reports across the C interface.
#pragma once

#include <taskstate/detail/check.hpp>
#include <taskstate/detail/task.hpp>
#include <taskstate/detail/text.hpp>
#include <taskstate/feed.hpp>
#include <taskstate/list.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace taskstate::detail {

[[nodiscard]] inline std::int64_t number(const std::optional<Time>& moment) noexcept {
  return number(moment ? std::optional<std::int64_t>(moment->time_since_epoch().count()) : std::nullopt);
}

/// To the C interface 0 means "the default"; given as a limit it is as wrong as a negative one.
[[nodiscard]] inline std::int64_t limit_to_c(std::optional<std::int64_t> limit) noexcept {
  if (!limit) return 0;
  return *limit == 0 ? -1 : *limit;
}

[[nodiscard]] inline tse_list_query to_c(const ListQuery& from) noexcept {
  tse_list_query to = TSE_LIST_QUERY_INIT;
  to.zone_id = view(from.zone_id);
  for (const Status status : from.statuses) to.statuses |= 1 << static_cast<std::int32_t>(status);
  to.operation = view(from.operation);
  to.install_id = view(from.install_id);
  to.package_id = view(from.package_id);
  to.failure_kind = view(from.failure_kind);
  to.worker = view(from.worker);
  to.ref = view(from.ref);
  to.client_request_id = view(from.client_request_id);
  to.created_from = number(from.created_from);
  to.created_until = number(from.created_until);
  to.limit = limit_to_c(from.limit);
  to.after = view(from.after);
  to.before = view(from.before);
  to.with_total = from.with_total ? 1 : 0;
  return to;
}

[[nodiscard]] inline Page page_from(const tse_page* handle) {
  tse_page_view from = TSE_PAGE_VIEW_INIT;
  check_code(tse_page_get(handle, &from));
  Page page{.tasks = {},
            .after_cursor = optional_string(from.after_cursor),
            .before_cursor = optional_string(from.before_cursor),
            .total_count = optional_number(from.total_count)};
  page.tasks.reserve(from.count);
  for (std::size_t index = 0; index < from.count; ++index) {
    tse_task_view task = TSE_TASK_VIEW_INIT;
    check_code(tse_page_task(handle, index, &task));
    page.tasks.push_back(task_from(task));
  }
  return page;
}

[[nodiscard]] inline Event event_from(const tse_event_view& from) {
  const bool first = from.from_status < 0;
  return {.sequence = from.sequence,
          .zone_id = string(from.zone_id),
          .id = string(from.id),
          .kind = string(from.kind),
          .from = first ? std::nullopt : std::optional(static_cast<Status>(from.from_status)),
          .to = static_cast<Status>(from.to_status),
          .at = time(from.at),
          .revision = from.revision,
          .attempt = from.attempt,
          .worker = optional_string(from.worker),
          .epoch = from.epoch,
          .request_id = optional_string(from.request_id),
          .traceparent = optional_string(from.traceparent),
          .message = optional_string(from.message),
          .detail = optional_string(from.detail),
          .position = optional_string(from.position)};
}

/// `read` is tse_history_event or tse_changes_event.
template <typename Handle, typename Read>
[[nodiscard]] std::vector<Event> events_from(const Handle* handle, std::size_t count, Read read) {
  std::vector<Event> events;
  events.reserve(count);
  for (std::size_t index = 0; index < count; ++index) {
    tse_event_view from = TSE_EVENT_VIEW_INIT;
    check_code(read(handle, index, &from));
    events.push_back(event_from(from));
  }
  return events;
}

[[nodiscard]] inline tse_changes_spec to_c(const ChangesQuery& from) noexcept {
  tse_changes_spec to = TSE_CHANGES_SPEC_INIT;
  to.zone_id = view(from.zone_id);
  to.after = view(from.after);
  to.flags = (from.latest ? TSE_CHANGES_LATEST : 0) | (from.allow_gap ? TSE_CHANGES_ALLOW_GAP : 0);
  to.limit = limit_to_c(from.limit);
  to.wait_us = from.wait.count();
  return to;
}

[[nodiscard]] inline Changes changes_from(const tse_changes* handle) {
  tse_changes_view from = TSE_CHANGES_VIEW_INIT;
  check_code(tse_changes_get(handle, &from));
  return {.events = events_from(handle, from.count, tse_changes_event),
          .position = string(from.position),
          .purged_through = from.purged_through};
}

[[nodiscard]] inline tse_pause_spec to_c(const PauseTarget& what) noexcept {
  tse_pause_spec to = TSE_PAUSE_SPEC_INIT;
  to.zone_id = view(what.zone_id);
  to.operation = view(what.operation);
  return to;
}

[[nodiscard]] inline Histogram histogram_from(const tse_histogram& from) {
  Histogram to{.bounds = {},
               .counts = {from.counts, from.counts + from.bound_count + 1},
               .count = from.count,
               .sum = std::chrono::microseconds(from.sum_us)};
  to.bounds.reserve(from.bound_count);
  for (std::size_t index = 0; index < from.bound_count; ++index) to.bounds.emplace_back(from.bounds_us[index]);
  return to;
}

[[nodiscard]] inline Stats stats_from(const tse_stats* handle) {
  tse_stats_view from = TSE_STATS_VIEW_INIT;
  check_code(tse_stats_get(handle, &from));
  Stats stats{.pending = from.pending,
              .running = from.running,
              .completed = from.completed,
              .failed = from.failed,
              .counts = {},
              .pauses = {},
              .file_bytes = from.file_bytes,
              .free_bytes = from.free_bytes,
              .wal_bytes = from.wal_bytes,
              .last_sequence = from.last_sequence,
              .commits = from.commits,
              .changes = from.changes,
              .largest_group = from.largest_group,
              .checkpoints = from.checkpoints,
              .lock_waits = from.lock_waits,
              .lock_wait = std::chrono::microseconds(from.lock_wait_us),
              .waiters = from.waiters,
              .cache_hits = from.cache_hits,
              .cache_misses = from.cache_misses,
              .cache_entries = from.cache_entries,
              .cache_bytes = from.cache_bytes,
              .durable = from.durability == TSE_DURABILITY_FULL,
              .lease_clock = string(from.lease_clock),
              .answer_proof = string(from.answer_proof),
              .sqlite_version = string(from.sqlite_version),
              .leases_incomparable = from.leases_incomparable,
              .lease_clocks_incomparable = from.lease_clocks_incomparable,
              .expiry_paused = from.expiry_paused != 0,
              .locks = string(from.locks),
              .leases_lost = from.leases_lost,
              .failures = {.failed = from.failures_failed,
                           .cancelled = from.failures_cancelled,
                           .expired = from.failures_expired,
                           .lost = from.failures_lost},
              .waiting_time = histogram_from(from.waiting_time),
              .running_time = histogram_from(from.running_time),
              .text = tse_stats_text(handle)};
  stats.counts.reserve(from.count_count);
  for (std::size_t index = 0; index < from.count_count; ++index) {
    tse_count_view count = TSE_COUNT_VIEW_INIT;
    check_code(tse_stats_count(handle, index, &count));
    stats.counts.push_back(
        {string(count.zone_id), string(count.operation), static_cast<Status>(count.status), count.count});
  }
  for (std::size_t index = 0; index < tse_stats_pause_count(handle); ++index) {
    tse_pause_view pause = TSE_PAUSE_VIEW_INIT;
    check_code(tse_stats_pause(handle, index, &pause));
    stats.pauses.push_back({{optional_string(pause.zone_id), optional_string(pause.operation)},
                            time(pause.since),
                            optional_string(pause.actor)});
  }
  return stats;
}

[[nodiscard]] inline Report report_from(const tse_report* handle) {
  tse_report_view from = TSE_REPORT_VIEW_INIT;
  check_code(tse_report_get(handle, &from));
  Report report{.ok = from.ok != 0,
                .problems = {},
                .task_count = from.task_count,
                .event_count = from.event_count,
                .text = string(from.text)};
  for (std::size_t index = 0; index < from.problem_count; ++index) {
    tse_str problem{};
    check_code(tse_report_problem(handle, index, &problem));
    report.problems.push_back(string(problem));
  }
  return report;
}

}  // namespace taskstate::detail
