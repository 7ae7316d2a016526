// What the fault tests share: a directory that goes away, processes that really run, memory they share.
#pragma once

#include "coverage.hpp"
#include "unit/engine/operations.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace tse::test {

class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
    std::string name = (parent / "taskstate-fault-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// Zeroed memory that forked children share with their parent.
template <class T>
class Shared {
 public:
  explicit Shared(std::size_t count = 1) : bytes_(count * sizeof(T)) {
    void* memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    data_ = static_cast<T*>(memory);
  }
  ~Shared() { ::munmap(data_, bytes_); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  T& operator[](std::size_t index) { return data_[index]; }
  T* operator->() { return data_; }

 private:
  std::size_t bytes_;
  T* data_;
};

/// Runs `body` in a child process; its exit code is 0 unless the body throws or returns something else.
inline pid_t spawn(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("fork");
  if (pid > 0) return pid;
  int code = 100;
  try {
    code = body();
  } catch (const core::Failure& failure) {
    std::fprintf(stderr, "child: %s: %s\n", std::string(core::to_string(failure.error().code)).c_str(),
                 failure.error().message.c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
  }
  write_coverage();
  ::_exit(code);
}

/// The exit code of a child, or 128 + the signal that ended it.
inline int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) throw std::runtime_error("waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// A whole number from the environment, so that long runs are a command of their own.
inline std::size_t setting(const char* name, std::size_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

// However slow the machine is and whatever else it does, these do not give up.
inline constexpr std::chrono::minutes long_enough{2};
inline engine::Call patient() {
  engine::Call call;
  call.timeout = long_enough;
  return call;
}
inline engine::Settings patient_settings() {
  engine::Settings settings;
  settings.timeout = long_enough;
  return settings;
}
inline engine::Engine::Ptr open(const std::string& path) { return engine::Engine::open(path, patient_settings()); }

inline core::NewTask new_task(std::string zone_id, std::string id) {
  core::NewTask spec;
  spec.zone_id = std::move(zone_id);
  if (!id.empty()) spec.id = std::move(id);
  spec.operation = "create";
  return spec;
}

inline core::Complete complete_with(std::string install_id) {
  core::Complete intent;
  intent.additions.install_id = std::move(install_id);
  return intent;
}

}  // namespace tse::test
