// An array of zeroes straight from the kernel, which gives memory only to the pages that are written to, and gets all
// of it back at the end. malloc would take large blocks from its heap, once some were freed, and fill them itself.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <type_traits>

namespace tse::engine {

/// Of types for which all bits zero is a value.
template <class T>
class ZeroPages {
 public:
  /// Throws std::bad_alloc.
  explicit ZeroPages(std::size_t count) : bytes_(count * sizeof(T)) {
    static_assert(std::is_trivially_destructible_v<T>);
    void* const memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    data_ = static_cast<T*>(memory);
  }
  ~ZeroPages() { ::munmap(data_, bytes_); }
  ZeroPages(const ZeroPages&) = delete;
  ZeroPages& operator=(const ZeroPages&) = delete;

  [[nodiscard]] T& operator[](std::size_t index) const noexcept { return data_[index]; }

 private:
  std::size_t bytes_;
  T* data_;
};

}  // namespace tse::engine
