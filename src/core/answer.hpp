// The HTTP answers, as pure functions: what was found + the request + now in, status, headers and body out.
#pragma once

#include "core/error.hpp"
#include "core/location.hpp"
#include "core/task.hpp"

#include <boost/container/static_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tse::core {

/// How a completed task is answered.
enum class Completed : std::int32_t { see_other = 0, ok = 1 };

/// What the host decided at open.
struct Policy {
  PathTemplate location{"/zones/{zone_id}/installs/{install_id}", "location"};
  PathTemplate status_url{"/zones/{zone_id}/catalog_tasks/{task_id}", "status_url", PathTemplate::Install::refused};
  Completed completed = Completed::see_other;
  std::int64_t retry_after_min = 1;   ///< s
  std::int64_t retry_after_max = 30;  ///< s
  bool ignore_bad_request_id = false;
  std::int64_t longest_wait = 0;  ///< us; 0: nobody may ask for a wait
};

/// What of the request an answer depends on. Several lines of one header are joined with ", ".
struct Request {
  std::optional<std::string_view> method;
  std::optional<std::string_view> client_request_id;
  std::optional<std::string_view> if_none_match;
  std::optional<std::string_view> path;
  std::optional<Completed> completed;
  std::optional<std::string_view> prefer;
};

/// Memory for texts that are written one after the other. It only grows, and is not filled with anything before.
class TextMemory {
 public:
  /// Room for `size` bytes; what was there is gone.
  char* begin(std::size_t size) {
    if (size > size_) {
      bytes_ = std::unique_ptr<char[]>(new char[size]);
      size_ = size;
    }
    return bytes_.get();
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

/// An answer with the memory that its texts lie in. Filling one again uses that memory again: once it is large enough,
/// nothing is allocated.
struct Answer {
  struct Header {
    std::string_view name;
    std::string_view value;
  };
  static constexpr std::size_t most_headers = 10;

  Answer() = default;
  Answer(Answer&&) = default;
  Answer& operator=(Answer&&) = default;

  int status = 0;
  boost::container::static_vector<Header, most_headers> headers;
  std::optional<std::string_view> body;
  std::int64_t revision = 0;  ///< of the task in it; 0: none

  /// No answer any more; the memory stays.
  void clear() noexcept {
    status = 0;
    revision = 0;
    headers.clear();
    body.reset();
  }

  TextMemory text;  ///< what the views point into, unless they are literals; each is followed by a NUL
};

/// What an answer needs of a task that was found; borrowed.
struct Answerable {
  Status status = Status::pending;
  std::int64_t created_at = 0;
  std::int64_t revision = 0;
  std::string_view body;  ///< the rendered task
  std::optional<std::string_view> install_id;
  std::optional<std::string_view> result_href;
  bool has_stored_result = false;
};

/// A task as the status URL represents it (RFC 9110, section 3.2): what of its answer depends on neither the request
/// nor the time. Borrowed.
struct Representation {
  Status status = Status::pending;
  std::int64_t created_at = 0;
  std::int64_t revision = 0;
  std::string_view etag;      ///< strong, with its quotes
  std::string_view location;  ///< where a completed task leads; empty: it is not completed
  std::string_view body;
};

/// "<revision>-<hash of the body>" in quotes.
[[nodiscard]] std::string etag_of(const Answerable& task);
/// Where a completed task leads; nothing if there is no safe way to say so. Empty if it is not completed.
[[nodiscard]] std::optional<std::string> location_of(std::string_view zone_id, std::string_view id,
                                                     const Answerable& task, const Policy& policy);

struct Missing {};  ///< no such task
struct Gone {};     ///< purged, and a tombstone says so
using Lookup = std::variant<Answerable, Missing, Gone, Error>;

/// Makes a fresh request id when an error body needs one.
using MakeRequestId = std::function<std::string()>;

/// Whether a client request id was given that is no UUID, and counts.
[[nodiscard]] bool has_bad_request_id(const Request& request, const Policy& policy) noexcept;

/// Whether a request is answered before anything is looked up: 400 for a client request id that is no
/// UUID, 404 for ids outside the grammar.
[[nodiscard]] std::optional<Answer> refuse(std::string_view zone_id, std::string_view id, const Request& request,
                                           const Policy& policy, std::int64_t now, const MakeRequestId& fresh);

/// The answer to the status request (RFC 9110) for a task, if has_bad_request_id() let the request pass. `out` is
/// filled anew.
void answer(Answer& out, const Representation& task, const Request& request, const Policy& policy, std::int64_t now);

/// The answer to the status request, whatever was found, for a request that refuse() let pass.
[[nodiscard]] Answer decide(std::string_view zone_id, std::string_view id, const Lookup& found, const Request& request,
                            const Policy& policy, std::int64_t now, const MakeRequestId& fresh);

/// How long the request may wait, in us: what it prefers, as far as the policy goes; nothing if it does not ask.
[[nodiscard]] std::optional<std::int64_t> granted_wait(const Request& request, const Policy& policy);
/// Whether a waiting request goes on waiting: the task is under way, and is not news to the client.
[[nodiscard]] bool is_worth_waiting(Status status, std::string_view etag, const Request& request);

/// The answer to the request that made the task: 202, or what the error means to the client.
[[nodiscard]] Answer accept(const Task& task, std::string_view body, const Request& request, const Policy& policy,
                            std::int64_t now, const MakeRequestId& fresh);
[[nodiscard]] Answer accept(const Error& failure, const Request& request, const Policy& policy, std::int64_t now,
                            const MakeRequestId& fresh);

/// Whether an If-None-Match field value matches a strong entity tag, by weak comparison (RFC 9110,
/// section 13.1.2). A malformed list matches nothing from its fault on. A tag that a proxy has marked as compressed
/// (`-gzip"`) matches its original.
[[nodiscard]] bool if_none_match_matches(std::string_view field, std::string_view etag) noexcept;

}  // namespace tse::core
