// The command line.
#pragma once

#include "catalog.hpp"

#include <taskstate/options.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace catalog {

struct Flags {
  std::uint16_t port = 0;  ///< 0: any free one
  std::filesystem::path data = ".";
  std::chrono::milliseconds pickup_time{200};
  std::chrono::milliseconds install_time{1000};
  std::chrono::milliseconds lease{5000};
  int workers = 1;    ///< in this process
  bool serve = true;  ///< false: a worker and nothing else
  std::string prefix;
  taskstate::Completed completed = taskstate::Completed::see_other;
  std::chrono::milliseconds patience{30000};
  std::vector<Seed> seeds;
};

/// Throws std::invalid_argument, with a sentence for the user.
Flags parse_flags(int count, const char* const* words);

inline constexpr const char* usage =
    "catalog-host [--port N] [--workers N] [options]   serves, and works\n"
    "catalog-host --worker-only [options]              works beside one that serves\n"
    "  --port N             listen on 127.0.0.1:N; 0, the default, takes any free port\n"
    "  --workers N          how many workers there are in this process (1)\n"
    "  --data DIR           where tasks.db lives; the current directory by default\n"
    "  --pickup-time-ms N   how long a task stays pending (200)\n"
    "  --install-time-ms N  how long it stays running (1000)\n"
    "  --lease-ms N         how long a worker's task stays its own without a heartbeat (5000)\n"
    "  --prefix /PATH       what a reverse proxy has before the API's paths; goes into every URL\n"
    "  --completed ok       a completed task is answered with 200 and a Link, instead of 303 (see_other)\n"
    "  --seed ZONE/TASK/INSTALL   an install that is there from the start, and the task that created it; repeatable\n"
    "  --patience-ms N      how long a client may take for a request's head, its body, or reading the answer (30000)\n";

}  // namespace catalog
