#include "core/verify.hpp"

#include "core/codec.hpp"
#include "core/validate.hpp"

#include <utility>

namespace tse::core {

TaskVerification::TaskVerification(const Row& row) : row_(row) { judge_row(); }

void TaskVerification::judge_row() {
  const Task& task = row_.task;
  const std::string body = render(task);
  for (const Detail& detail : validate(row_)) found_.push_back(detail.field + " " + detail.message);
  const auto require = [this](bool holds, const char* otherwise) {
    if (!holds) found_.emplace_back(otherwise);
  };
  require(row_.body == body, "its stored body is not what the task looks like");
  require(row_.version >= row_.revision, "its version is less than its revision");
  const bool held = row_.lease_until || row_.lease_clock || row_.worker;
  require(task.status == Status::running || !held, "it does not run and has a lease");
  require(row_.lease_until.has_value() == row_.lease_clock.has_value(), "its lease has an end or a clock alone");
  require(!row_.lease_until || row_.epoch > 0, "its lease has no epoch");
  require(row_.attempt <= row_.max_attempts, "it was started more often than it may be");
  require(!row_.failure_kind || task.status == Status::failed, "it has not failed and has a kind of failure");
}

void TaskVerification::judge_step(const Event& before, const Event& event, const std::string& where) {
  if (event.from != before.to) found_.push_back(where + "does not begin where the one before ended");
  if (event.from && event.from != event.to && !taskstate::can_transition(*event.from, event.to))
    found_.push_back(where + "is an illegal move");
  if (event.at < before.at) found_.push_back(where + "goes back in time");
  if (event.epoch < before.epoch || event.attempt < before.attempt)
    found_.push_back(where + "goes back in epoch or attempt");
}

void TaskVerification::add(const Event& event) {
  ++count_;
  const std::string where = "event " + std::to_string(count_) + " of its history ";
  if (event.revision != count_) found_.push_back(where + "has revision " + std::to_string(event.revision));
  if (last_) {
    judge_step(*last_, event, where);
  } else if (event.kind != "created" || event.from || event.to != Status::pending) {
    found_.push_back(where + "is not its creation");
  }
  last_ = event;
}

std::vector<std::string> TaskVerification::finish() && {
  if (count_ != row_.revision)
    found_.push_back("it has revision " + std::to_string(row_.revision) + " and " + std::to_string(count_) + " events");
  if (last_) {
    if (last_->epoch > row_.epoch || last_->attempt > row_.attempt)
      found_.emplace_back("its epoch or attempt lies behind its history");
    if (last_->to != row_.task.status) found_.emplace_back("its history does not end in its status");
    if (last_->at != row_.task.updated_at) found_.emplace_back("its history does not end at updated_at");
  }
  return std::move(found_);
}

std::vector<std::string> verify(const Row& row, std::span<const Event> events) {
  TaskVerification verification(row);
  for (const Event& event : events) verification.add(event);
  return std::move(verification).finish();
}

}  // namespace tse::core
