// Batches: changes that are gathered first, then run together.
#include "internal.hpp"

#include "core/check.hpp"
#include "engine/batch.hpp"

#include <memory>

using namespace tse;

struct tse_batch {
  std::vector<engine::Item> items;
};

struct tse_results {
  struct Result {
    std::optional<core::Error> error;
    std::optional<capi::Snapshot> snapshot;
  };
  std::vector<Result> all;
};

namespace {

/// Adds what `make` makes.
template <class Make>
int32_t add(tse_batch* batch, tse_error** error, Make&& make) noexcept {
  return capi::guard(error, [&] {
    auto& items = capi::require(batch, "batch").items;
    capi::require_none(core::check_batch_room(items.size()));
    items.push_back({make()});
  });
}

struct KeyArguments {
  const char* zone_id;
  size_t zone_id_size;
  const char* id;
  size_t id_size;
};

engine::Item::OfKey of_key(const KeyArguments& key, core::Intent intent) {
  return {capi::key_in(key.zone_id, key.zone_id_size, key.id, key.id_size), std::move(intent)};
}

engine::Item::OfLease of_lease(const char* token, size_t size, core::Intent intent) {
  return {capi::text_or_empty(token, size, "token"), std::move(intent)};
}

std::unique_ptr<tse_results> results_of(std::vector<engine::ItemResult> from) {
  try {
    auto results = std::make_unique<tse_results>();
    results->all.reserve(from.size());
    for (engine::ItemResult& item : from) {
      tse_results::Result& result = results->all.emplace_back();
      if (item.error) {
        result.error = std::move(item.error);
      } else {
        result.snapshot.emplace(std::move(item.row), core::Text(), item.replayed);
      }
    }
    return results;
  } catch (const std::bad_alloc&) {
    throw capi::NoMemoryAfterCommit();
  }
}

}  // namespace

int32_t tse_batch_new(tse_batch** batch, tse_error** error) noexcept {
  return capi::guard(error, [&] { capi::make(batch, "batch"); });
}

void tse_batch_free(tse_batch* batch) noexcept { delete batch; }

int32_t tse_batch_clear(tse_batch* batch, tse_error** error) noexcept {
  return capi::guard(error, [&] { capi::require(batch, "batch").items.clear(); });
}

size_t tse_batch_count(const tse_batch* batch) noexcept { return batch ? batch->items.size() : 0; }

int32_t tse_batch_create(tse_batch* batch, const tse_new_task* spec, tse_error** error) noexcept {
  return add(batch, error, [&] { return capi::new_task_in(spec); });
}

int32_t tse_batch_start(tse_batch* batch, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                        tse_error** error) noexcept {
  return add(batch, error, [&] { return of_key({zone_id, zone_id_size, id, id_size}, core::Start{}); });
}

int32_t tse_batch_annotate(tse_batch* batch, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                           const tse_update* update, tse_error** error) noexcept {
  return add(batch, error, [&] {
    (void)capi::require(update, "update");
    return of_key({zone_id, zone_id_size, id, id_size}, core::Annotate{capi::additions_in(update)});
  });
}

int32_t tse_batch_complete(tse_batch* batch, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                           const tse_update* update, tse_error** error) noexcept {
  return add(batch, error, [&] { return of_key({zone_id, zone_id_size, id, id_size}, capi::completion_in(update)); });
}

int32_t tse_batch_fail(tse_batch* batch, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                       const tse_update* update, tse_error** error) noexcept {
  return add(batch, error, [&] { return of_key({zone_id, zone_id_size, id, id_size}, capi::failure_in(update)); });
}

int32_t tse_batch_lease_complete(tse_batch* batch, const char* token, size_t token_size, const tse_update* update,
                                 tse_error** error) noexcept {
  return add(batch, error, [&] { return of_lease(token, token_size, capi::completion_in(update)); });
}

int32_t tse_batch_lease_fail(tse_batch* batch, const char* token, size_t token_size, const tse_update* update,
                             tse_error** error) noexcept {
  return add(batch, error, [&] { return of_lease(token, token_size, capi::failure_in(update)); });
}

int32_t tse_batch_run(tse_engine* engine, const tse_batch* batch, const tse_call* call, tse_results** results,
                      tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    const auto& items = capi::require(batch, "batch").items;
    tse_results*& out = capi::require(results, "results");
    out = results_of(engine::run(target, items, capi::call_in(call))).release();
  });
}

size_t tse_results_count(const tse_results* results) noexcept { return results ? results->all.size() : 0; }

int32_t tse_results_get(const tse_results* results, size_t index, tse_task_view* view, tse_error** error) noexcept {
  const core::Error* of_the_change = nullptr;
  const int32_t code = capi::guard(error, [&] {
    const tse_results& from = capi::require(results, "results");
    if (index >= from.all.size()) capi::refuse("index", "is past the last result");
    const tse_results::Result& result = from.all[index];
    if (result.error) {
      of_the_change = &*result.error;
    } else if (view != nullptr) {
      result.snapshot->view(capi::require_struct(view, "view"));
    }
  });
  // Not thrown: without the memory for a copy, its outcome would be lost.
  return of_the_change != nullptr ? capi::fail(error, *of_the_change) : code;
}

void tse_results_free(tse_results* results) noexcept { delete results; }
