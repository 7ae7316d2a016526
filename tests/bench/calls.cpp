// System calls of a lone change, through SQLite's own VFS and through ours, counted by strace(1) in one run.
//   build/release/tests/bench_calls [changes]
#include "fault/support.hpp"
#include "unit/store/sqlite/vfs/system_calls.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

using namespace tse;
using namespace tse::test;

namespace {

using Counts = std::map<std::string, double>;

void work(const std::string& path, int changes) {
  engine::Settings settings = patient_settings();
  settings.housekeeping = std::chrono::microseconds(0);
  settings.log_level = engine::LogLevel::off;
  const engine::Engine::Ptr tasks = engine::Engine::open(path, settings);
  for (int i = 0; i < changes; ++i) engine::create(*tasks, new_task("z", "t" + std::to_string(i)), patient());
}

/// Of a process that makes so many changes, as `strace -c` tells.
Counts calls_of(const char* self, bool is_stock, int changes) {
  const TemporaryDirectory directory;
  const std::string report = directory.file("report");
  const pid_t child = spawn([&] {
    if (is_stock) refuse_ofd_locks();
    const std::string count = std::to_string(changes);
    const std::string path = directory.file("tasks.db");
    ::execlp("strace", "strace", "-f", "-c", "-o", report.c_str(), self, "work", path.c_str(), count.c_str(), nullptr);
    return 127;
  });
  if (wait_for(child) != 0) throw std::runtime_error("strace failed; is it installed, and may it trace?");
  Counts counts;
  std::ifstream lines(report);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string share, seconds, each, name;
    double count = 0;
    if (!(words >> share >> seconds >> each >> count)) continue;
    while (words >> name) {  // the last word; the errors may stand before it
    }
    if (name != "total") counts[name] = count;
  }
  return counts;
}

/// What opening and closing takes is in both counts.
Counts a_change(const char* self, bool is_stock, int changes) {
  const Counts few = calls_of(self, is_stock, 10);
  Counts many = calls_of(self, is_stock, 10 + changes);
  for (auto& [name, count] : many) {
    const auto same = few.find(name);
    count = (count - (same != few.end() ? same->second : 0)) / changes;
  }
  return many;
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 4 && std::string(arguments[1]) == "work") {
    work(arguments[2], std::stoi(arguments[3]));
    return 0;
  }
  const int changes = count > 1 ? std::stoi(arguments[1]) : 600;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const Counts stock = a_change(self.c_str(), true, changes);
  const Counts ours = a_change(self.c_str(), false, changes);
  std::map<std::string, std::pair<double, double>> both;
  for (const auto& [name, calls] : stock) both[name].first = calls;
  for (const auto& [name, calls] : ours) both[name].second = calls;
  std::pair<double, double> total;
  std::printf("%-16s %8s %8s\n", "calls a change", "stock", "ours");
  for (const auto& [name, calls] : both) {
    total.first += calls.first;
    total.second += calls.second;
    if (calls.first >= 0.05 || calls.second >= 0.05)
      std::printf("%-16s %8.2f %8.2f\n", name.c_str(), calls.first, calls.second);
  }
  std::printf("%-16s %8.2f %8.2f\n", "all", total.first, total.second);
  return 0;
}
