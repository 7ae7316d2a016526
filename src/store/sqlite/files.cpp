#include "store/sqlite/files.hpp"

#include "store/sqlite/failure.hpp"

#include <limits.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>

namespace tse::store::sqlite {

using core::Code;
using core::Failure;

namespace {

std::string real_path(const std::string& path, const char* doing) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  if (!real) throw Failure(errno_error(errno, doing));
  return real.get();
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// f_type of statfs(2), where locks or shared memory between hosts, or with the host of a virtual machine, cannot be
// trusted.
struct FileSystem {
  std::uint32_t type;
  const char* name;
};
constexpr std::array<FileSystem, 17> unsuitable{{{0x6969, "NFS"},
                                                 {0x517B, "SMB"},
                                                 {0xFE534D42, "SMB2"},
                                                 {0xFF534D42, "CIFS"},
                                                 {0x65735546, "FUSE or virtiofs"},
                                                 {0x01021997, "9p"},
                                                 {0x5346414F, "AFS"},
                                                 {0x6B414653, "AFS"},
                                                 {0x73757245, "Coda"},
                                                 {0x00C36400, "Ceph"},
                                                 {0x0BD00BD0, "Lustre"},
                                                 {0x7461636F, "OCFS2"},
                                                 {0x01161970, "GFS2"},
                                                 {0x47504653, "GPFS"},
                                                 {0x19830326, "BeeGFS"},
                                                 {0x786F4256, "vboxsf"},
                                                 {0xBACBACBC, "vmhgfs"}}};

std::int64_t system_type(const std::string& directory) {
  struct statfs info {};
  if (::statfs(directory.c_str(), &info) != 0) throw Failure(errno_error(errno, "look at the file system"));
  return static_cast<std::int64_t>(info.f_type);
}

}  // namespace

// SQLite opens no file whose journal would have a longer name than its VFS takes, and says no more than that it cannot.
void refuse_long(const std::string& real, std::size_t added) {
  constexpr std::size_t longest_suffix = 8;  // -journal
  const sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
  if (vfs == nullptr) return;
  const std::size_t most = static_cast<std::size_t>(vfs->mxPathname) - longest_suffix - added;
  if (real.size() <= most) return;
  throw Failure(core::invalid("path", "must be at most " + std::to_string(most) +
                                          " bytes as an absolute path with links followed, which is what SQLite takes; "
                                          "has " +
                                          std::to_string(real.size())));
}

Paths resolve(const std::string& path) {
  if (path.empty()) throw Failure(core::invalid("path", "must not be empty"));
  if (path.find('\0') != std::string::npos) throw Failure(core::invalid("path", "must not contain NUL"));
  if (path.size() >= PATH_MAX)
    throw Failure(core::invalid(
        "path", "must be shorter than " + std::to_string(PATH_MAX) + " bytes, has " + std::to_string(path.size())));
  const auto slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.empty() || name == "." || name == "..") throw Failure(core::invalid("path", "must name a file"));

  struct stat info {};
  std::string real;
  if (::lstat(path.c_str(), &info) == 0) {
    real = real_path(path, "follow the path");
  } else if (errno == ENOENT) {
    real = real_path(parent_of(path), "follow the path to the directory");
    if (real != "/") real += '/';
    real += name;
  } else {
    throw Failure(errno_error(errno, "look at the path"));
  }
  refuse_long(real, 0);
  return Paths{real, real + "-wal", real + "-shm", real + "-journal", real + "-taskstate"};
}

void refuse_unsuitable(const std::string& database, const std::function<std::int64_t(const std::string&)>& type_of) {
  const std::string directory = parent_of(database);
  const auto type = static_cast<std::uint32_t>(type_of ? type_of(directory) : system_type(directory));
  const auto* found =
      std::find_if(unsuitable.begin(), unsuitable.end(), [&](const FileSystem& fs) { return fs.type == type; });
  if (found == unsuitable.end()) return;
  throw Failure(Code::unsupported, std::string("the file lies on a file system (") + found->name +
                                       ") whose locks and shared memory are not to be trusted");
}

std::optional<struct stat> look(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) return info;
  if (errno == ENOENT) return std::nullopt;
  throw Failure(errno_error(errno, "look at the file"));
}

}  // namespace tse::store::sqlite
