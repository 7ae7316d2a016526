// A second SQLite in the process, of another version and linked into another library: it knows nothing of the first
// one.
#pragma once

#include <dlfcn.h>
#include <sqlite3.h>

#include <stdexcept>
#include <string>

namespace tse::test {

/// libsqlcipher is SQLite with some more; without a key it is SQLite.
class SecondCopy {
 public:
  static const SecondCopy& get() {
    static const SecondCopy& only = *new SecondCopy;
    return only;
  }
  decltype(&sqlite3_open_v2) open = nullptr;
  decltype(&sqlite3_exec) execute = nullptr;
  decltype(&sqlite3_close) close = nullptr;
  decltype(&sqlite3_libversion) version = nullptr;

 private:
  SecondCopy() {
    void* const library = ::dlopen("libsqlcipher.so.0", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    if (library == nullptr) throw std::runtime_error(::dlerror());
    find(library, "sqlite3_open_v2", open);
    find(library, "sqlite3_exec", execute);
    find(library, "sqlite3_close", close);
    find(library, "sqlite3_libversion", version);
    if (open == &sqlite3_open_v2) throw std::runtime_error("that is the same copy");
  }
  template <typename Function>
  static void find(void* library, const char* name, Function*& to) {
    to = reinterpret_cast<Function*>(::dlsym(library, name));
    if (to == nullptr) throw std::runtime_error(name);
  }
};

/// A connection of the second copy's.
class SecondConnection {
 public:
  explicit SecondConnection(const std::string& path) {
    if (copy_.open(path.c_str(), &handle_, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK)
      throw std::runtime_error("the second copy does not open the file");
  }
  ~SecondConnection() { copy_.close(handle_); }
  SecondConnection(const SecondConnection&) = delete;
  SecondConnection& operator=(const SecondConnection&) = delete;
  int run(const char* sql) { return copy_.execute(handle_, sql, nullptr, nullptr, nullptr); }

 private:
  const SecondCopy& copy_ = SecondCopy::get();
  sqlite3* handle_ = nullptr;
};

}  // namespace tse::test
