// Many changes in one call, each on its own.
#pragma once

#include <taskstate/detail/check.hpp>
#include <taskstate/error.hpp>
#include <taskstate/task.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace taskstate {

/// What became of one change of a batch: the task after it, or why it was refused. @since 0.1
struct Result {
  std::optional<Task> task{};
  std::optional<Error> error{};

  [[nodiscard]] explicit operator bool() const noexcept { return !error; }
  /// @throws Error that of the change.
  [[nodiscard]] const Task& value() const {
    if (error) throw Error(*error);
    return task.value();
  }
};

/// One task to be completed, for Engine::complete_many(). @since 0.1
struct Completion {
  std::string zone_id{};
  std::string id{};
  Update update{};
};

/// Changes for Engine::run(), at most 10,000. Each function adds one, means what Engine's or Lease's of the same name
/// does, copies what it is given, and returns the batch. What cannot be read is refused at once and not added; every
/// rule of a task is judged when the batch runs, and is that change's own result. One thread at a time, except that
/// any number may run it at once while nobody adds. Does not block.
/// @throws Error invalid_argument, limit_exceeded, no_memory. @since 0.1
class Batch {
 public:
  Batch();
  Batch& create(const NewTask& spec);
  Batch& start(std::string_view zone_id, std::string_view id);
  Batch& annotate(std::string_view zone_id, std::string_view id, const Update& update);
  Batch& complete(std::string_view zone_id, std::string_view id, const Update& update = {});
  Batch& fail(std::string_view zone_id, std::string_view id, const Failure& failure);
  /// By the holder of the lease with this token.
  Batch& complete_leased(std::string_view token, const Update& update = {});
  /// By the holder of the lease with this token.
  Batch& fail_leased(std::string_view token, const Failure& failure);
  void clear();
  [[nodiscard]] std::size_t size() const noexcept;

 private:
  friend class Engine;
  detail::BatchHandle batch_;
};

}  // namespace taskstate

#include <taskstate/detail/batch.hpp>
