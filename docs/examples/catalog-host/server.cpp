#include "server.hpp"

#include "session.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address_v4.hpp>

#include <memory>
#include <utility>

namespace catalog {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

Server::Server(asio::io_context& io, std::uint16_t port, Catalog& catalog, std::chrono::milliseconds patience)
    : acceptor_(io, {asio::ip::address_v4::loopback(), port}), pause_(io), catalog_(catalog), patience_(patience) {
  accept();
}

void Server::accept() {
  acceptor_.async_accept([this](ErrorCode error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error) return accept_later();
    std::make_shared<Session>(std::move(socket), catalog_, patience_)->start();
    accept();
  });
}

/// When the process has no descriptor left, the client stays in the queue, and accepting at once would fail at once.
void Server::accept_later() {
  pause_.expires_after(std::chrono::milliseconds(100));
  pause_.async_wait([this](ErrorCode error) {
    if (!error) accept();
  });
}

}  // namespace catalog
