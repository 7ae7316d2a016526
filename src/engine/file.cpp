#include "engine/file.hpp"

#include "engine/engine.hpp"

namespace tse::engine {

store::VerifyReport verify(Engine& engine, const Call& call) {
  Context& at = engine.enter(call);
  return at.store->verify(at.long_patience(call));
}

void backup(Engine& engine, const std::string& path, const Call& call) {
  Context& at = engine.enter(call);
  at.store->backup(path, at.long_patience(call));
}

}  // namespace tse::engine
