// How long the statements of a connection may run.
#pragma once

#include "store/sqlite/connection.hpp"

#include <string>

namespace tse::store::sqlite {

/// While it lives, a statement of the connection that still runs when the patience ends is interrupted. Both outlive
/// it, and it is the only one on its connection. A short statement ends before anybody looks.
class TimeLimit {
 public:
  TimeLimit(Connection& connection, const Patience& patience);
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  /// Whether a statement was interrupted.
  [[nodiscard]] bool is_over() const noexcept { return over_; }
  /// Why: `cancelled` or `busy`, with what was not done by then.
  [[nodiscard]] core::Error error(const std::string& undone) const;

 private:
  static int look(void* self);

  Connection& connection_;
  const Patience& patience_;
  bool over_ = false;
  bool cancelled_ = false;
};

}  // namespace tse::store::sqlite
