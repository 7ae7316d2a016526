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

/// To go with the creation of its task.
[[nodiscard]] taskstate::Statement insertion(const Install& install);
/// To go with a change of the task that is about the install.
[[nodiscard]] taskstate::Statement change_of_status(const taskstate::Task& task, std::string_view status);

/// Any thread.
class InstallStore {
 public:
  /// An engine has the file open.
  explicit InstallStore(const std::string& path);

  /// For what no change of a task goes with.
  void set_status(std::string_view zone_id, std::string_view id, std::string_view status);

  [[nodiscard]] std::optional<Install> find(std::string_view zone_id, std::string_view id);
  /// Those older than `after`, or newer than `before`, or the newest.
  [[nodiscard]] InstallPage list(std::string_view zone_id, std::int64_t limit, std::optional<std::int64_t> after,
                                 std::optional<std::int64_t> before);
  [[nodiscard]] std::int64_t count(std::string_view zone_id);
  [[nodiscard]] std::vector<Install> with_status(std::string_view status);

 private:
  std::mutex mutex_;
  Database database_;
};

}  // namespace catalog
