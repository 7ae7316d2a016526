#include "store/sqlite/migrations.hpp"

#include "store/sqlite/sql_files.hpp"

#include <array>

namespace tse::store::sqlite {

namespace {

constexpr std::array<Migration, 1> all{{{2, schema_v2_sql, 2, 2}}};

}  // namespace

std::span<const Migration> released_migrations() noexcept { return all; }

// Weak, so that tests/releases.cpp can take its place.
[[gnu::weak]] std::span<const Migration> migrations() noexcept { return released_migrations(); }

}  // namespace tse::store::sqlite
