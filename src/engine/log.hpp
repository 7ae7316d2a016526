// The engine's log: an own logger per engine, never the process's default one.
#pragma once

#include "core/settings.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace tse::engine {

using core::LogLevel;
using LogCallback = std::function<void(LogLevel, std::string_view line)>;

struct LogSettings {
  LogLevel level = LogLevel::warn;
  std::string file;      ///< empty: stderr
  LogCallback callback;  ///< instead of file and stderr
};

/// Any thread. A line never holds a control character, whatever went into it, so input cannot forge
/// or split lines. Failing to log is never an error of the operation that logs.
class Log {
 public:
  /// Throws core::Failure: invalid_argument if the file is none that a log can be appended to, access_denied,
  /// unavailable ... if it cannot be opened.
  explicit Log(const LogSettings& settings);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void write(LogLevel level, std::string_view text) const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tse::engine
