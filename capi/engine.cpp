// Opening and closing.
#include "internal.hpp"

#include "engine/migrate.hpp"

#include <memory>

using namespace tse;

int32_t tse_open(const char* path, size_t size, const tse_options* options, tse_engine** engine,
                 tse_error** error) noexcept {
  return capi::guard(error, [&] {
    tse_engine*& out = capi::require(engine, "engine");
    const std::string file = capi::text_or_empty(path, size, "path");
    auto handle = std::make_unique<tse_engine>();
    handle->engine = engine::Engine::open(file, options ? options->settings : engine::Settings{});
    out = handle.release();
  });
}

int32_t tse_close(tse_engine* engine, tse_error** error) noexcept {
  return capi::guard(error, [&] { capi::require(engine, "engine").engine->close(); });
}

int32_t tse_migrate(const char* path, size_t size, const tse_options* options, const tse_call* call,
                    tse_migration_view* migration, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    const std::string file = capi::text_or_empty(path, size, "path");
    if (migration != nullptr) (void)capi::require_struct(migration, "migration");
    const engine::Migrated done =
        engine::migrate(file, options ? options->settings : engine::Settings{}, capi::call_in(call));
    if (migration == nullptr) return;
    migration->from_schema = done.from;
    migration->to_schema = done.to;
    migration->copy_bytes = done.copy_bytes;
    migration->wal_bytes = done.wal_bytes;
  });
}

void tse_engine_free(tse_engine* engine) noexcept { delete engine; }
