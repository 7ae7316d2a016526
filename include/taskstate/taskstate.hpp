// taskstate, all of its C++ interface: header-only over taskstate.h, the C++ standard library only.
// C++20, exceptions needed; link with taskstate::taskstate.
#pragma once

#include <taskstate/answer.hpp>
#include <taskstate/batch.hpp>
#include <taskstate/cancel_token.hpp>
#include <taskstate/engine.hpp>
#include <taskstate/error.hpp>
#include <taskstate/feed.hpp>
#include <taskstate/lease.hpp>
#include <taskstate/lease_keeper.hpp>
#include <taskstate/link.hpp>
#include <taskstate/list.hpp>
#include <taskstate/options.hpp>
#include <taskstate/state_machine.hpp>
#include <taskstate/statement.hpp>
#include <taskstate/task.hpp>
#include <taskstate/version.hpp>
#include <taskstate/watch.hpp>
