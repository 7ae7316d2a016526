#include "store/sqlite/failure.hpp"

#include <cerrno>
#include <string_view>
#include <system_error>

namespace tse::store::sqlite {

using core::Code;
using core::Error;

namespace {

// EFBIG: the file may not grow, by a limit of the process's (RLIMIT_FSIZE) or of the file system's.
bool is_out_of_space(int number) { return number == ENOSPC || number == EDQUOT || number == EFBIG; }

/// What else there is to say of it, for who has to do something about it.
std::string reason(int number) {
  switch (number) {
    case EFBIG: return "the limit on the size of files is reached (ulimit -f, RLIMIT_FSIZE, LimitFSIZE=)";
    case EDQUOT: return "the disk quota is reached";
    // Of the VFS's own: the number stands for another file, or for none.
    case EBADF:
      return "the process has closed descriptors that it did not open, those of the database among them; open the file "
             "anew";
    case EMFILE: return "the process has no file descriptor left (ulimit -n, RLIMIT_NOFILE)";
    case ENFILE: return "the system has no file descriptor left (fs.file-max)";
    default: return std::generic_category().message(number);
  }
}

bool has_reason(int number) {
  return is_out_of_space(number) || number == EMFILE || number == ENFILE || number == EBADF;
}

Code io_code(int extended, int number) {
  if (extended == SQLITE_IOERR_NOMEM) return Code::no_memory;
  // A sync that fails leaves in doubt what an earlier write did, whatever its reason.
  const bool sync = extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_DIR_FSYNC;
  return !sync && is_out_of_space(number) ? Code::disk_full : Code::io_error;
}

Code to_code(int extended, int number) {
  if (extended == SQLITE_READONLY_DBMOVED) return Code::moved;
  switch (extended & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return Code::busy;
    case SQLITE_FULL: return Code::disk_full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    // Our statements are right, and what they write keeps to the rules: the schema, or a row that is there, is not.
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG: return Code::corrupt;
    case SQLITE_READONLY: return Code::read_only;
    case SQLITE_NOMEM: return Code::no_memory;
    case SQLITE_IOERR: return io_code(extended, number);
    case SQLITE_CANTOPEN: return number == EACCES || number == EPERM ? Code::access_denied : Code::unavailable;
    case SQLITE_PERM:
    case SQLITE_AUTH: return Code::access_denied;
    case SQLITE_INTERRUPT: return Code::cancelled;
    default: return Code::internal;
  }
}

/// The errno of the last call on the file that failed; 0: none, or it is not told.
int last_errno(sqlite3_file* file) {
  int number = 0;
  if (file == nullptr || file->pMethods == nullptr) return 0;
  return file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &number) == SQLITE_OK ? number : 0;
}

/// What is left of the errno when SQLite has cleared up after a write that failed. The file still knows it.
int errno_of(sqlite3* database, int extended, Writes writes) {
  const int number = sqlite3_system_errno(database);
  if (extended != SQLITE_IOERR_WRITE || is_out_of_space(number)) return number;
  sqlite3_file* file = nullptr;
  const auto ask = [&](int which) {
    return sqlite3_file_control(database, "main", which, &file) == SQLITE_OK ? last_errno(file) : 0;
  };
  const int of_log = writes == Writes::log ? ask(SQLITE_FCNTL_JOURNAL_POINTER) : 0;
  return of_log != 0 ? of_log : ask(SQLITE_FCNTL_FILE_POINTER);
}

}  // namespace

Error to_error(sqlite3* database, int code, const std::string& doing, Writes writes) {
  const int extended = database == nullptr ? code : sqlite3_extended_errcode(database);
  const int effective = (extended & 0xff) == (code & 0xff) ? extended : code;
  const int number = database == nullptr ? 0 : errno_of(database, effective, writes);
  std::string message = doing + ": " + sqlite3_errstr(effective) + " (SQLite result " + std::to_string(effective) + ")";
  const int primary = effective & 0xff;
  if ((primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN) && has_reason(number)) message += ": " + reason(number);
  if (effective == SQLITE_AUTH) message = "a trigger of another application stands on a table of taskstate's";
  if (effective == SQLITE_CONSTRAINT_TRIGGER) message = doing + ": " + sqlite3_errmsg(database);
  return Error{to_code(effective, number), std::move(message), {}, core::Outcome::not_done};
}

void raise(sqlite3* database, int code, const std::string& doing) {
  throw core::Failure(to_error(database, code, doing));
}

Error errno_error(int number, const std::string& doing) {
  Code code = Code::unavailable;
  if (number == EACCES || number == EPERM) code = Code::access_denied;
  if (number == EROFS) code = Code::read_only;
  if (is_out_of_space(number)) code = Code::disk_full;
  if (number == EIO) code = Code::io_error;
  if (number == ENOMEM) code = Code::no_memory;
  return Error{code, doing + ": " + reason(number), {}, core::Outcome::not_done};
}

}  // namespace tse::store::sqlite
