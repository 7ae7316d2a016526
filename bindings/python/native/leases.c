#include "internal.h"

/* Copies the leases that a call gave, if any, and frees them. */
static int32_t take_leases(tspy_result *result, int32_t code, tse_leases *leases) {
  const size_t count = code ? 0 : tse_leases_count(leases);
  for (size_t i = 0; !code && i < count; ++i) {
    tse_lease_view lease = TSE_LEASE_VIEW_INIT;
    tse_task_view task = TSE_TASK_VIEW_INIT;
    code = tse_leases_lease(leases, i, &lease);
    if (!code) code = tse_leases_task(leases, i, &task);
    const int64_t numbers[] = {lease.epoch, lease.attempt, lease.duration_us, lease.expires_at};
    if (!code) code = tspy_put_record(result, numbers, COUNT(numbers), &lease.token, 1);
    if (!code) code = tspy_put_task(result, &task);
  }
  tse_leases_free(leases);
  return code;
}

static tse_claim_spec claim_spec(tse_str zones, tse_str operations) {
  tse_claim_spec spec = TSE_CLAIM_SPEC_INIT;
  spec.zones = zones;
  spec.operations = operations;
  return spec;
}

int32_t tspy_claim(tse_engine *engine, const char *zones, size_t zones_size, const char *operations,
                   size_t operations_size, const char *worker, size_t worker_size, int64_t lease_us, int64_t limit,
                   const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  tse_claim_spec spec = claim_spec(text(zones, zones_size), text(operations, operations_size));
  spec.worker = text(worker, worker_size);
  spec.lease_us = lease_us;
  spec.limit = limit;
  tse_leases *leases = NULL;
  const int32_t code = tse_claim(engine, &spec, call, &leases, &result->error);
  return take_leases(result, code, leases);
}

int32_t tspy_start_leased(tse_engine *engine, const char *zone_id, size_t zone_id_size, const char *id, size_t id_size,
                          const char *worker, size_t worker_size, int64_t lease_us, const tse_call *call,
                          tspy_result *result) {
  tspy_clear(result);
  tse_leases *leases = NULL;
  const int32_t code = tse_start_leased(engine, zone_id, zone_id_size, id, id_size, worker, worker_size, lease_us, call,
                                        &leases, &result->error);
  return take_leases(result, code, leases);
}

int32_t tspy_heartbeat(tse_engine *engine, const char *token, size_t token_size, int64_t lease_us, const char *progress,
                       size_t progress_size, const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  tse_heartbeat_view view = TSE_HEARTBEAT_VIEW_INIT;
  int32_t code =
      tse_lease_heartbeat(engine, token, token_size, lease_us, progress, progress_size, call, &view, &result->error);
  const int64_t numbers[] = {view.cancel_requested, view.expires_at};
  return code ? code : tspy_put_record(result, numbers, COUNT(numbers), NULL, 0);
}

int32_t tspy_release(tse_engine *engine, const char *token, size_t token_size, int64_t delay_us, const tse_call *call,
                     tspy_result *result) {
  tspy_clear(result);
  tse_task *task = NULL;
  const int32_t code = tse_lease_release(engine, token, token_size, delay_us, call, &task, &result->error);
  return tspy_take_task(result, code, task);
}

int32_t tspy_tick(tse_engine *engine, const tse_call *call, tspy_result *result) {
  tspy_clear(result);
  int64_t count = 0;
  const int32_t code = tse_tick(engine, call, &count, &result->error);
  return code ? code : tspy_put_record(result, &count, 1, NULL, 0);
}

int32_t tspy_watch_claim(tse_watch *watch, const char *zones, size_t zones_size, const char *operations,
                         size_t operations_size, tspy_result *result) {
  tspy_clear(result);
  const tse_claim_spec spec = claim_spec(text(zones, zones_size), text(operations, operations_size));
  return tse_watch_claim(watch, &spec, &result->error);
}
