// Each item is prepared as if it were alone, and all go to the commit group together.
#include "engine/batch.hpp"

#include "engine/change.hpp"
#include "engine/create.hpp"
#include "engine/engine.hpp"

#include <utility>

namespace tse::engine {
namespace {

using Prepared = std::variant<Creation, Edit>;

Prepared prepare(const Context& at, const Item& item, const Call& call) {
  if (const auto* const spec = std::get_if<core::NewTask>(&item.what)) return prepare_create(at, *spec, call);
  if (const auto* const held = std::get_if<Item::OfLease>(&item.what)) return prepare_edit(held->token, held->intent);
  const auto& named = std::get<Item::OfKey>(item.what);
  return prepare_edit(named.key, named.intent);
}

ItemResult result_of(Context& at, Prepared& done) {
  if (auto* const creation = std::get_if<Creation>(&done)) {
    tell(at, creation->made);
    return {{}, std::move(creation->made.row), creation->made.replayed};
  }
  auto& edit = std::get<Edit>(done);
  at.tell(edit.row);
  return {{}, std::move(edit.row)};
}

}  // namespace

std::vector<ItemResult> run(Engine& engine, std::span<const Item> items, const Call& call) {
  Context& at = engine.enter(call);
  std::vector<ItemResult> results(items.size());
  std::vector<Prepared> prepared;  // the changes point into it
  std::vector<store::Change> changes;
  std::vector<std::size_t> places;
  prepared.reserve(items.size());
  changes.reserve(items.size());
  places.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    try {
      prepared.push_back(prepare(at, items[i], call));
      changes.push_back(std::visit([&](auto& each) { return change_of(at, each, call); }, prepared.back()));
      places.push_back(i);
    } catch (const core::Failure& failure) {
      results[i].error = failure.error();
    }
  }
  std::vector<std::optional<core::Error>> errors(changes.size());
  at.commit(changes, errors, call, at.patience(call));
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (errors[i]) {
      results[places[i]].error = std::move(errors[i]);
    } else {
      results[places[i]] = result_of(at, prepared[i]);
    }
  }
  return results;
}

}  // namespace tse::engine
