// The two sides of a comparison. Each keeps for itself what is handed out and only ever handed back: leases, cursors,
// positions, tags.
#pragma once

#include "text.hpp"

#include <memory>
#include <string>
#include <vector>

namespace tse::model {

class Side {
 public:
  Side() = default;
  virtual ~Side() = default;
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  /// What the operation gives. `number` is its place in the program, of which ids are made.
  virtual std::string run(const Operation& operation, std::size_t number) = 0;
  virtual std::string run(const std::vector<Action>& batch, std::size_t engine) = 0;
};

/// The time for both sides.
inline constexpr Us start_of_time = 1577836800 * second;  // 2020-01-01

/// The ids that are made while an operation runs.
std::string task_id_of(std::size_t number);
std::string request_id_of(std::size_t number);

/// A value that was handed out so long ago, or nothing.
template <class T>
const T* handed_out(const std::vector<T>& values, Back back) {
  return back < values.size() ? &values[values.size() - 1 - back] : nullptr;
}

std::unique_ptr<Side> model_side(const Setup& setup);
/// `directory` must be there and empty, unless all is in memory.
std::unique_ptr<Side> engine_side(const Setup& setup, const std::string& directory);

inline constexpr const char* nothing_handed_out = "nothing was handed out yet";

}  // namespace tse::model
