// The contract, once: error codes, states and moves, kinds, limits, options and their defaults, the fields of a task. A
// leaf: the C++ standard library only, constexpr, so that every floor builds on the very tables that users see.
// Whatever else spells one of these (the C header, the bindings, the schema, the documents) is compared with them by
// tests/contract.
#pragma once

#include <taskstate/contract/choices.hpp>
#include <taskstate/contract/codes.hpp>
#include <taskstate/contract/kinds.hpp>
#include <taskstate/contract/limits.hpp>
#include <taskstate/contract/options.hpp>
#include <taskstate/contract/range.hpp>
#include <taskstate/contract/task.hpp>
#include <taskstate/state_machine.hpp>
