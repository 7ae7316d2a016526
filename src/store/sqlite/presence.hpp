// Which engines have a file open, by what they know: each holds, as long as it has the file open, a shared lock on one
// byte far behind the end of the sidecar. The byte's place says whether the engine writes, which schema it knows, and
// its process. Nothing is written, and a lock dies with its process, so what can be seen is true.
#pragma once

#include "store/descriptor.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace tse::store::sqlite {

enum class Role : std::uint8_t { reads = 1, writes = 2 };

/// Where the kernel has no locks of this kind, nobody is seen.
class Presence {
 public:
  /// For looking and being seen. Throws Failure.
  void open(const std::string& sidecar);
  /// From now on others see this engine. Who opens for writing does it under the write lock. Throws Failure.
  void show(Role role, std::int64_t schema);
  struct Other {
    std::int64_t schema;
    pid_t process;  ///< by the number it has for itself, which in a container may be another one
  };
  /// An engine that is there in that role and knows no schema from `schema` on. Throws Failure.
  [[nodiscard]] std::optional<Other> older(Role role, std::int64_t schema) const;
  /// Also in a child of fork(), which then keeps nothing of the parent's.
  void close() noexcept { file_.close(); }

 private:
  OwnDescriptor file_;
};

}  // namespace tse::store::sqlite
