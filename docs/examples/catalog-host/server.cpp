#include "server.hpp"

#include "api_error.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace catalog {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

constexpr std::size_t max_body_bytes = 64 * 1024;
constexpr std::chrono::seconds idle_time{30};

/// All lines of a header as one (RFC 9110, section 5.3); nothing if there is none.
std::optional<std::string> joined(const http::fields& fields, std::string_view name) {
  std::optional<std::string> value;
  const auto [begin, end] = fields.equal_range(name);
  for (auto line = begin; line != end; ++line) {
    if (value) value->append(", ");
    if (!value) value.emplace();
    value->append(line->value().data(), line->value().size());
  }
  return value;
}

Incoming incoming_from(http::request<http::string_body>&& request) {
  return {.method = std::string(request.method_string()),
          .target = std::string(request.target()),
          .body = std::move(request.body()),
          .client_request_id = joined(request, "X-Client-Request-ID"),
          .if_none_match = joined(request, "If-None-Match")};
}

/// Headers are copied as they are. Only HTTP's own framing is added.
http::response<http::string_body> response_from(taskstate::Answer answer, bool head, bool keep_alive) {
  http::response<http::string_body> response;
  response.result(static_cast<unsigned>(answer.status));
  for (const taskstate::Header& header : answer.headers) response.set(header.name, header.value);
  if (answer.body && !response.has_content_length()) response.content_length(answer.body->size());
  if (answer.body && !head) response.body() = *std::move(answer.body);
  response.keep_alive(keep_alive);
  return response;
}

/// One connection: reads a request, answers it, and again. Lives as long as an operation refers to it.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Catalog& catalog) : stream_(std::move(socket)), catalog_(catalog) {}

  void read() {
    parser_.emplace();
    parser_->body_limit(max_body_bytes);
    stream_.expires_after(idle_time);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_read(error); });
  }

 private:
  void on_read(beast::error_code error) {
    if (error == http::error::body_limit) return refuse(413, "The body is too long.");
    if (error == http::error::header_limit) return refuse(431, "The headers are too long.");
    if (error == http::error::end_of_stream || error == http::error::partial_message) return;
    if (error.category() == http::make_error_code(http::error::bad_method).category())
      return refuse(400, "The request is not HTTP.");
    if (error) return;

    const bool keep_alive = parser_->get().keep_alive();
    const Incoming incoming = incoming_from(parser_->release());
    write(response_from(catalog_.handle(incoming), incoming.method == "HEAD", keep_alive));
  }

  /// After such a request nothing tells where the next one begins.
  void refuse(int status, std::string_view message) {
    const Incoming incoming = incoming_from(parser_->release());
    write(response_from(error_answer(incoming, status, "bad_request", message), incoming.method == "HEAD", false));
  }

  void write(http::response<http::string_body> response) {
    response_ = std::move(response);
    http::async_write(stream_, response_,
                      [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_write(error); });
  }

  void on_write(beast::error_code error) {
    if (error) return;
    if (response_.keep_alive()) return read();
    stream_.socket().shutdown(tcp::socket::shutdown_send, error);
    buffer_.clear();
    drain();
  }

  /// Closing while the client still sends would reset the connection, and the answer would be lost with it.
  void drain() {
    stream_.expires_after(idle_time);
    stream_.async_read_some(buffer_.prepare(4096), [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->drain();
    });
  }

  beast::tcp_stream stream_;
  Catalog& catalog_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

}  // namespace

Server::Server(asio::io_context& io, std::uint16_t port, Catalog& catalog)
    : acceptor_(io, {asio::ip::address_v4::loopback(), port}), catalog_(catalog) {
  accept();
}

void Server::accept() {
  acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
    if (!error) std::make_shared<Session>(std::move(socket), catalog_)->read();
    if (acceptor_.is_open()) accept();
  });
}

}  // namespace catalog
