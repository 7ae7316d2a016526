// A host of taskstate: a small catalog that installs packages into zones, and answers for its tasks.
#include "catalog.hpp"
#include "flags.hpp"
#include "install_store.hpp"
#include "installer.hpp"
#include "server.hpp"
#include "settler.hpp"

#include <taskstate/taskstate.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>
#include <list>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

std::string worker_name(int number) { return "installer-" + std::to_string(::getpid()) + "-" + std::to_string(number); }

taskstate::Options options(const catalog::Flags& flags) {
  taskstate::Options options;
  options.completed = flags.completed;
  options.location = flags.prefix + "/zones/{zone_id}/installs/{install_id}";
  options.status_url = flags.prefix + "/zones/{zone_id}/catalog_tasks/{task_id}";
  return options;
}

/// A defect in handling one connection ends that connection, not the server.
void run(boost::asio::io_context& io) {
  for (;;) {
    try {
      io.run();
      return;
    } catch (const std::exception& error) {
      std::cerr << "connection failed: " << error.what() << '\n';
    }
  }
}

void run(const catalog::Flags& flags) {
  const std::string file = (flags.data / "tasks.db").string();
  taskstate::Engine tasks(file, options(flags));
  catalog::InstallStore installs(file);
  std::optional<catalog::Catalog> catalog;
  std::optional<catalog::Settler> settler;
  if (flags.serve) {
    catalog.emplace(tasks, installs,
                    catalog::Catalog::Settings{.pickup_time = flags.pickup_time, .prefix = flags.prefix});
    for (const catalog::Seed& seed : flags.seeds) catalog->plant(seed);
    settler.emplace(tasks, installs);
  }
  std::list<catalog::Installer> workers;
  for (int number = 1; number <= flags.workers; ++number)
    workers.emplace_back(tasks,
                         catalog::Installer::Settings{
                             .worker = worker_name(number), .lease = flags.lease, .install = flags.install_time});

  boost::asio::io_context io(1);
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });
  std::optional<catalog::Server> server;
  if (flags.serve) {
    server.emplace(io, flags.port, *catalog, flags.patience);
    std::cout << "listening on http://127.0.0.1:" << server->port() << flags.prefix << std::endl;
  } else {
    std::cout << "working" << std::endl;
  }
  run(io);
}

}  // namespace

int main(int count, char** words) try {
  run(catalog::parse_flags(count, words));
  return 0;
} catch (const std::invalid_argument& error) {
  std::cerr << error.what() << "\n\n" << catalog::usage;
  return 2;
} catch (const std::exception& error) {
  std::cerr << "catalog-host: " << error.what() << '\n';
  return 1;
}
