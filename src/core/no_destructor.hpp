// Statics that outlive everything: exit() runs while other threads may still be inside the library, and after it come
// the host's own handlers and global objects, which may call it too.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace tse::core {

/// A value that is made as any other and never destroyed. Only for statics, which are few and of bounded size:
///
///     static const core::NoDestructor<std::string> sql("SELECT " + columns());
template <class T>
class NoDestructor {
 public:
  template <class... Arguments>
  explicit NoDestructor(Arguments&&... arguments) {
    ::new (static_cast<void*>(place_)) T(std::forward<Arguments>(arguments)...);
  }
  NoDestructor(const NoDestructor&) = delete;
  NoDestructor& operator=(const NoDestructor&) = delete;

  [[nodiscard]] const T& operator*() const noexcept { return *std::launder(reinterpret_cast<const T*>(place_)); }
  [[nodiscard]] T& operator*() noexcept { return *std::launder(reinterpret_cast<T*>(place_)); }
  [[nodiscard]] const T* operator->() const noexcept { return &**this; }

 private:
  alignas(T) std::byte place_[sizeof(T)];
};

}  // namespace tse::core
