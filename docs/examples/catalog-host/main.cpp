// A host of taskstate: a small catalog that installs packages into zones, and answers for its tasks.
#include "catalog.hpp"
#include "flags.hpp"
#include "install_store.hpp"
#include "installer.hpp"
#include "server.hpp"

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

void run(const catalog::Flags& flags) {
  const std::string file = (flags.data / "tasks.db").string();
  taskstate::Engine tasks(file);
  catalog::InstallStore installs(file);
  std::list<catalog::Installer> workers;
  for (int number = 1; number <= flags.workers; ++number)
    workers.emplace_back(tasks, installs,
                         catalog::Installer::Settings{
                             .worker = worker_name(number), .lease = flags.lease, .install = flags.install_time});

  boost::asio::io_context io(1);
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });
  std::optional<catalog::Catalog> catalog;
  std::optional<catalog::Server> server;
  if (flags.serve) {
    catalog.emplace(tasks, installs, flags.pickup_time);
    server.emplace(io, flags.port, *catalog);
    std::cout << "listening on http://127.0.0.1:" << server->port() << std::endl;
  } else {
    std::cout << "working" << std::endl;
  }
  io.run();
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
