// A disk without power: what was done to the files of a directory, and what a cut may leave of it.
//
// The model is a page cache over a disk that does only what it is told to. Until a file is synced, each block of it
// reaches the disk on its own, in any order, as it was after any of the writes to it. Names that were given, changed or
// removed are there only once the directory is synced, each on its own too.
#pragma once

#include "fault/file_calls.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tse::test {

using Random = std::mt19937_64;
inline std::size_t below(Random& random, std::size_t bound) { return random() % bound; }

using Files = std::map<std::string, std::string>;  // contents by name

/// What was done to a directory's files, or, as notes in between, what that meant to others.
struct Step {
  enum Kind { write, truncate, sync, link, unlink, rename, sync_directory, commit, acknowledged } kind;
  std::size_t file = 0;  // in the order of their creation, those that were there first; a note: which one
  std::size_t at = 0;    // a write's offset, a truncated file's size
  std::string bytes{};   // or the name
  std::string new_name{};
};

/// Takes down all that is done to a directory while it lives. SQLite's -shm is left out: it means nothing after a cut.
class Recording final : public fault::FileObserver {
 public:
  /// The files are those that are there.
  Recording(std::string directory, const Files& files) : directory_(std::move(directory)) {
    struct stat info {};
    if (::stat(directory_.c_str(), &info) != 0) throw std::runtime_error("stat");
    directory_inode_ = info.st_ino;
    for (const auto& [name, content] : files) {
      if (::stat((directory_ + '/' + name).c_str(), &info) != 0) throw std::runtime_error("stat");
      add(info.st_ino, name);
    }
    fault::observe(this);
  }
  ~Recording() override { fault::observe(nullptr); }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  void note(Step::Kind kind, std::size_t which) { steps.push_back({kind, which}); }
  std::vector<Step> steps;
  /// Asked before the first frame of a transaction is written to a -wal, and before one that makes a commit.
  std::function<void()> on_transaction{}, on_commit{};

 private:
  void created(const char* path, int descriptor) override {
    const auto name = name_of(path);
    struct stat info {};
    if (name.empty() || ::fstat(descriptor, &info) != 0) return;
    steps.push_back({Step::link, add(info.st_ino, name), 0, name});
  }
  void wrote(int descriptor, std::int64_t offset, std::string_view bytes) override {
    const auto found = find(descriptor);
    if (found == inodes_.end()) return;
    if (found->second == wal_) look_for_commits(static_cast<std::size_t>(offset), bytes);
    steps.push_back({Step::write, found->second, static_cast<std::size_t>(offset), std::string(bytes)});
  }
  void truncated(int descriptor, std::int64_t size) override {
    const auto found = find(descriptor);
    if (found != inodes_.end()) steps.push_back({Step::truncate, found->second, static_cast<std::size_t>(size)});
  }
  void synced(int descriptor) override {
    struct stat info {};
    if (::fstat(descriptor, &info) == 0 && info.st_ino == directory_inode_) steps.push_back({Step::sync_directory});
    const auto found = find(descriptor);
    if (found != inodes_.end()) steps.push_back({Step::sync, found->second});
  }
  void removed(const char* path) override {
    const auto name = name_of(path);
    if (!name.empty()) steps.push_back({Step::unlink, 0, 0, name});
  }
  void renamed(const char* from, const char* to) override {
    const auto name = name_of(from);
    if (!name.empty()) steps.push_back({Step::rename, 0, 0, name, name_of(to)});
  }

  // Bytes 4 to 7 of a frame's header say that the frame makes a commit. The engine writes whole frames, many at once;
  // SQLite's own VFS writes a header and its page one after the other.
  void look_for_commits(std::size_t offset, std::string_view bytes) {
    constexpr std::size_t log_header = 32, frame_header = 24, frame = frame_header + 4096;
    const auto commits = [](std::string_view header) { return header.substr(4, 4) != std::string_view("\0\0\0\0", 4); };
    if (bytes.size() % frame == 0 && offset % frame == log_header) {
      for (; !bytes.empty(); bytes.remove_prefix(frame)) {
        if (between_transactions_ && on_transaction) on_transaction();
        between_transactions_ = commits(bytes);
        if (between_transactions_ && on_commit) on_commit();
      }
      return;
    }
    if (transaction_ends_ == offset) return void(transaction_ends_ = 0);  // its last page
    if (between_transactions_ && on_transaction) on_transaction();
    between_transactions_ = bytes.size() == frame_header && commits(bytes);
    if (!between_transactions_) return;
    transaction_ends_ = offset + frame_header;
    if (on_commit) on_commit();
  }
  std::string name_of(std::string_view path) const {
    if (path.size() <= directory_.size() || path.substr(0, directory_.size()) != directory_) return {};
    const std::string_view name = path.substr(directory_.size() + 1);
    return name.ends_with("-shm") ? std::string() : std::string(name);
  }
  std::size_t add(ino_t inode, std::string_view name) {
    if (name.ends_with(".db-wal")) wal_ = files_;
    inodes_[inode] = files_;
    return files_++;
  }
  std::map<ino_t, std::size_t>::const_iterator find(int descriptor) const {
    struct stat info {};
    return ::fstat(descriptor, &info) == 0 ? inodes_.find(info.st_ino) : inodes_.end();
  }

  std::string directory_;
  ino_t directory_inode_ = 0;
  std::map<ino_t, std::size_t> inodes_;
  std::size_t files_ = 0;
  std::size_t wal_ = SIZE_MAX;
  std::size_t transaction_ends_ = 0;
  bool between_transactions_ = false;
};

/// The disk while steps are taken, which must outlive it: what is there for certain, and what may be there besides.
class Disk {
 public:
  explicit Disk(const Files& files) {
    for (const auto& [name, content] : files) {
      names_[name] = files_.size();
      files_.push_back({content, {}});
    }
  }

  void take(const Step& step) {
    switch (step.kind) {
      case Step::write:
      case Step::truncate: files_.at(step.file).pending.push_back(&step); break;
      case Step::sync: settle(files_.at(step.file)); break;
      case Step::link: files_.resize(std::max(files_.size(), step.file + 1)); [[fallthrough]];
      case Step::unlink:
      case Step::rename: pending_names_.push_back(&step); break;
      case Step::sync_directory:
        for (const Step* each : pending_names_) rename(names_, *each);
        pending_names_.clear();
        break;
      default: break;
    }
  }

  /// As the system has it: nothing is lost.
  [[nodiscard]] Files as_it_is() const {
    auto names = names_;
    for (const Step* each : pending_names_) rename(names, *each);
    Files files;
    for (const auto& [name, file] : names) {
      File all = files_[file];
      settle(all);
      files[name] = std::move(all.certain);
    }
    return files;
  }

  [[nodiscard]] Files after_a_cut(Random& random) const {
    const Fate fate = any_fate(random);
    auto names = names_;
    for (const Step* each : pending_names_)
      if (fate == kept || (fate != lost && below(random, 2) == 0)) rename(names, *each);
    Files files;
    for (const auto& [name, file] : names) {
      const bool own_fate = below(random, 4) == 0;
      files[name] = survived(files_[file], own_fate ? any_fate(random) : fate, is_sqlites(name), random);
    }
    return files;
  }

 private:
  enum Fate { lost, kept, in_blocks, in_sectors, garbled, fates };
  static constexpr std::size_t block = 4096;
  static constexpr std::size_t sector = 512;
  struct File {
    std::string certain;
    std::vector<const Step*> pending;
  };
  /// What was done to a unit; some of it is there for certain.
  struct Versions {
    std::vector<const Step*> steps;
    std::size_t least = 0;
  };
  using Names = std::map<std::string, std::size_t>;

  static Fate any_fate(Random& random) { return static_cast<Fate>(below(random, fates)); }
  // No sector of the -taskstate file is garbled: it relies on a sector's being written whole, or not at all.
  static bool is_sqlites(std::string_view name) { return !name.ends_with("-taskstate"); }

  static void rename(Names& names, const Step& step) {
    if (step.kind == Step::link) return void(names[step.bytes] = step.file);
    const auto found = names.find(step.bytes);
    if (found == names.end()) return;
    if (step.kind == Step::rename) names[step.new_name] = found->second;
    names.erase(step.bytes);
  }
  /// The part of a step that falls between two offsets. The content reaches to the second at least.
  static void put(std::string& content, const Step& step, std::size_t from, std::size_t to) {
    if (step.kind == Step::truncate) {
      const std::size_t begin = std::max(from, step.at);
      if (begin < to) std::fill_n(content.begin() + static_cast<std::ptrdiff_t>(begin), to - begin, '\0');
      return;
    }
    const std::size_t begin = std::max(from, step.at);
    const std::size_t end = std::min(to, step.at + step.bytes.size());
    if (begin < end) content.replace(begin, end - begin, step.bytes, begin - step.at, end - begin);
  }
  static std::size_t size_after(std::size_t size, const Step& step) {
    return step.kind == Step::truncate ? step.at : std::max(size, step.at + step.bytes.size());
  }
  static void settle(File& file) {
    for (const Step* step : file.pending) {
      const std::size_t size = size_after(file.certain.size(), *step);
      file.certain.resize(size);
      put(file.certain, *step, 0, size);
    }
    file.pending.clear();
  }

  // A file is truncated as a whole or not at all, and what is written afterwards into what was cut off has new blocks,
  // which it has only with the truncation.
  static std::vector<const Step*> some_truncated(const std::vector<const Step*>& pending, Random& random) {
    const auto truncations = static_cast<std::size_t>(
        std::count_if(pending.begin(), pending.end(), [](const Step* step) { return step->kind == Step::truncate; }));
    std::size_t left = below(random, truncations + 1);
    std::size_t cut_off = SIZE_MAX;
    std::vector<const Step*> some;
    for (const Step* step : pending) {
      if (step->kind == Step::truncate && left == 0) cut_off = std::min(cut_off, step->at);
      if (step->kind == Step::truncate && left > 0) --left, some.push_back(step);
      if (step->kind == Step::write && step->at + step->bytes.size() <= cut_off) some.push_back(step);
    }
    return some;
  }
  // Of a sector only what is written: SQLite relies on the bytes beside, which may be of an earlier commit.
  static void garble(std::string& content, const Step& step, Random& random) {
    const std::size_t victim = step.at / sector + below(random, step.bytes.size() / sector + 1);
    const std::size_t end = std::min(step.at + step.bytes.size(), (victim + 1) * sector);
    for (std::size_t at = std::max(step.at, victim * sector); at < end; ++at) content[at] = static_cast<char>(random());
  }

  static std::string survived(const File& file, Fate fate, bool may_be_garbled, Random& random) {
    if (fate == lost || file.pending.empty()) return file.certain;
    if (fate == kept) {
      File all = file;
      settle(all);
      return std::move(all.certain);
    }
    const std::size_t unit = fate == in_blocks ? block : sector;
    const std::vector<const Step*> pending = some_truncated(file.pending, random);
    std::vector<std::size_t> sizes{file.certain.size()};  // since the last truncation
    std::size_t most = file.certain.size();
    for (const Step* step : pending) {
      const std::size_t size = size_after(sizes.back(), *step);
      if (step->kind == Step::truncate) sizes.clear();
      sizes.push_back(size);
      most = std::max(most, size);
    }
    std::map<std::size_t, Versions> touched;  // by the number of the unit
    for (const Step* step : pending) {
      const bool truncates = step->kind == Step::truncate;
      const std::size_t end = truncates ? most : step->at + step->bytes.size();
      for (std::size_t i = step->at / unit; i * unit < end; ++i) {
        touched[i].steps.push_back(step);
        if (truncates) touched[i].least = touched[i].steps.size();
      }
    }
    std::string content = file.certain;
    content.resize(most);
    for (const auto& [index, versions] : touched) {
      const std::size_t reached = versions.least + below(random, versions.steps.size() - versions.least + 1);
      const std::size_t end = std::min(most, (index + 1) * unit);
      for (std::size_t i = 0; i < reached; ++i) put(content, *versions.steps[i], index * unit, end);
    }
    if (fate == garbled && may_be_garbled && !pending.empty())
      garble(content, *pending[below(random, pending.size())], random);
    content.resize(below(random, 2) == 0 ? sizes.back() : sizes[below(random, sizes.size())]);
    return content;
  }

  std::vector<File> files_;
  Names names_;
  std::vector<const Step*> pending_names_;
};

}  // namespace tse::test
