// Everything that an engine can do.
#pragma once

#include "engine/batch.hpp"
#include "engine/change.hpp"
#include "engine/changes.hpp"
#include "engine/claim.hpp"
#include "engine/create.hpp"
#include "engine/decide.hpp"
#include "engine/engine.hpp"
#include "engine/file.hpp"
#include "engine/lease.hpp"
#include "engine/list.hpp"
#include "engine/purge.hpp"
#include "engine/read.hpp"
#include "engine/result.hpp"
#include "engine/stats.hpp"
#include "engine/tick.hpp"
#include "engine/wait.hpp"
