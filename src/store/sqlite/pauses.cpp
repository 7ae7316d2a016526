#include "store/sqlite/pauses.hpp"

#include "core/no_destructor.hpp"

namespace tse::store::sqlite {
namespace {

constexpr std::string_view zone = "zone";

std::string_view kind_of(Pause::What what) { return what == Pause::What::zone ? zone : "operation"; }

}  // namespace

bool is_paused(Connection& connection, Pause::What what, std::string_view name) {
  static const core::NoDestructor<Sql> sql("SELECT 1 FROM taskstate_pauses WHERE kind = ?1 AND name = ?2");
  Query query(connection, *sql);
  query.bind(1, kind_of(what)).bind(2, name);
  return query.step();
}

std::vector<Pause> find_pauses(Connection& connection) {
  Query query(connection, "SELECT kind, name, since, actor FROM taskstate_pauses ORDER BY kind DESC, name");
  std::vector<Pause> pauses;
  while (query.step()) {
    const Pause::What what = query.view(0) == zone ? Pause::What::zone : Pause::What::operation;
    pauses.push_back({what, query.text(1), query.integer(2), query.optional_text(3)});
  }
  return pauses;
}

bool set_paused(Connection& connection, const Pause& pause, bool paused) {
  if (is_paused(connection, pause.what, pause.name) == paused) return false;
  if (!paused) {
    Query query(connection, "DELETE FROM taskstate_pauses WHERE kind = ?1 AND name = ?2");
    query.bind(1, kind_of(pause.what)).bind(2, pause.name).run();
    return true;
  }
  Query query(connection, "INSERT INTO taskstate_pauses (kind, name, since, actor) VALUES (?1, ?2, ?3, ?4)");
  query.bind(1, kind_of(pause.what)).bind(2, pause.name).bind(3, pause.since);
  if (pause.actor) query.bind(4, *pause.actor);
  query.run();
  return true;
}

}  // namespace tse::store::sqlite
