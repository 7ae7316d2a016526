// The command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace catalog {

struct Flags {
  std::uint16_t port = 0;  ///< 0: any free one
  std::filesystem::path data = ".";
  std::chrono::milliseconds pickup_time{200};
  std::chrono::milliseconds install_time{1000};
};

/// Throws std::invalid_argument, with a sentence for the user.
Flags parse_flags(int count, const char* const* words);

inline constexpr const char* usage =
    "catalog-host [--port N] [--data DIR] [--pickup-time-ms N] [--install-time-ms N]\n"
    "  --port N             listen on 127.0.0.1:N; 0, the default, takes any free port\n"
    "  --data DIR           where tasks.db and installs.db live; the current directory by default\n"
    "  --pickup-time-ms N   how long a task stays pending (200)\n"
    "  --install-time-ms N  how long it stays running (1000)\n";

}  // namespace catalog
