#include "store/store.hpp"

namespace tse::store {

std::optional<core::Row> Store::read(const core::Key& key, const Patience& patience) {
  std::optional<core::Row> row;
  view([&](View& view) { row = view.read(key); }, patience);
  return row;
}

std::optional<std::string> Store::payload(const core::Key& key, const Patience& patience) {
  std::optional<std::string> payload;
  view([&](View& view) { payload = view.payload(key); }, patience);
  return payload;
}

}  // namespace tse::store
