// The rules about what callers give. Arguments are judged in the order in which they are given to check(), the fields
// of each in the order of its members; all that is broken is told.
#pragma once

#include "core/error.hpp"
#include "core/query.hpp"
#include "core/settings.hpp"
#include "core/task.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tse::core {

void add_broken(std::vector<Detail>& out, const CallInfo& call);
void add_broken(std::vector<Detail>& out, const StatementText& statement);
void add_broken(std::vector<Detail>& out, const Parameter& parameter);
void add_broken(std::vector<Detail>& out, const LeaseTerms& terms);
void add_broken(std::vector<Detail>& out, const ClaimSpec& spec);
void add_broken(std::vector<Detail>& out, const HeartbeatTerms& terms);
void add_broken(std::vector<Detail>& out, const ReleaseTerms& terms);
void add_broken(std::vector<Detail>& out, const WaitTerms& terms);
void add_broken(std::vector<Detail>& out, const ZoneFilter& filter);
void add_broken(std::vector<Detail>& out, const PauseTarget& what);
void add_broken(std::vector<Detail>& out, const ListQuery& query);
void add_broken(std::vector<Detail>& out, const HistoryQuery& query);
void add_broken(std::vector<Detail>& out, const ChangesQuery& query);
void add_broken(std::vector<Detail>& out, const PurgeQuery& query);
void add_broken(std::vector<Detail>& out, const Settings& settings);
void add_broken(std::vector<Detail>& out, const Request& request);
void add_broken(std::vector<Detail>& out, const Row& row);

/// invalid_argument with all that is broken; nothing if nothing is.
template <class... Arguments>
[[nodiscard]] std::optional<Error> check(const Arguments&... arguments) {
  std::vector<Detail> broken;
  (add_broken(broken, arguments), ...);
  if (broken.empty()) return std::nullopt;
  return invalid(std::move(broken));
}

/// Statements go with the change of a task, and with nothing else: invalid_argument.
[[nodiscard]] std::optional<Error> refuse_statements(const CallInfo& call);

/// Whether a batch has room for another change after `size`. Else limit_exceeded.
[[nodiscard]] std::optional<Error> check_batch_room(std::size_t size);

/// Whether the key can name a task at all. Keys outside the grammar are never looked up.
[[nodiscard]] bool is_possible(const Key& key) noexcept;

}  // namespace tse::core
