#include "session.hpp"

#include "api_error.hpp"
#include "target.hpp"
#include "values.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace catalog {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

constexpr std::size_t max_head_bytes = std::size_t{16} * 1024;
constexpr std::size_t max_body_bytes = std::size_t{64} * 1024;
constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view text_of(const beast::flat_buffer& buffer) {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

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

/// Beast adds the trailers of a chunked body to the headers, so headers are copied before the body is read.
Incoming incoming_from(const http::request_header<>& head) {
  return {.method = std::string(head.method_string()),
          .target = std::string(head.target()),
          .path = shown_path(head.target()),
          .body = {},
          .client_request_id = joined(head, "X-Client-Request-ID"),
          .if_none_match = joined(head, "If-None-Match")};
}

/// Whether a head that Beast could not read is well-formed HTTP of another version.
bool of_another_version(std::string_view head) {
  const std::string_view line = head.substr(0, head.find('\r'));
  const std::size_t last = line.rfind(' ');
  if (std::ranges::count(line, ' ') != 2 || line.size() != last + 9) return false;
  const std::string_view version = line.substr(last + 1);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return version.starts_with("HTTP/") && digit(version[5]) && version[6] == '.' && digit(version[7]);
}

Refusal refusal_of(const beast::error_code& error, std::string_view head) {
  if (error == http::error::body_limit) return {413, "The body is longer than 64 KiB."};
  if (error == http::error::bad_version && of_another_version(head)) return {505, "The server speaks HTTP/1.1."};
  return {400, "The request is not HTTP."};
}

/// Headers are copied as they are. Only HTTP's own framing is added.
http::response<http::string_body> response_from(taskstate::Answer answer, bool head) {
  http::response<http::string_body> response;
  response.result(static_cast<unsigned>(answer.status));
  response.set(http::field::date, http_date());
  for (const taskstate::Header& header : answer.headers) response.set(header.name, header.value);
  if (answer.body && !response.has_content_length()) response.content_length(answer.body->size());
  if (answer.body && !head) response.body() = *std::move(answer.body);
  return response;
}

}  // namespace

Session::Session(tcp::socket socket, Catalog& catalog, std::chrono::milliseconds patience)
    : stream_(std::move(socket)), catalog_(catalog), patience_(patience) {}

void Session::next_request() {
  parser_.emplace();
  parser_->body_limit(max_body_bytes);
  parser_->header_limit(max_head_bytes);
  incoming_ = {};
  keep_alive_ = false;
  stream_.expires_after(patience_);
  read_head();
}

/// Bytes of the next request may be there already: clients need not wait for an answer.
void Session::read_head() {
  const std::string_view received = text_of(buffer_);
  const HeadScan scan = scan_head(received);
  switch (scan.state) {
    case HeadScan::State::malformed: return refuse({400, "The request is not HTTP."});
    case HeadScan::State::complete: buffer_.consume(scan.skipped); return on_head(scan.end - scan.skipped);
    case HeadScan::State::incomplete: break;
  }
  if (received.size() >= max_head_bytes) {
    const std::string_view head = received.substr(scan.skipped);
    const bool in_first_line = !head.empty() && head.find('\n') == std::string_view::npos;
    return refuse(in_first_line ? Refusal{414, "The target is too long."} : Refusal{431, "The headers are too long."});
  }
  stream_.async_read_some(
      buffer_.prepare(max_head_bytes - received.size()),
      [self = shared_from_this()](Error error, std::size_t size) { self->on_head_bytes(error, size); });
}

void Session::on_head_bytes(Error error, std::size_t size) {
  buffer_.commit(size);
  if (error == asio::error::eof && buffer_.size() > 0) return refuse({400, "The request is not whole."});
  if (!error) read_head();
}

void Session::on_head(std::size_t end) {
  Error error;
  parser_->put(asio::buffer(buffer_.data(), end), error);
  const http::request_header<>& head = parser_->get();
  incoming_ = incoming_from(head);
  if (error || !parser_->is_header_done()) return refuse(refusal_of(error, text_of(buffer_).substr(0, end)));
  buffer_.consume(end);
  if (const auto refusal = catalog::refusal_of(head)) return refuse(*refusal);

  keep_alive_ = parser_->keep_alive();
  old_client_ = head.version() < 11;
  if (!expects_continue(head) || parser_->is_done() || buffer_.size() > 0) return read_body();
  asio::async_write(stream_, asio::buffer(continue_line), [self = shared_from_this()](Error failure, std::size_t) {
    if (!failure) self->read_body();
  });
}

void Session::read_body() {
  if (parser_->is_done()) return on_body({});
  stream_.expires_after(patience_);
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](Error error, std::size_t) { self->on_body(error); });
}

void Session::on_body(Error error) {
  if (error == http::error::partial_message || error == http::error::end_of_stream)
    return refuse({400, "The request is not whole."});
  if (error == http::error::body_limit) return refuse({413, "The body is longer than 64 KiB."});
  if (error.category() == make_error_code(http::error::bad_chunk).category())
    return refuse({400, "The body's chunks are not HTTP."});
  if (error) return;
  incoming_.body = std::move(parser_->get().body());
  const bool head = incoming_.method == "HEAD";
  write(response_from(catalog_.handle(std::move(incoming_)), head));
}

void Session::refuse(const Refusal& refusal) {
  keep_alive_ = false;
  write(response_from(error_answer(incoming_, refusal.status, "bad_request", refusal.message),
                      incoming_.method == "HEAD"));
}

void Session::write(http::response<http::string_body> response) {
  response_ = std::move(response);
  response_.keep_alive(keep_alive_);
  if (keep_alive_ && old_client_) response_.set(http::field::connection, "keep-alive");
  stream_.expires_after(patience_);
  http::async_write(stream_, response_,
                    [self = shared_from_this()](Error error, std::size_t) { self->on_write(error); });
}

void Session::on_write(Error error) {
  if (error) return;
  if (keep_alive_) return next_request();
  stream_.socket().shutdown(tcp::socket::shutdown_send, error);
  buffer_.clear();
  stream_.expires_after(patience_);
  drain();
}

/// Closing while the client still sends would reset the connection, and the answer would be lost with it. The time for
/// all of it was set once: a client that never ends is cut off.
void Session::drain() {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(std::size_t{16} * 1024),
                          [self = shared_from_this()](Error error, std::size_t) {
                            if (!error) self->drain();
                          });
}

}  // namespace catalog
