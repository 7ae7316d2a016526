#include "store/sqlite/gate.hpp"

namespace tse::store::sqlite {

using core::Code;
using core::Failure;
using core::Outcome;

void Gate::require() const {
  if (!forked() && closed()) throw Failure(Code::closed, "the store is closed");
  require_sound();
}

void Gate::require_sound() const {
  switch (state_.load(std::memory_order_acquire)) {
    case State::sound: return;
    case State::forked:
      throw Failure(Code::forked, "this handle was opened before fork(); open the file anew in this process");
    case State::poisoned:
      throw Failure(Code::io_error, "an earlier write may or may not have reached the disk; open the file anew");
    case State::moved:
      throw Failure(Code::moved, "the file, its -wal, its -shm or its -taskstate file was replaced or removed",
                    Outcome::unknown);
  }
}

}  // namespace tse::store::sqlite
