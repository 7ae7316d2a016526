// What every driver needs: settings from the environment, a directory of its own, a line of JSON.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace bench {

[[noreturn]] inline void give_up(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

/// A number from the environment.
inline std::int64_t setting(const char* name, std::int64_t usual) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::strtoll(text, nullptr, 10) : usual;
}

/// How long each side is measured: TSE_BENCH_SECONDS, which may be a fraction.
inline double seconds_each() {
  const char* const text = std::getenv("TSE_BENCH_SECONDS");
  return text != nullptr ? std::strtod(text, nullptr) : 3;
}

/// A directory of its own below TSE_BENCH_DIRECTORY or the working directory, gone at the end.
class Directory {
 public:
  Directory() {
    const char* const base = std::getenv("TSE_BENCH_DIRECTORY");
    std::string name = std::string(base != nullptr ? base : ".") + "/taskstate-bench-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) give_up("cannot make " + name);
    path_ = std::filesystem::absolute(name).string();
  }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// One line of JSON: a figure that has no samples behind it.
inline void print(const std::string& what, const char* side, double value, const char* unit, std::size_t failures) {
  std::printf(
      "{\"case\": \"%s\", \"side\": \"%s\", \"value\": %.6g, \"unit\": \"%s\", \"p50_us\": null, \"p99_us\": null, "
      "\"max_us\": null, \"failures\": %zu}\n",
      what.c_str(), side, value, unit, failures);
  std::fflush(stdout);
}

}  // namespace bench
