// A statement of the host's own, which runs with a change.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tse::core {

/// What a statement's parameter is bound to.
struct Blob {
  std::string bytes;
};
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;

struct Statement {
  std::string sql;
  std::vector<Value> values;                         ///< of the parameters without a name of ours, in order
  std::vector<std::pair<std::string, Value>> named;  ///< by their names, prefix included
};

}  // namespace tse::core
