// Engine's member functions: the C functions of the same names, with values on both sides.
#pragma once

#include <taskstate/detail/check.hpp>
#include <taskstate/detail/list.hpp>
#include <taskstate/detail/options.hpp>
#include <taskstate/detail/task.hpp>
#include <taskstate/detail/text.hpp>
#include <taskstate/engine.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace taskstate::detail {

[[nodiscard]] inline tse_request to_c(const Request& from) noexcept {
  tse_request to = TSE_REQUEST_INIT;
  to.method = view(from.method);
  to.client_request_id = view(from.client_request_id);
  to.if_none_match = view(from.if_none_match);
  to.path = view(from.path);
  if (from.completed) to.completed = static_cast<std::int32_t>(*from.completed);
  to.prefer = view(from.prefer);
  to.wait_elsewhere = from.wait_elsewhere ? 1 : 0;
  to.kept_only = from.kept_only ? 1 : 0;
  return to;
}

[[nodiscard]] inline Answer answer_from(const tse_answer* handle) {
  tse_answer_view from = TSE_ANSWER_VIEW_INIT;
  check_code(tse_answer_get(handle, &from));
  Answer answer{.status = from.status,
                .headers = {},
                .body = optional_string(from.body),
                .wait = std::chrono::microseconds(from.wait_us),
                .revision = from.revision};
  answer.headers.reserve(from.header_count);
  for (std::size_t index = 0; index < from.header_count; ++index)
    answer.headers.push_back({string(from.headers[index].name), string(from.headers[index].value)});
  return answer;
}

[[nodiscard]] inline Answer accept(tse_engine* engine, const tse_task* task, const tse_error* failure,
                                   const Request& request) {
  const auto answer = make<AnswerHandle>(tse_answer_new);
  const tse_request c_request = to_c(request);
  check(tse_accept, engine, task, failure, &c_request, answer.get());
  return answer_from(answer.get());
}

}  // namespace taskstate::detail

namespace taskstate {

inline Engine::Engine(std::string_view path, const Options& options) {
  const tse_str c_path = detail::view(path);
  const auto c_options = detail::to_c(options);
  engine_ =
      detail::SharedEngine(detail::make<detail::EngineHandle>(tse_open, c_path.data, c_path.size, c_options.get()));
}

inline Migration migrate(std::string_view path, const Options& options, const Call& call) {
  const tse_str c_path = detail::view(path);
  const auto c_options = detail::to_c(options);
  const auto c_call = detail::to_c(call);
  tse_migration_view done = TSE_MIGRATION_VIEW_INIT;
  detail::check(tse_migrate, c_path.data, c_path.size, c_options.get(), c_call.get(), &done);
  return {.from_schema = done.from_schema,
          .to_schema = done.to_schema,
          .copy_bytes = done.copy_bytes,
          .wal_bytes = done.wal_bytes};
}

inline void Engine::close() { detail::check(tse_close, engine_.get()); }

inline Task Engine::create(const NewTask& spec, const Call& call) {
  const detail::Lists lists(spec);
  const tse_new_task c_spec = detail::to_c(spec, lists);
  const auto c_call = detail::to_c(call);
  return detail::task_from(detail::make<detail::TaskHandle>(tse_create, engine_.get(), &c_spec, c_call.get()));
}

inline Task Engine::start(std::string_view zone_id, std::string_view id, const Call& call) {
  const tse_str zone = detail::view(zone_id);
  const tse_str key = detail::view(id);
  const auto c_call = detail::to_c(call);
  return detail::task_from(detail::make<detail::TaskHandle>(tse_start, engine_.get(), zone.data, zone.size, key.data,
                                                            key.size, c_call.get()));
}

namespace detail {

/// annotate, complete and fail differ in their C function alone.
template <typename Function, typename Change>
[[nodiscard]] Task change(Function function, tse_engine* engine, std::string_view zone_id, std::string_view id,
                          const Change& change, const Call& call) {
  const tse_str zone = view(zone_id);
  const tse_str key = view(id);
  const Lists lists(change);
  const tse_update update = to_c(change, lists);
  const auto c_call = to_c(call);
  return task_from(make<TaskHandle>(function, engine, zone.data, zone.size, key.data, key.size, &update, c_call.get()));
}

}  // namespace detail

inline Task Engine::annotate(std::string_view zone_id, std::string_view id, const Update& update, const Call& call) {
  return detail::change(tse_annotate, engine_.get(), zone_id, id, update, call);
}

inline Task Engine::complete(std::string_view zone_id, std::string_view id, const Update& update, const Call& call) {
  return detail::change(tse_complete, engine_.get(), zone_id, id, update, call);
}

inline Task Engine::fail(std::string_view zone_id, std::string_view id, const Failure& failure, const Call& call) {
  return detail::change(tse_fail, engine_.get(), zone_id, id, failure, call);
}

inline Task Engine::cancel(std::string_view zone_id, std::string_view id, const Cancel& how, const Call& call) {
  const tse_str zone = detail::view(zone_id);
  const tse_str key = detail::view(id);
  const tse_str reason = detail::view(how.reason);
  const std::int32_t flags = how.force ? TSE_CANCEL_FORCE : 0;
  const auto c_call = detail::to_c(call);
  return detail::task_from(detail::make<detail::TaskHandle>(tse_cancel, engine_.get(), zone.data, zone.size, key.data,
                                                            key.size, flags, reason.data, reason.size, c_call.get()));
}

inline Task Engine::reprioritize(std::string_view zone_id, std::string_view id, std::int64_t priority,
                                 const Call& call) {
  const tse_str zone = detail::view(zone_id);
  const tse_str key = detail::view(id);
  const auto c_call = detail::to_c(call);
  return detail::task_from(detail::make<detail::TaskHandle>(tse_reprioritize, engine_.get(), zone.data, zone.size,
                                                            key.data, key.size, priority, c_call.get()));
}

inline Task Engine::retry(std::string_view zone_id, std::string_view id, Retry how, const Call& call) {
  const tse_str zone = detail::view(zone_id);
  const tse_str key = detail::view(id);
  const std::int32_t flags = how == Retry::again ? TSE_RETRY_AGAIN : 0;
  const auto c_call = detail::to_c(call);
  return detail::task_from(detail::make<detail::TaskHandle>(tse_retry, engine_.get(), zone.data, zone.size, key.data,
                                                            key.size, flags, c_call.get()));
}

inline bool Engine::pause(const PauseTarget& what, const Call& call) {
  const tse_pause_spec spec = detail::to_c(what);
  const auto c_call = detail::to_c(call);
  std::int32_t changed = 0;
  detail::check(tse_pause, engine_.get(), &spec, c_call.get(), &changed);
  return changed != 0;
}

inline bool Engine::unpause(const PauseTarget& what, const Call& call) {
  const tse_pause_spec spec = detail::to_c(what);
  const auto c_call = detail::to_c(call);
  std::int32_t changed = 0;
  detail::check(tse_unpause, engine_.get(), &spec, c_call.get(), &changed);
  return changed != 0;
}

inline std::vector<Result> Engine::run(const Batch& batch, const Call& call) {
  const auto c_call = detail::to_c(call);
  const auto results =
      detail::make<detail::ResultsHandle>(tse_batch_run, engine_.get(), batch.batch_.get(), c_call.get());
  return detail::results_from(results.get());
}

inline std::vector<Result> Engine::create_many(const std::vector<NewTask>& specs, const Call& call) {
  Batch batch;
  for (const NewTask& spec : specs) batch.create(spec);
  return run(batch, call);
}

inline std::vector<Result> Engine::complete_many(const std::vector<Completion>& completions, const Call& call) {
  Batch batch;
  for (const Completion& each : completions) batch.complete(each.zone_id, each.id, each.update);
  return run(batch, call);
}

inline std::vector<Lease> Engine::leases_from(const tse_leases* granted) const {
  std::vector<Lease> leases;
  const std::size_t count = tse_leases_count(granted);
  leases.reserve(count);
  for (std::size_t index = 0; index < count; ++index) {
    tse_lease_view lease = TSE_LEASE_VIEW_INIT;
    tse_task_view task = TSE_TASK_VIEW_INIT;
    detail::check_code(tse_leases_lease(granted, index, &lease));
    detail::check_code(tse_leases_task(granted, index, &task));
    leases.push_back(Lease(engine_.share(), detail::task_from(task), detail::string(lease.token),
                           std::chrono::microseconds(lease.duration_us), detail::time(lease.expires_at)));
  }
  return leases;
}

inline std::vector<Lease> Engine::claim_many(std::int64_t limit, const Claim& what, const Call& call) {
  const detail::ClaimSpec spec(what, limit);
  const auto c_call = detail::to_c(call);
  const auto granted = detail::make<detail::LeasesHandle>(tse_claim, engine_.get(), spec.get(), c_call.get());
  return leases_from(granted.get());
}

inline std::optional<Lease> Engine::claim(const Claim& what, const Call& call) {
  std::vector<Lease> leases = claim_many(1, what, call);
  if (leases.empty()) return std::nullopt;
  return std::move(leases.front());
}

inline Lease Engine::start_leased(std::string_view zone_id, std::string_view id, const LeaseTerms& terms,
                                  const Call& call) {
  const tse_str zone = detail::view(zone_id);
  const tse_str key = detail::view(id);
  const tse_str worker = detail::view(terms.worker);
  const auto c_call = detail::to_c(call);
  const auto granted =
      detail::make<detail::LeasesHandle>(tse_start_leased, engine_.get(), zone.data, zone.size, key.data, key.size,
                                         worker.data, worker.size, std::int64_t{terms.lease.count()}, c_call.get());
  return std::move(leases_from(granted.get()).front());
}

// An annotation of nothing changes nothing, but tells the task.
inline Lease Engine::lease(std::string_view token, const Call& call) {
  Lease adopted(engine_.share(), Task(), std::string(token), {}, {});
  try {
    const Heartbeat beat = adopted.heartbeat({}, call);
    adopted.annotate({}, call);
    adopted.duration_ = beat.duration;
    adopted.expires_at_ = beat.expires_at;
  } catch (...) {
    adopted.engine_.reset();  // what was not taken over is not given back
    throw;
  }
  const auto with_payload = get(adopted.task().zone_id, adopted.task().id, Payload::read, call);
  if (with_payload) adopted.task_.payload = with_payload->payload;
  return adopted;
}

inline std::int64_t Engine::tick(const Call& call) {
  std::int64_t count = 0;
  const auto c_call = detail::to_c(call);
  detail::check(tse_tick, engine_.get(), c_call.get(), &count);
  return count;
}

inline Watch Engine::watch() { return Watch(detail::make<detail::WatchHandle>(tse_watch_new, engine_.get())); }

inline std::optional<Task> Engine::get(std::string_view zone_id, std::string_view id, Payload payload,
                                       const Call& call) const {
  const tse_str zone = detail::view(zone_id);
  const tse_str key = detail::view(id);
  const auto c_call = detail::to_c(call);
  const std::int32_t flags = payload == Payload::read ? TSE_WITH_PAYLOAD : 0;
  const auto handle = detail::make<detail::TaskHandle>(tse_get, engine_.get(), zone.data, zone.size, key.data, key.size,
                                                       flags, c_call.get());
  if (!handle) return std::nullopt;
  return detail::task_from(handle);
}

inline StoredResult Engine::result(std::string_view zone_id, std::string_view id, const Call& call) const {
  const tse_str zone = detail::view(zone_id);
  const tse_str key = detail::view(id);
  const auto c_call = detail::to_c(call);
  const auto handle = detail::make<detail::StoredResultHandle>(tse_stored_result_read, engine_.get(), zone.data,
                                                               zone.size, key.data, key.size, c_call.get());
  tse_stored_result_view view = TSE_STORED_RESULT_VIEW_INIT;
  detail::check_code(tse_stored_result_get(handle.get(), &view));
  return {detail::string(view.bytes), detail::string(view.media_type)};
}

inline Page Engine::list(const ListQuery& query, const Call& call) const {
  const tse_list_query c_query = detail::to_c(query);
  const auto c_call = detail::to_c(call);
  const auto page = detail::make<detail::PageHandle>(tse_list, engine_.get(), &c_query, c_call.get());
  return detail::page_from(page.get());
}

inline History Engine::history(std::string_view zone_id, std::string_view id, const HistoryQuery& query,
                               const Call& call) const {
  const tse_str zone = detail::view(zone_id);
  const tse_str key = detail::view(id);
  const tse_str after = detail::view(query.after);
  const auto c_call = detail::to_c(call);
  const auto history =
      detail::make<detail::HistoryHandle>(tse_history_read, engine_.get(), zone.data, zone.size, key.data, key.size,
                                          detail::limit_to_c(query.limit), after.data, after.size, c_call.get());
  return {.events = detail::events_from(history.get(), tse_history_count(history.get()), tse_history_event),
          .after_cursor = detail::optional_string(tse_history_after_cursor(history.get()))};
}

inline std::optional<Task> Engine::wait(std::string_view zone_id, std::string_view id,
                                        std::optional<std::int64_t> revision, std::chrono::microseconds longest,
                                        const Call& call) const {
  const tse_str zone = detail::view(zone_id);
  const tse_str key = detail::view(id);
  const auto c_call = detail::to_c(call);
  const auto handle =
      detail::make<detail::TaskHandle>(tse_wait, engine_.get(), zone.data, zone.size, key.data, key.size,
                                       detail::number(revision), std::int64_t{longest.count()}, c_call.get());
  if (!handle) return std::nullopt;
  return detail::task_from(handle);
}

inline Changes Engine::changes(const ChangesQuery& query, const Call& call) const {
  const tse_changes_spec spec = detail::to_c(query);
  const auto c_call = detail::to_c(call);
  const auto part = detail::make<detail::ChangesHandle>(tse_changes_read, engine_.get(), &spec, c_call.get());
  return detail::changes_from(part.get());
}

inline std::int64_t Engine::purge(const Purge& which, const Call& call) {
  tse_purge_spec spec = TSE_PURGE_SPEC_INIT;
  spec.zone_id = detail::view(which.zone_id);
  spec.older_than_us = detail::number(which.older_than.count());
  spec.limit = which.limit;
  std::int64_t count = 0;
  const auto c_call = detail::to_c(call);
  detail::check(tse_purge, engine_.get(), &spec, c_call.get(), &count);
  return count;
}

inline bool Engine::erase(std::string_view zone_id, std::string_view id, const Call& call) {
  const tse_str zone = detail::view(zone_id);
  const tse_str key = detail::view(id);
  std::int32_t erased = 0;
  const auto c_call = detail::to_c(call);
  detail::check(tse_erase, engine_.get(), zone.data, zone.size, key.data, key.size, c_call.get(), &erased);
  return erased != 0;
}

inline void Engine::clock_ok(const Call& call) {
  const auto c_call = detail::to_c(call);
  detail::check(tse_clock_ok, engine_.get(), c_call.get());
}

inline Stats Engine::stats(const std::optional<std::string>& zone_id, const Call& call) const {
  const tse_str zone = detail::view(zone_id);
  const auto c_call = detail::to_c(call);
  const auto stats =
      detail::make<detail::StatsHandle>(tse_stats_read, engine_.get(), zone.data, zone.size, c_call.get());
  return detail::stats_from(stats.get());
}

inline void Engine::backup(std::string_view path, const Call& call) const {
  const tse_str to = detail::view(path);
  const auto c_call = detail::to_c(call);
  detail::check(tse_backup, engine_.get(), to.data, to.size, c_call.get());
}

inline Report Engine::verify(const Call& call) const {
  const auto c_call = detail::to_c(call);
  const auto report = detail::make<detail::ReportHandle>(tse_verify, engine_.get(), c_call.get());
  return detail::report_from(report.get());
}

inline Answer Engine::decide(std::string_view zone_id, std::string_view id, const Request& request,
                             const Call& call) const {
  const tse_str zone = detail::view(zone_id);
  const tse_str key = detail::view(id);
  const tse_request c_request = detail::to_c(request);
  const auto c_call = detail::to_c(call);
  const auto answer = detail::make<detail::AnswerHandle>(tse_answer_new);
  detail::check(tse_decide, engine_.get(), zone.data, zone.size, key.data, key.size, &c_request, c_call.get(),
                answer.get());
  return detail::answer_from(answer.get());
}

inline Answer Engine::accept(const Task& task, const Request& request) const {
  const detail::TaskHandle handle = detail::task_to_c(task.zone_id, task.json);
  return detail::accept(engine_.get(), handle.get(), nullptr, request);
}

inline Answer Engine::accept(const Error& failure, const Request& request) const {
  return detail::accept(engine_.get(), nullptr, detail::handle_of(failure), request);
}

}  // namespace taskstate
