// One number for a sequence of values, to tell whether two are the same.
#pragma once

#include "core/hash.hpp"
#include "core/task.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tse::core {

/// Hashes values so that no two different sequences of them look alike: each is preceded by its length.
class Digest {
 public:
  void text(std::string_view value) {
    state_ = fnv1a64(std::to_string(value.size()), state_);
    state_ = fnv1a64(":", state_);
    state_ = fnv1a64(value, state_);
  }
  void optional_text(const Text& value) {
    text(value ? "some" : "none");
    if (value) text(*value);
  }
  void optional_number(const std::optional<std::int64_t>& value) {
    optional_text(value ? Text(std::to_string(*value)) : Text{});
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return state_; }

 private:
  std::uint64_t state_ = fnv_offset;
};

}  // namespace tse::core
