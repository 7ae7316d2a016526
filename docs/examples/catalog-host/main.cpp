// A host of taskstate: a small catalog that installs packages into zones, and answers for its tasks.
#include "catalog.hpp"
#include "flags.hpp"
#include "install_store.hpp"
#include "installer.hpp"
#include "server.hpp"

#include <taskstate/taskstate.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <exception>
#include <iostream>
#include <stdexcept>

namespace {

void run(const catalog::Flags& flags) {
  taskstate::Engine tasks((flags.data / "tasks.db").string());
  catalog::InstallStore installs((flags.data / "installs.db").string());
  catalog::Installer installer(tasks, installs, {.pickup = flags.pickup_time, .install = flags.install_time});
  catalog::Catalog catalog(tasks, installs, installer);

  boost::asio::io_context io(1);
  const catalog::Server server(io, flags.port, catalog);
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });
  std::cout << "listening on http://127.0.0.1:" << server.port() << std::endl;
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
