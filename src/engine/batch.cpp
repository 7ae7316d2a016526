// Batches: each item is prepared as if it were alone, and all go to the commit group together.
#include "engine/batch.hpp"

#include "engine/checks.hpp"
#include "engine/engine.hpp"

#include <utility>

namespace tse::engine {

std::variant<Engine::Creation, Engine::Edit> Engine::prepare(const Item& item, const Call& call) {
  if (const auto* const spec = std::get_if<core::NewTask>(&item.what)) return prepare_create(*spec, call);
  if (const auto* const held = std::get_if<Item::OfLease>(&item.what)) return prepare_leased(held->token, held->intent);
  const auto& named = std::get<Item::OfKey>(item.what);
  require_possible(named.key);
  return Edit{named.key, &named.intent, {}, {}, {}};
}

std::vector<ItemResult> Engine::run(std::span<const Item> items, const Call& call) {
  enter();
  check_call(call);
  std::vector<ItemResult> results(items.size());
  std::vector<std::variant<Creation, Edit>> prepared;  // the changes point into it
  std::vector<store::Change> changes;
  std::vector<std::size_t> places;
  prepared.reserve(items.size());
  changes.reserve(items.size());
  places.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    try {
      prepared.push_back(prepare(items[i], call));
      changes.push_back(std::visit([&](auto& each) { return change_of(each, call); }, prepared.back()));
      places.push_back(i);
    } catch (const core::Failure& failure) {
      results[i].error = failure.error();
    }
  }
  std::vector<std::optional<core::Error>> errors(changes.size());
  commit(changes, errors, call, patience(call));
  for (std::size_t i = 0; i < places.size(); ++i) {
    ItemResult& result = results[places[i]];
    if (errors[i]) {
      result.error = std::move(errors[i]);
    } else if (auto* const creation = std::get_if<Creation>(&prepared[i])) {
      tell(creation->made);
      result.row = std::move(creation->made.row);
      result.replayed = creation->made.replayed;
    } else {
      auto& edit = std::get<Edit>(prepared[i]);
      tell(edit.row);
      result.row = std::move(edit.row);
    }
  }
  return results;
}

}  // namespace tse::engine
