// One connection: reads a request, answers it, and again.
#pragma once

#include "catalog.hpp"
#include "http_head.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace catalog {

/// Lives as long as an operation refers to it.
class Session : public std::enable_shared_from_this<Session> {
 public:
  /// A client has `patience` for each head, each body and each answer, however it divides them.
  Session(boost::asio::ip::tcp::socket socket, Catalog& catalog, std::chrono::milliseconds patience);

  void start() { next_request(); }

 private:
  using Error = boost::beast::error_code;
  using Body = boost::beast::http::string_body;

  void next_request();
  void read_head();
  void on_head_bytes(Error error, std::size_t size);
  void on_head(std::size_t end);
  void read_body();
  void on_body(Error error);
  void refuse(const Refusal& refusal);
  void write(boost::beast::http::response<Body> response);
  void on_write(Error error);
  void drain();

  boost::beast::tcp_stream stream_;
  Catalog& catalog_;
  const std::chrono::milliseconds patience_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<Body>> parser_;
  Incoming incoming_;
  bool keep_alive_ = false;
  bool old_client_ = false;  ///< of HTTP/1.0
  boost::beast::http::response<Body> response_;
};

}  // namespace catalog
