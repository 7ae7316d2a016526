#include "store/sqlite/gate.hpp"

namespace tse::store::sqlite {

using core::Code;
using core::Failure;
using core::Outcome;

void Gate::require() const {
  const State state = state_.load(std::memory_order_acquire);
  if (state == State::forked)
    throw Failure(Code::forked, "this handle was opened before fork(); open the file anew in this process");
  if (closed()) throw Failure(Code::closed, "the store is closed");
  if (state == State::poisoned)
    throw Failure(Code::io_error, "an earlier write may or may not have reached the disk; open the file anew");
  if (state == State::moved)
    throw Failure(Code::moved, "the file, its -wal, its -shm or its -taskstate file was replaced or removed",
                  Outcome::unknown);
}

}  // namespace tse::store::sqlite
