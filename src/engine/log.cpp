// The one file that includes spdlog: its headers cost seconds of compile time each.
#include "engine/log.hpp"

#include "core/error.hpp"
#include "core/validate.hpp"
#include "engine/log_file.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace tse::engine {
namespace {

constexpr const char* pattern = "%Y-%m-%dT%H:%M:%S.%eZ taskstate %l %v";

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::trace: return spdlog::level::trace;
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warn: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::off: break;
  }
  return spdlog::level::off;
}

LogLevel from_spdlog(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace: return LogLevel::trace;
    case spdlog::level::debug: return LogLevel::debug;
    case spdlog::level::info: return LogLevel::info;
    case spdlog::level::warn: return LogLevel::warn;
    default: return LogLevel::error;
  }
}

// Hands the bare text on; the host's own logger adds time and level.
class CallbackSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit CallbackSink(std::function<void(LogLevel, std::string_view)> callback) : callback_(std::move(callback)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    callback_(from_spdlog(message.level), {message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

 private:
  std::function<void(LogLevel, std::string_view)> callback_;
};

class FileSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FileSink(const std::string& path) : file_(path) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    file_.append({line.data(), line.size()});
  }
  void flush_() override {}

 private:
  LogFile file_;
};

spdlog::sink_ptr make_sink(const LogSettings& settings) {
  if (settings.callback) return std::make_shared<CallbackSink>(settings.callback);
  if (settings.file.empty()) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  return std::make_shared<FileSink>(settings.file);
}

/// How much of the text's beginning is one character that may stand in a line, or 0: control characters (also C1, of
/// which some terminals obey U+009B as they do ESC [), separators of lines, and what is no UTF-8.
std::size_t printable_prefix(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text.front());
  if (byte < 0x80) return byte < 0x20 || byte == 0x7f ? 0 : 1;
  const std::size_t size = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
  const std::string_view character = text.substr(0, size);
  if (character.size() < size || !core::is_utf8(character)) return 0;
  const bool is_c1 = byte == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
  return is_c1 || character == "\u2028" || character == "\u2029" ? 0 : size;
}

std::string printable(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  while (!text.empty()) {
    const std::size_t good = printable_prefix(text);
    line += good > 0 ? text.substr(0, good) : std::string_view("?");
    text.remove_prefix(std::max(good, std::size_t{1}));
  }
  return line;
}

}  // namespace

class Log::Impl {
 public:
  explicit Impl(const LogSettings& settings) : logger("taskstate", make_sink(settings)) {
    logger.set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
    logger.set_level(to_spdlog(settings.level));
    logger.flush_on(spdlog::level::trace);
    // spdlog would print failures of the log itself on stderr.
    logger.set_error_handler([](const std::string&) {});
  }
  spdlog::logger logger;
};

Log::Log(const LogSettings& settings) {
  try {
    impl_ = std::make_unique<Impl>(settings);
  } catch (const spdlog::spdlog_ex&) {
    throw core::Failure(core::Code::unavailable, "the log cannot be made");
  }
}

Log::~Log() = default;

void Log::write(LogLevel level, std::string_view text) const noexcept {
  try {
    const auto native = to_spdlog(level);
    if (impl_->logger.should_log(native)) impl_->logger.log(native, printable(text));
  } catch (...) {  // a full disk under the log must not fail a task
  }
}

}  // namespace tse::engine
