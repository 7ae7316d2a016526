#include "store/sqlite/read_only_media.hpp"

#include <sys/statvfs.h>
#include <unistd.h>

#include <string>

namespace tse::store::sqlite {

using core::Code;
using core::Failure;

namespace {

bool is_read_only_mount(const std::string& path) {
  struct statvfs info {};
  return ::statvfs(path.c_str(), &info) == 0 && (info.f_flag & ST_RDONLY) != 0;
}

bool has_content(const std::string& path) {
  const auto info = look(path);
  return info && info->st_size > 0;
}

std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

}  // namespace

bool is_immutable(const Paths& paths) {
  if (!is_read_only_mount(paths.database) || has_content(paths.wal) || has_content(paths.journal)) return false;
  return !look(paths.wal) || !look(paths.shm);
}

void explain_unwritable(const Paths& paths, const core::Error& error) {
  const bool may_be =
      error.code == Code::unavailable || error.code == Code::access_denied || error.code == Code::read_only;
  const bool read_only = is_read_only_mount(paths.database);
  if (!may_be || ::access(paths.database.c_str(), R_OK) != 0) return;
  if (!read_only && ::access(directory_of(paths.database).c_str(), W_OK) == 0) return;
  std::string needs;
  if (has_content(paths.journal)) {
    needs =
        "a -journal lies beside it, which holds what a transaction that was cut short must give back: open the file "
        "once where it can be written";
  } else if (const bool no_log = !look(paths.wal); no_log || !look(paths.shm)) {
    needs = std::string("SQLite needs ") + (no_log ? "a -wal and a -shm" : "a -shm") +
            " beside it and cannot make them here: put an empty file of that name there, or open the file once where "
            "they can be made, or give a copy that backup() has made";
  } else {
    return;
  }
  throw Failure(read_only ? Code::read_only : error.code,
                "the file cannot be read where nothing can be written: " + needs);
}

}  // namespace tse::store::sqlite
