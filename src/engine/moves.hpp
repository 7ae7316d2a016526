// What has moved in the file, told to those who wait.
#pragma once

#include "engine/watch.hpp"

#include <cstdint>

namespace tse::engine {

struct Context;

/// What Watches asks of the file.
[[nodiscard]] NewsSource news_source(Context& at);

/// Tells what was committed since it told last, by whatever process. For the watcher's thread; never throws.
class MoveTeller {
 public:
  explicit MoveTeller(Context& at) : at_(at) {}
  void operator()() noexcept;

 private:
  void tell();
  Context& at_;
  std::uint64_t told_content_ = 0;
};

}  // namespace tse::engine
