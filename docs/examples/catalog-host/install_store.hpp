// The host's own data: installs, in a table of its own in taskstate's file. What changes along with a task is a
// statement that goes with the task's change, in the same transaction.
#pragma once

#include "sqlite.hpp"

#include <taskstate/taskstate.hpp>

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace catalog {

struct Install {
  std::int64_t sequence = 0;  ///< its place in lists; given by the store
  std::string id;
  std::string zone_id;
  std::string package_id;
  std::string package_slug;
  std::optional<std::int64_t> package_version;
  std::string inputs = "{}";  ///< a JSON object
  std::string status = "pending";
  std::string created_at;  ///< RFC 3339
  std::string updated_at;  ///< RFC 3339
};

/// A page, newest first.
struct InstallPage {
  std::vector<Install> items;
  bool older = false;  ///< there are older ones
  bool newer = false;  ///< there are newer ones
};

/// To go with the creation of the task that creates it.
[[nodiscard]] taskstate::Statement insertion(const Install& install);
/// To go with the creation of the task that deletes it.
[[nodiscard]] taskstate::Statement mark_deleting(std::string_view install_id);
/// To go with the outcome of either task.
[[nodiscard]] taskstate::Statement completion(const taskstate::Task& task);
[[nodiscard]] taskstate::Statement failure(const taskstate::Task& task);

/// Any thread.
class InstallStore {
 public:
  /// An engine has the file open.
  explicit InstallStore(const std::string& path);

  /// What failure() does, for a task that the engine failed, with which no statement went. Does nothing if it is done.
  void settle_failure(const taskstate::Task& task);

  [[nodiscard]] std::optional<Install> find(std::string_view zone_id, std::string_view id);
  /// Those older than `after`, or newer than `before`, or the newest.
  [[nodiscard]] InstallPage list(std::string_view zone_id, std::int64_t limit, std::optional<std::int64_t> after,
                                 std::optional<std::int64_t> before);
  [[nodiscard]] std::int64_t count(std::string_view zone_id);
  /// Those that are being created or deleted.
  [[nodiscard]] std::vector<Install> unsettled();

 private:
  std::mutex mutex_;
  Database database_;
};

}  // namespace catalog
