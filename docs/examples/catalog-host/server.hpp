// HTTP/1.1 on 127.0.0.1, after Boost.Beast's manner: one object per connection, all on one thread.
#pragma once

#include "catalog.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>

namespace catalog {

class Server {
 public:
  /// Listens at once. Port 0 takes any free one.
  Server(boost::asio::io_context& io, std::uint16_t port, Catalog& catalog, std::chrono::milliseconds patience);

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  void accept();
  void accept_later();

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  Catalog& catalog_;
  const std::chrono::milliseconds patience_;
};

}  // namespace catalog
