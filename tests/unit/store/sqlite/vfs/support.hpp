// What the tests of the VFS share: plain connections through it and through SQLite's own, and looks at a file from
// outside.
#pragma once

#include "fault/support.hpp"
#include "store/sqlite/vfs.hpp"

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace tse::test {

/// SQLite's own VFS, which is the control: it must show the fault that ours has not.
inline constexpr const char* stock = "unix";
inline const char* ours() { return store::sqlite::vfs::name(); }

inline constexpr int for_long = 120000;  // ms: whoever waits so long waits for ever

/// Where flushes cost nothing, for what is not about them.
inline std::filesystem::path in_memory() {
  const std::filesystem::path shared = "/dev/shm";
  return std::filesystem::is_directory(shared) ? shared : std::filesystem::temp_directory_path();
}

/// A connection of a plain program, in WAL mode unless told otherwise.
class Plain {
 public:
  Plain(const std::string& path, const char* vfs, const std::string& settings = "PRAGMA journal_mode = WAL",
        int timeout_ms = 0) {
    const int code = sqlite3_open_v2(
        path.c_str(), &handle_,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE,
        vfs);
    if (code != SQLITE_OK) {
      const std::string problem = sqlite3_errmsg(handle_);
      close();
      throw std::runtime_error("open: " + problem);
    }
    sqlite3_busy_timeout(handle_, timeout_ms);
    must("PRAGMA wal_autocheckpoint = 0;" + settings);
  }
  ~Plain() { close(); }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;
  Plain(Plain&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Plain& operator=(Plain&& other) noexcept {
    close();
    handle_ = std::exchange(other.handle_, nullptr);
    return *this;
  }

  void close() noexcept { sqlite3_close(std::exchange(handle_, nullptr)); }
  [[nodiscard]] sqlite3* handle() const { return handle_; }

  /// The result code.
  int run(const std::string& sql) { return sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr); }
  void must(const std::string& sql) {
    if (run(sql) != SQLITE_OK) throw std::runtime_error(sql.substr(0, 60) + ": " + sqlite3_errmsg(handle_));
  }
  /// The first row's columns with blanks between them, or what is wrong.
  std::string ask(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    std::string answer;
    int code = sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
      for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
        answer += (i > 0 ? " " : "") + std::string(text != nullptr ? text : "NULL");
      }
    } else if (code != SQLITE_DONE) {
      answer = sqlite3_errmsg(handle_);
    }
    sqlite3_finalize(statement);
    return answer;
  }
  std::int64_t number(const std::string& sql) {
    const std::string answer = ask(sql);
    std::size_t used = 0;
    const std::int64_t value = answer.empty() ? 0 : std::stoll(answer, &used);
    if (used != answer.size()) throw std::runtime_error(answer);
    return value;
  }

 private:
  sqlite3* handle_ = nullptr;
};

/// What SQLite's shell, a process of its own with locks of its own, says when it runs the statements.
inline std::string elsewhere(const std::string& path, const std::string& sql, int timeout_ms = 0) {
  const std::string command =
      "sqlite3 -batch -bail -cmd '.timeout " + std::to_string(timeout_ms) + "' '" + path + "' \"" + sql + "\" 2>&1";
  FILE* const shell = ::popen(command.c_str(), "re");
  if (shell == nullptr) throw std::runtime_error("popen");
  std::string said;
  std::array<char, 4096> part{};
  while (const std::size_t size = std::fread(part.data(), 1, part.size(), shell)) said.append(part.data(), size);
  ::pclose(shell);
  while (!said.empty() && said.back() == '\n') said.pop_back();
  return said;
}

/// The locks that anybody holds on a file, as the kernel lists them, sorted; without the numbers of processes.
inline std::vector<std::string> locks_on(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  std::array<char, 64> id{};
  (void)std::snprintf(id.data(), id.size(), "%02x:%02x:%lu", major(info.st_dev), minor(info.st_dev),
                      static_cast<unsigned long>(info.st_ino));
  std::set<std::string> found;
  // The list comes in pieces, between which others lock and unlock: a line may come twice, or not at all.
  for (int look = 0; look < 4; ++look) {
    std::ifstream lines("/proc/locks");
    for (std::string line; std::getline(lines, line);) {
      std::string number, kind, advisory, mode, process, file, begin, end;
      if (!(std::istringstream(line) >> number >> kind >> advisory >> mode >> process >> file >> begin >> end))
        continue;
      if (file == id.data()) found.insert(path.substr(path.rfind('/') + 1) + ' ' + mode + ' ' + begin + '-' + end);
    }
  }
  return {found.begin(), found.end()};
}

/// Those on the database and on its -shm.
inline std::vector<std::string> all_locks(const std::string& path) {
  std::vector<std::string> all = locks_on(path);
  const std::vector<std::string> shared = locks_on(path + "-shm");
  all.insert(all.end(), shared.begin(), shared.end());
  std::sort(all.begin(), all.end());
  return all;
}

inline std::string text_of(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += '[' + part + ']';
  return text;
}

/// The descriptors of this process that have a file open whose name begins so. In a child right after fork(), too.
inline std::vector<int> descriptors_of(const std::string& path) {
  std::vector<int> found;
  for (int descriptor = 0; descriptor < 1024; ++descriptor) {
    std::array<char, 32> link{};
    std::array<char, 4096> name{};
    (void)std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", descriptor);
    const ssize_t size = ::readlink(link.data(), name.data(), name.size());
    if (size > 0 && std::string_view(name.data(), static_cast<std::size_t>(size)).starts_with(path))
      found.push_back(descriptor);
  }
  return found;
}

/// A pipe as a one-shot signal between processes.
class Bell {
 public:
  Bell() {
    if (::pipe(ends_.data()) != 0) throw std::runtime_error("pipe");
  }
  ~Bell() {
    for (const int end : ends_) ::close(end);
  }
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;
  void ring() const { (void)!::write(ends_[1], "x", 1); }
  void wait() const {
    char byte = 0;
    while (::read(ends_[0], &byte, 1) < 0 && errno == EINTR) {
    }
  }
  [[nodiscard]] const std::array<int, 2>& ends() const { return ends_; }

 private:
  std::array<int, 2> ends_{};
};

}  // namespace tse::test
