// What the engine must do, said a second time and as plainly as possible: everything is in memory, every look-up goes
// through all there is, and there are no threads, files or failures. Written from the contract alone.
#pragma once

#include <taskstate.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tse::model {

using Us = std::int64_t;
using Text = std::optional<std::string>;

inline constexpr Us none = TSE_NONE;
inline constexpr Us millisecond = 1000;
inline constexpr Us second = 1000 * millisecond;
inline constexpr Us hour = 3600 * second;
inline constexpr Us day = 24 * hour;

struct Key {
  std::string zone;
  std::string id;
  auto operator<=>(const Key&) const = default;
};

/// What a client reads about a task beside its state.
struct Fields {
  Text install_id{};
  Text package_id{};
  Text package_slug{};
  std::int64_t package_version = none;
  std::vector<std::string> links{};     // each as the wire shows it
  std::vector<std::string> warnings{};  // each as the wire shows it
  bool operator==(const Fields&) const = default;
};

struct NewTask {
  Key key;  // its id may be empty: made by the engine
  std::string operation = "create";
  Fields fields{};
  Text payload{};
  Us not_before = none;
  Us start_within = none;
  std::int64_t max_attempts = 1;
  Text idempotency_key{};
  Text retry_of{};
};

struct Update {
  Fields fields{};
  Text error_message{};
  Text error_detail{};
  bool operator==(const Update&) const = default;
};

struct Call {
  Text request_id{};
  Text actor{};
};

struct Event {
  std::int64_t sequence = 0;
  Key key;
  std::string kind;
  int from = -1;
  int to = TSE_PENDING;
  Us at = 0;
  std::int64_t revision = 0;
  std::int64_t attempt = 0;
  Text worker{};
  std::int64_t epoch = 0;
  Text request_id{};
  Text message{};
  Text detail{};
};

struct Task {
  Key key;
  Us created_at = 0;
  std::string operation;
  int status = TSE_PENDING;
  Us updated_at = 0;
  Text error_message{};
  Fields fields{};
  // Never on the wire:
  std::int64_t revision = 0;
  Text error_detail{};
  Text failure_kind{};
  Text client_request_id{};
  Text payload{};
  Text worker{};
  std::int64_t epoch = 0;
  std::int64_t attempt = 0;
  std::int64_t max_attempts = 1;
  Us not_before = none;
  Us start_by = none;
  bool cancel_requested = false;
  bool replayed = false;
  // Never shown at all:
  std::int64_t order = 0;  // of creation
  bool held = false;       // by a worker, under a lease
  Us lease_end = 0;
  Us lease_duration = 0;
  Us progress_at = none;            // of the latest event, if that is progress
  std::optional<Update> outcome{};  // that ended it

  [[nodiscard]] bool terminal() const { return status == TSE_COMPLETED || status == TSE_FAILED; }
  /// Running, and waiting for a new attempt.
  [[nodiscard]] bool offered() const { return status == TSE_RUNNING && epoch != 0 && !held; }
  [[nodiscard]] std::string json() const;
};

struct Lease {
  Key key;
  std::int64_t epoch = 0;
  int generation = 0;
  std::int64_t attempt = 0;
  Us duration = 0;
  Us end = 0;
};

/// A code, and with TSE_INVALID_ARGUMENT the field that is at fault, or what the call gives.
struct Result {
  std::int32_t code = TSE_OK;
  std::string field{};
  std::optional<Task> task{};
  std::optional<Lease> lease{};
};

struct ClaimSpec {
  std::vector<std::string> zones{};       // none: all
  std::vector<std::string> operations{};  // none: all
  Text worker{};
  Us lease = none;
  std::int64_t limit = 1;
};

struct Beat {
  std::int32_t code = TSE_OK;
  std::string field{};
  bool cancel_requested = false;
  Us duration = 0;
  Us end = 0;
};

struct Filter {
  std::string zone;
  int statuses = 0;
  Text operation{};
  Text install_id{};
  Text package_id{};
  Us created_from = none;
  Us created_until = none;
  bool operator==(const Filter&) const = default;
};

/// A place between two rows of a list.
struct Cursor {
  Filter filter;
  int generation = 0;
  std::pair<Us, std::string> row;
};

struct Page {
  std::int32_t code = TSE_OK;
  std::string field{};
  std::vector<Task> tasks{};
  std::optional<Cursor> after{};
  std::optional<Cursor> before{};
  std::int64_t total = none;
};

struct Position {
  std::int64_t sequence = 0;
  int generation = 0;
};

struct Changes {
  std::int32_t code = TSE_OK;
  std::string field{};
  std::vector<Event> events{};
  Position position{};
  std::int64_t purged_through = 0;
};

struct Request {
  bool head = false;
  Text client_request_id{};
  std::vector<std::string> if_none_match{};  // tags, or "*"
  Text path{};
  std::int32_t completed = TSE_COMPLETED_DEFAULT;
};

struct Answer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers{};
  Text body{};
};

struct Options {
  std::int64_t pending_limit = 0;
  std::int64_t running_limit = 0;
  Us idempotency_retention = day;
  Us retention = 0;
  Us tombstones = 0;
  Us feed_retention = 7 * day;
  bool adopt_request_id = false;
  std::int32_t completed = TSE_COMPLETED_SEE_OTHER;
};

/// Whether a zone or a task may be called so.
bool is_id(const std::string& text);

class Model {
 public:
  explicit Model(Options options) : options_(options) {}

  Us now = 0;
  std::size_t engine = 0;       // by which of the engines something is done
  std::string next_id;          // of a task that the host does not name
  std::string next_request_id;  // of an error answer to a request without one

  /// What an engine knows of whose turn it is ends with it.
  void reopen() { last_served_.erase(engine); }

  Result create(const NewTask& spec, const Call& call);
  Result start(const Key& key, const Call& call);
  Result start_leased(const Key& key, const Text& worker, Us duration, const Call& call);
  Result annotate(const Key& key, const Update& update, const Call& call);
  Result complete(const Key& key, const Update& update, const Call& call);
  Result fail(const Key& key, const Update& update, const Call& call);
  Result cancel(const Key& key, bool force, const Text& reason, const Call& call);

  /// Each lease with its task as it was when claimed.
  std::vector<Result> claim(const ClaimSpec& spec, const Call& call);
  Beat heartbeat(const Lease& lease, Us duration, const Text& progress, const Call& call);
  Result annotate(const Lease& lease, const Update& update, const Call& call);
  Result complete(const Lease& lease, const Update& update, const Call& call);
  Result fail(const Lease& lease, const Update& update, const Call& call);
  Result release(const Lease& lease, Us delay, const Call& call);

  std::int64_t tick();
  std::int64_t purge(const Text& zone, Us older_than, std::int64_t limit);
  /// Whether there was such a task, by its code and `task`.
  Result erase(const Key& key);
  /// Everything goes on in a copy; what was handed out before is of another file.
  void restore() { ++generation_; }

  [[nodiscard]] std::optional<Task> get(const Key& key) const;
  [[nodiscard]] std::vector<Event> history(const Key& key) const;
  [[nodiscard]] Page list(const Filter& filter, std::size_t limit, const std::optional<Cursor>& after,
                          const std::optional<Cursor>& before, bool with_total) const;
  [[nodiscard]] Changes changes(const Text& zone, const std::optional<Position>& after, int flags,
                                std::size_t limit) const;
  /// How many tasks there are, by zone, operation and status.
  [[nodiscard]] std::map<std::tuple<std::string, std::string, int>, std::int64_t> counts(const Text& zone) const;
  [[nodiscard]] std::int64_t last_sequence() const { return sequence_; }

  [[nodiscard]] Answer decide(const Key& key, const Request& request) const;
  [[nodiscard]] Answer accept(const Result& created, const Request& request) const;

 private:
  struct KeptKey {
    std::string content;
    Key task;
    Us until;
  };

  Task* find(const Key& key);
  Task* find(const Lease& lease);
  void record(Task& task, const std::string& kind, int to, const Call& call, const Text& message = {},
              const Text& detail = {});
  std::string merge(Task& task, const Fields& fields, bool& changed) const;
  Result add(Task& task, const Update& update, const Call& call);
  Result finish(Task& task, int status, const Update& update, const Call& call);
  Result repeat(const Task& task, int status, const Update& update) const;
  void give_up(Task& task, const std::string& kind, const std::string& failure, const std::string& message,
               const Call& call, const Text& detail = {});
  void end_lease(Task& task, const std::string& kind, Us not_before, const Call& call);
  Result grant(Task& task, const Text& worker, Us duration, const Call& call);
  std::int64_t expire();
  void remove(const Key& key);
  [[nodiscard]] bool key_is_kept(const Key& task) const;
  [[nodiscard]] bool has_tombstone(const Key& key) const;
  [[nodiscard]] std::vector<Task*> oldest_first();
  [[nodiscard]] Answer error(int status, const std::string& code, const std::string& message, const std::string& path,
                             const Request& request, const std::string& details = {}) const;
  [[nodiscard]] std::string retry_after(const Task& task) const;

  Options options_;
  std::map<Key, Task> tasks_;
  std::map<std::pair<std::string, std::string>, KeptKey> keys_;  // by zone and idempotency key
  std::map<Key, Us> tombstones_;                                 // until when
  std::vector<Event> feed_;
  std::int64_t sequence_ = 0;
  std::int64_t purged_through_ = 0;
  std::int64_t behind_ = 0;  // purges up to it are no longer told
  std::int64_t epochs_ = 0;
  std::int64_t created_ = 0;
  int generation_ = 1;
  std::map<std::size_t, std::string> last_served_;  // by engine: a zone
};

}  // namespace tse::model
