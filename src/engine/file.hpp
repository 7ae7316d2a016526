// The file as a whole. What reads all there is has no deadline unless the call names one.
#pragma once

#include "engine/call.hpp"
#include "store/store.hpp"

#include <string>

namespace tse::engine {

class Engine;

store::VerifyReport verify(Engine& engine, const Call& call);
void backup(Engine& engine, const std::string& path, const Call& call);

}  // namespace tse::engine
