// The file that lines of the log are appended to.
#pragma once

#include "store/descriptor.hpp"

#include <string>
#include <string_view>

namespace tse::engine {

/// One thread at a time.
class LogFile {
 public:
  /// Makes it with mode 0600 where there is none; opens a regular file or a character device, and never waits. Throws
  /// core::Failure: invalid_argument, access_denied, unavailable ...
  explicit LogFile(std::string path);
  /// Best effort. A file whose descriptor the process has closed is opened anew.
  void append(std::string_view line) noexcept;

 private:
  std::string path_;
  store::OwnDescriptor descriptor_;
};

}  // namespace tse::engine
