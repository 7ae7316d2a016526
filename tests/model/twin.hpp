// Runs programs on both sides and finds the shortest one on which they differ.
#pragma once

#include "side.hpp"

#include <functional>
#include <optional>
#include <random>
#include <string>

namespace tse::model {

/// What the sides give differently, with all that led to it; or nothing. `directory` is left empty.
std::optional<std::string> difference(const Program& program, const std::string& directory);
std::optional<std::string> difference(const Program& program, Side& one, Side& other);

/// A program that still does what the given one does, with as few and as plain operations as can be found.
Program shortest(Program program, const std::function<bool(const Program&)>& still);

Program random_program(std::mt19937_64& random);

}  // namespace tse::model
