#include "releases.hpp"

#include <array>
#include <atomic>
#include <string_view>

namespace tse::test {

namespace {

using store::sqlite::Migration;
using store::sqlite::released_migrations;

// It rewrites every row, and has one of each kind of object.
constexpr std::string_view step = R"(
ALTER TABLE taskstate_tasks ADD COLUMN flavour TEXT CHECK (flavour IS NULL OR length(flavour) <= 200);
UPDATE taskstate_tasks SET flavour = 'flavour of ' || id;
CREATE INDEX taskstate_tasks_flavour ON taskstate_tasks (flavour) WHERE flavour IS NOT NULL;
CREATE TABLE taskstate_flavours (name TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO taskstate_flavours SELECT DISTINCT operation FROM taskstate_tasks;
CREATE TRIGGER taskstate_flavours_delete BEFORE DELETE ON taskstate_flavours
BEGIN
  SELECT RAISE(ABORT, 'taskstate: flavours stay');
END;
)";
constexpr std::string_view endless_step = R"(
CREATE TABLE taskstate_flavours (name);
INSERT INTO taskstate_flavours WITH RECURSIVE taskstate_r (x) AS
  (SELECT 1 UNION ALL SELECT x + 1 FROM taskstate_r) SELECT x FROM taskstate_r WHERE x < 0;
)";
constexpr std::string_view failing_step = R"(
CREATE TABLE taskstate_flavours (name);
DROP TABLE taskstate_events;
SELECT no_such_function();
)";

std::array<Migration, 2> with(std::string_view sql, std::int64_t minimum) noexcept {
  return {released_migrations().front(), Migration{3, sql, minimum, minimum, true}};
}

std::atomic<Release> present{
#ifdef TSE_RELEASE_TO_COME
    Release::additive
#else
    Release::current
#endif
};

}  // namespace

As::As(Release release) noexcept : before_(present.exchange(release)) {}
As::~As() { present = before_; }

}  // namespace tse::test

namespace tse::store::sqlite {

std::span<const Migration> migrations() noexcept {
  using test::Release;
  static const auto additive = test::with(test::step, 0);
  static const auto breaking = test::with(test::step, 3);
  static const auto endless = test::with(test::endless_step, 0);
  static const auto failing = test::with(test::failing_step, 0);
  switch (test::present.load()) {
    case Release::current: break;
    case Release::additive: return additive;
    case Release::breaking: return breaking;
    case Release::endless: return endless;
    case Release::failing: return failing;
  }
  return released_migrations();
}

}  // namespace tse::store::sqlite
