// What must hold of one task and its history, whoever wrote them.
#pragma once

#include "core/task.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tse::core {

/// Judges a task, then its events as they are read, the oldest first; so a long history need not be in memory.
class TaskVerification {
 public:
  /// Keeps a reference to the row.
  explicit TaskVerification(const Row& row);
  void add(const Event& event);
  /// What is wrong, a sentence each, the task unnamed.
  [[nodiscard]] std::vector<std::string> finish() &&;

 private:
  void judge_row();
  void judge_step(const Event& before, const Event& event, const std::string& where);

  const Row& row_;
  std::optional<Event> last_;
  std::int64_t count_ = 0;
  std::vector<std::string> found_;
};

[[nodiscard]] std::vector<std::string> verify(const Row& row, std::span<const Event> events);

}  // namespace tse::core
