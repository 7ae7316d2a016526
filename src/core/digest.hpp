// 16 bytes for a sequence of values, to tell whether two are the same.
#pragma once

#include "core/hash.hpp"
#include "core/task.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tse::core {

/// Hashes values so that no two different sequences of them look alike: each is hashed by itself. What is stored
/// outlives the version that made it: another version of how it is made gives other digests.
class Digest {
 public:
  explicit Digest(std::int64_t version) : version_(static_cast<std::uint64_t>(version)) {}

  void text(std::string_view value) {
    hashes_ += hash128(value, version_);
    hashes_ += '.';
  }
  void optional_text(const Text& value) {
    if (value) text(*value);
    hashes_ += value ? '+' : '-';
  }
  void optional_number(const std::optional<std::int64_t>& value) {
    optional_text(value ? Text(std::to_string(*value)) : Text{});
  }
  [[nodiscard]] std::string value() const { return hash128(hashes_, version_); }

 private:
  const std::uint64_t version_;
  std::string hashes_;  // of a fixed length each
};

}  // namespace tse::core
