#include "store/sqlite/time_limit.hpp"

#include <chrono>

namespace tse::store::sqlite {

TimeLimit::TimeLimit(Connection& connection, const Patience& patience) : connection_(connection), patience_(patience) {
  constexpr int steps_between_looks = 1000;
  sqlite3_progress_handler(connection_.handle(), steps_between_looks, &TimeLimit::look, this);
}

TimeLimit::~TimeLimit() { sqlite3_progress_handler(connection_.handle(), 0, nullptr, nullptr); }

int TimeLimit::look(void* self) {
  auto& limit = *static_cast<TimeLimit*>(self);
  limit.cancelled_ = limit.patience_.cancelled && limit.patience_.cancelled();
  limit.over_ = limit.cancelled_ || std::chrono::steady_clock::now() >= limit.patience_.until;
  return limit.over_ ? 1 : 0;
}

core::Error TimeLimit::error(const std::string& undone) const {
  if (cancelled_) return {core::Code::cancelled, "the caller cancelled before " + undone, {}, core::Outcome::not_done};
  return {core::Code::busy, "the deadline passed before " + undone, {}, core::Outcome::not_done};
}

}  // namespace tse::store::sqlite
