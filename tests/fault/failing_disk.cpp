#include "fault/failing_disk.hpp"

#include "store/sqlite/vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace fault {

namespace {

constexpr std::int64_t page = 4096;  // what the kernel writes and gives up at once

enum class Operation { open, remove, access, read, write, truncate, sync, size, lock, map, shared_lock };

const char* name_of(Operation operation) {
  static constexpr const char* names[] = {"open", "delete", "access", "read", "write",      "truncate",
                                          "sync", "size",   "lock",   "map",  "shared lock"};
  return names[static_cast<int>(operation)];
}

/// A file of which is known what has reached the disk.
struct Followed {
  std::string durable;
  std::set<std::int64_t> dirty;  // pages by number
};

// SQLite allocates szOsFile bytes: ours, then those of the file below.
struct File {
  sqlite3_file base;
  const char* name;
  bool fails_next_sync;
  sqlite3_file* below() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_vfs* vfs_below = nullptr;
sqlite3_vfs own_vfs;

struct State {
  std::mutex mutex;
  bool armed = false;
  Defect defect = Defect::error;
  std::int64_t left = 0;
  std::int64_t times = 0;
  std::vector<Operation> failed;
  std::map<std::string, Followed, std::less<>> followed;
  std::set<File*> open;
  std::int64_t until_cut = -1;
  std::mt19937_64 random;
  std::map<std::string, std::string> left_by_cut;
};
State& state() {
  static State only;
  return only;
}

File* own(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* below(sqlite3_file* file) { return own(file)->below(); }
const sqlite3_io_methods& methods(sqlite3_file* file) { return *below(file)->pMethods; }

bool can_fail(Defect defect, Operation operation) {
  switch (defect) {
    case Defect::error: return true;
    case Defect::no_room:
      return operation == Operation::write || operation == Operation::sync || operation == Operation::map;
    case Defect::half_a_write: return operation == Operation::write;
  }
  return false;
}

bool fails(Operation operation) {
  State& now = state();
  const std::lock_guard lock(now.mutex);
  if (!now.armed || !can_fail(now.defect, operation)) return false;
  if (now.left > 0) {
    --now.left;
    return false;
  }
  if (now.times == 0) return false;
  if (now.times > 0) --now.times;
  now.failed.push_back(operation);
  return true;
}

/// Calls `change` with what is known of the file, if it is followed.
template <typename Change>
void with_followed(sqlite3_file* file, Change change) {
  State& now = state();
  const std::lock_guard lock(now.mutex);
  if (own(file)->name == nullptr) return;
  const auto found = now.followed.find(std::string_view(own(file)->name));
  if (found != now.followed.end()) change(found->second);
}

void reach_disk(sqlite3_file* file, Followed& followed) {
  sqlite3_int64 size = 0;
  methods(file).xFileSize(below(file), &size);
  followed.durable.resize(static_cast<std::size_t>(size));
  for (const std::int64_t number : followed.dirty) {
    const std::int64_t at = number * page;
    if (at >= size) continue;
    const auto count = static_cast<int>(std::min<std::int64_t>(page, size - at));
    methods(file).xRead(below(file), followed.durable.data() + at, count, at);
  }
  followed.dirty.clear();
}

/// Reads one page of a file of this name, as all can see it.
void read_page(const std::string& name, std::int64_t number, std::string& content) {
  for (File* file : state().open) {
    if (file->name == nullptr || file->name != name) continue;
    sqlite3_file* const under = file->below();
    sqlite3_int64 size = 0;
    under->pMethods->xFileSize(under, &size);
    const std::int64_t at = number * page;
    const auto count = static_cast<int>(std::min<std::int64_t>(page, size - at));
    if (count <= 0) return;
    content.resize(std::max(content.size(), static_cast<std::size_t>(at + count)));
    under->pMethods->xRead(under, content.data() + at, count, at);
    return;
  }
}

void count_down_to_cut() {
  State& now = state();
  const std::lock_guard lock(now.mutex);
  if (now.until_cut < 0 || now.until_cut-- > 0) return;
  for (const auto& [name, followed] : now.followed) {
    std::string& content = now.left_by_cut[name] = followed.durable;
    for (const std::int64_t number : followed.dirty)
      if (now.random() % 2 == 0) read_page(name, number, content);
  }
}

int close_file(sqlite3_file* file) {
  {
    const std::lock_guard lock(state().mutex);
    state().open.erase(own(file));
  }
  return methods(file).xClose(below(file));
}

int read_file(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
  if (fails(Operation::read)) return SQLITE_IOERR_READ;
  return methods(file).xRead(below(file), data, size, offset);
}

int write_file(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  int failure = SQLITE_OK;
  if (fails(Operation::write)) {
    const Defect defect = state().defect;
    failure = defect == Defect::no_room ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    if (defect != Defect::half_a_write || size < 2) return failure;
    size /= 2;
  }
  const int code = methods(file).xWrite(below(file), data, size, offset);
  with_followed(file, [&](Followed& followed) {
    for (std::int64_t number = offset / page; number * page < offset + size; ++number) followed.dirty.insert(number);
  });
  count_down_to_cut();
  return failure != SQLITE_OK ? failure : code;
}

// A new size is told by the file system's journal, which may be written at any time: at once, here.
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  if (fails(Operation::truncate)) return SQLITE_IOERR_TRUNCATE;
  const int code = methods(file).xTruncate(below(file), size);
  if (code == SQLITE_OK)
    with_followed(file, [&](Followed& followed) {
      followed.durable.resize(static_cast<std::size_t>(size));
      followed.dirty.erase(followed.dirty.lower_bound((size + page - 1) / page), followed.dirty.end());
    });
  count_down_to_cut();
  return code;
}

int sync_file(sqlite3_file* file, int flags) {
  bool failed = fails(Operation::sync);
  if (failed) {
    const std::lock_guard lock(state().mutex);
    for (File* other : state().open)
      if (other != own(file) && other->name != nullptr && own(file)->name != nullptr &&
          std::string_view(other->name) == own(file)->name)
        other->fails_next_sync = true;
  }
  failed = failed || own(file)->fails_next_sync;
  own(file)->fails_next_sync = false;
  if (failed) {
    with_followed(file, [](Followed& followed) { followed.dirty.clear(); });
    return SQLITE_IOERR_FSYNC;
  }
  const int code = methods(file).xSync(below(file), flags);
  if (code == SQLITE_OK) with_followed(file, [&](Followed& followed) { reach_disk(file, followed); });
  count_down_to_cut();
  return code;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  if (fails(Operation::size)) return SQLITE_IOERR_FSTAT;
  return methods(file).xFileSize(below(file), size);
}
int lock_file(sqlite3_file* file, int level) {
  if (fails(Operation::lock)) return SQLITE_IOERR_LOCK;
  return methods(file).xLock(below(file), level);
}
int unlock_file(sqlite3_file* file, int level) { return methods(file).xUnlock(below(file), level); }
int check_reserved(sqlite3_file* file, int* out) { return methods(file).xCheckReservedLock(below(file), out); }
int file_control(sqlite3_file* file, int operation, void* argument) {
  return methods(file).xFileControl(below(file), operation, argument);
}
int sector_size(sqlite3_file* file) { return methods(file).xSectorSize(below(file)); }
int characteristics(sqlite3_file* file) { return methods(file).xDeviceCharacteristics(below(file)); }
int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  if (fails(Operation::map)) {
    *out = nullptr;
    return state().defect == Defect::no_room ? SQLITE_IOERR_SHMSIZE : SQLITE_IOERR_SHMMAP;
  }
  return methods(file).xShmMap(below(file), region, size, extend, out);
}
int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  if ((flags & SQLITE_SHM_LOCK) != 0 && fails(Operation::shared_lock)) return SQLITE_IOERR_SHMLOCK;
  return methods(file).xShmLock(below(file), offset, count, flags);
}
void shm_barrier(sqlite3_file* file) { methods(file).xShmBarrier(below(file)); }
int shm_unmap(sqlite3_file* file, int remove) { return methods(file).xShmUnmap(below(file), remove); }

// Version 2: without xFetch, so that every read and write comes through here.
constexpr sqlite3_io_methods own_methods{
    2,         close_file,  read_file,      write_file,   truncate_file, sync_file,       file_size,
    lock_file, unlock_file, check_reserved, file_control, sector_size,   characteristics, shm_map,
    shm_lock,  shm_barrier, shm_unmap,      nullptr,      nullptr};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  File* mine = own(file);
  mine->base.pMethods = nullptr;
  mine->name = name;
  mine->fails_next_sync = false;
  if (fails(Operation::open)) return SQLITE_CANTOPEN;
  const int code = vfs_below->xOpen(vfs_below, name, mine->below(), flags, out_flags);
  if (mine->below()->pMethods == nullptr) return code;
  mine->base.pMethods = &own_methods;
  const std::lock_guard lock(state().mutex);
  state().open.insert(mine);
  return code;
}

int delete_file(sqlite3_vfs*, const char* name, int sync_directory) {
  if (fails(Operation::remove)) return SQLITE_IOERR_DELETE;
  return vfs_below->xDelete(vfs_below, name, sync_directory);
}

int access_file(sqlite3_vfs*, const char* name, int flags, int* out) {
  if (fails(Operation::access)) return SQLITE_IOERR_ACCESS;
  return vfs_below->xAccess(vfs_below, name, flags, out);
}

}  // namespace

const char* to_string(Defect defect) noexcept {
  switch (defect) {
    case Defect::error: return "error";
    case Defect::no_room: return "no room";
    case Defect::half_a_write: return "half a write";
  }
  return "";
}

FailingDisk::FailingDisk() {
  using tse::store::sqlite::vfs::name;
  vfs_below = sqlite3_vfs_find(name());
  own_vfs = *vfs_below;
  own_vfs.szOsFile = static_cast<int>(sizeof(File)) + vfs_below->szOsFile;
  own_vfs.pNext = nullptr;
  own_vfs.xOpen = open_file;
  own_vfs.xDelete = delete_file;
  own_vfs.xAccess = access_file;
  sqlite3_vfs_register(&own_vfs, name() == nullptr ? 1 : 0);
}

FailingDisk::~FailingDisk() {
  heal();
  sqlite3_vfs_unregister(&own_vfs);
  state().followed.clear();
}

void FailingDisk::fail(Defect defect, std::int64_t after, std::int64_t times) {
  State& now = state();
  const std::lock_guard lock(now.mutex);
  now.defect = defect;
  now.left = after;
  now.times = times;
  now.failed.clear();
  now.armed = true;
}

void FailingDisk::heal() {
  const std::lock_guard lock(state().mutex);
  state().armed = false;
}

bool FailingDisk::has_failed() {
  const std::lock_guard lock(state().mutex);
  return !state().failed.empty();
}

bool FailingDisk::is_flush_failed() {
  State& now = state();
  const std::lock_guard lock(now.mutex);
  return std::count(now.failed.begin(), now.failed.end(), Operation::sync) > 0;
}

std::string FailingDisk::failures() {
  State& now = state();
  const std::lock_guard lock(now.mutex);
  if (now.failed.empty()) return "nothing failed";
  const std::size_t more = now.failed.size() - 1;
  return std::string(name_of(now.failed.front())) + " failed" +
         (more == 0 ? "" : " and " + std::to_string(more) + " more");
}

void FailingDisk::follow(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  State& now = state();
  const std::lock_guard lock(now.mutex);
  now.followed[path] = {{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()}, {}};
}

std::string FailingDisk::durable(const std::string& path) {
  State& now = state();
  const std::lock_guard lock(now.mutex);
  return now.followed.at(path).durable;
}

void FailingDisk::cut(std::int64_t after, std::uint64_t seed) {
  State& now = state();
  const std::lock_guard lock(now.mutex);
  now.until_cut = after;
  now.random.seed(seed);
  now.left_by_cut.clear();
}

std::map<std::string, std::string> FailingDisk::left_by_cut() {
  State& now = state();
  const std::lock_guard lock(now.mutex);
  now.until_cut = -1;
  return std::exchange(now.left_by_cut, {});
}

}  // namespace fault
