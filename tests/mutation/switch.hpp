// What the rewritten sources ask at run time: which mutant, and which plant, the environment has chosen.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

namespace tse_mutation {

inline std::string_view variable(const char* name) noexcept {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

inline bool is_planted(std::string_view name) noexcept {
  static const std::string_view chosen = variable("TSE_PLANTED");
  return chosen == name;
}

inline bool is_chosen(int mutant) noexcept {
  static const int chosen = std::atoi(variable("TSE_MUTANT").data() == nullptr ? "0" : variable("TSE_MUTANT").data());
  return chosen == mutant;
}

/// Whoever calls it cannot be worked out by the compiler.
inline void at_run_time() noexcept {}

/// What the compiler works out by itself is never changed.
constexpr bool flipped(int mutant, bool condition) noexcept {
  return __builtin_is_constant_evaluated() ? condition : condition != is_chosen(mutant);
}

// The same comparison with its boundary on the other side.
#define TSE_BOUNDARY(name, is, other)                                                    \
  template <typename A, typename B>                                                      \
  constexpr bool name(int mutant, const A& a, const B& b) {                              \
    return __builtin_is_constant_evaluated() || !is_chosen(mutant) ? a is b : a other b; \
  }
TSE_BOUNDARY(less, <, <=)
TSE_BOUNDARY(less_equal, <=, <)
TSE_BOUNDARY(greater, >, >=)
TSE_BOUNDARY(greater_equal, >=, >)
#undef TSE_BOUNDARY

/// The SQL as it is run: everywhere a part of it put in another's place.
inline std::string sql(std::string_view text) {
  std::string out(text);
  static const std::string_view before = variable("TSE_MUTANT_SQL"), after = variable("TSE_MUTANT_SQL_AFTER");
  if (before.empty()) return out;
  for (std::size_t at = out.find(before); at != std::string::npos; at = out.find(before, at + after.size()))
    out.replace(at, before.size(), after);
  return out;
}

}  // namespace tse_mutation
