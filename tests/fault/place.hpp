// Where the files of a disk without power are put, to be opened.
#pragma once

#include "fault/disk.hpp"
#include "fault/support.hpp"
#include "unit/store/support.hpp"

#include <filesystem>
#include <string>

namespace tse::test {

/// A directory of its own where flushes take no time, if there is such a place.
class Place {
 public:
  [[nodiscard]] std::string path(const std::string& name = "tasks.db") const { return directory_.file(name); }
  [[nodiscard]] std::string directory() const { return std::filesystem::path(path()).parent_path(); }
  void fill(const Files& files) const {
    for (const auto& entry : std::filesystem::directory_iterator(directory()))
      if (!files.contains(entry.path().filename())) std::filesystem::remove(entry.path());
    for (const auto& [name, content] : files) store_test::write_file(path(name), content);
  }

 private:
  static std::filesystem::path quick() {
    return std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
  }
  TemporaryDirectory directory_{quick()};
};

}  // namespace tse::test
