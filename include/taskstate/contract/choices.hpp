// What the enumerations of options and calls may say, and the flags of calls.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace taskstate::contract {

/// One value of an enumeration or flag, as every language spells it in its own way.
struct Choice {
  std::string_view name;
  std::int32_t number;
};

inline constexpr std::array modes{Choice{"create", 0}, Choice{"read_write", 1}, Choice{"read_only", 2}};
inline constexpr std::array completed_policies{Choice{"see_other", 0}, Choice{"ok", 1}};
inline constexpr std::array log_levels{Choice{"trace", 0}, Choice{"debug", 1}, Choice{"info", 2},
                                       Choice{"warn", 3},  Choice{"error", 4}, Choice{"off", 5}};
inline constexpr std::array durabilities{Choice{"full", 0}, Choice{"relaxed", 1}};
inline constexpr std::array migrations{Choice{"auto", 0}, Choice{"manual", 1}, Choice{"refuse", 2}};
inline constexpr std::array id_kinds{Choice{"task", 0}, Choice{"request", 1}};

inline constexpr std::array cancel_flags{Choice{"force", 1}};
inline constexpr std::array retry_flags{Choice{"again", 1}};
inline constexpr std::array get_flags{Choice{"with_payload", 1}};
inline constexpr std::array changes_flags{Choice{"latest", 1}, Choice{"allow_gap", 2}};

}  // namespace taskstate::contract
