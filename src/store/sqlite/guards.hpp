// Whether the schema's own rules, its triggers and CHECKs, also judge what engines write.
#pragma once

namespace tse::store::sqlite {

/// No: an engine keeps the rules, and writes events and counters itself. Programs of the tests have another definition,
/// so that the file catches the engine's own mistakes.
[[nodiscard]] bool guards_by_default() noexcept;

}  // namespace tse::store::sqlite
