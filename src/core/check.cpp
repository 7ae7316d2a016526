#include "core/check.hpp"

#include "core/range.hpp"
#include "core/validate.hpp"

#include <taskstate/contract/kinds.hpp>
#include <taskstate/contract/limits.hpp>
#include <taskstate/contract/options.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

namespace tse::core {

namespace {

using Details = std::vector<Detail>;
namespace argument = contract::argument;
namespace limit = contract::limit;

std::string has_bytes(std::size_t size) { return ", has " + std::to_string(size) + " bytes"; }

std::string statement_field(std::size_t index) { return "also[" + std::to_string(index) + "]"; }

void check_worker(Details& out, const Text& worker) {
  if (!worker) return;
  const std::size_t first = out.size();
  check_actor(out, *worker);
  for (std::size_t index = first; index < out.size(); ++index) out[index].field = "worker";
}

void check_zone(Details& out, const Text& zone_id) {
  if (zone_id) check_id(out, "zone_id", *zone_id);
}

// A filter of too many names is not looked at name by name.
void check_filter(Details& out, const ClaimFilter& filter) {
  const std::size_t first = out.size();
  check_claim_filter(out, filter.zones.size(), filter.operations.size());
  if (out.size() > first) return;
  for (const std::string& zone : filter.zones) check_id(out, "zones", zone);
  for (const std::string& operation : filter.operations) check_operation_name(out, "operations", operation);
}

void check_statuses(Details& out, const std::vector<Status>& statuses) {
  const auto unknown = std::find_if(statuses.begin(), statuses.end(),
                                    [](Status status) { return taskstate::to_string(status).empty(); });
  if (unknown != statuses.end())
    out.push_back({"statuses",
                   "must be known statuses, one is the number " + std::to_string(static_cast<std::int32_t>(*unknown))});
}

void check_failure_kind(Details& out, const Text& kind) {
  if (!kind || contract::failure_kind_from_string(*kind)) return;
  std::string known;
  for (const std::string_view each : contract::failure_kinds) known += (known.empty() ? "" : ", ") + std::string(each);
  out.push_back({"failure_kind", "must be one of " + known + has_bytes(kind->size())});
}

bool is_ref(const std::string& text) {
  return limit::ref.allows(static_cast<std::int64_t>(text.size())) && is_utf8(text) &&
         text.find('\0') == std::string::npos;
}

}  // namespace

void add_broken(Details& out, const CallInfo& call) {
  if (call.timeout) check_range(out, *call.timeout, argument::timeout);
  if (call.request_id && !is_request_id(*call.request_id))
    out.push_back({"request_id",
                   "must be " + tell(limit::request_id) + " of visible ASCII" + has_bytes(call.request_id->size())});
  if (call.traceparent && !is_traceparent(*call.traceparent))
    out.push_back({"traceparent", "must be a W3C traceparent of version 00" + has_bytes(call.traceparent->size())});
  if (call.actor) check_actor(out, *call.actor);
  const auto statements = static_cast<std::int64_t>(call.also.size());
  if (!limit::statements.allows(statements)) return check_range(out, statements, limit::statements);
  for (std::size_t index = 0; index < call.also.size(); ++index) {
    const Statement& statement = call.also[index];
    add_broken(out, StatementText{index, statement.sql});
    for (const Value& value : statement.values) add_broken(out, Parameter{index, std::nullopt, value});
    for (const auto& [name, value] : statement.named) add_broken(out, Parameter{index, name, value});
  }
}

void add_broken(Details& out, const StatementText& statement) {
  const std::string field = statement_field(statement.index);
  const auto bytes = static_cast<std::int64_t>(statement.sql.size());
  if (!limit::statements.allows(static_cast<std::int64_t>(statement.index) + 1)) {
    out.push_back({field, "a call must carry " + tell(limit::statements) + " statements"});
  } else if (!limit::sql.allows(bytes)) {
    check_range(out, field, bytes, limit::sql);
  } else if (!is_utf8(statement.sql)) {
    out.push_back({field, "must be UTF-8" + has_bytes(statement.sql.size())});
  }
}

void add_broken(Details& out, const Parameter& parameter) {
  const auto& [index, name, value] = parameter;
  const auto refuse = [&out, at = index](std::string message) {
    out.push_back({statement_field(at), std::move(message)});
  };
  if (name && name->empty()) refuse("the name of a parameter must not be empty");
  // SQLite reads it up to the first NUL, and would find another one.
  if (name && name->find('\0') != std::string_view::npos) refuse("the name of a parameter must not contain NUL");
  if (name && !is_utf8(*name)) refuse("the name of a parameter must be UTF-8" + has_bytes(name->size()));
  const auto* const text = std::get_if<std::string>(&value);
  if (text != nullptr && !is_utf8(*text)) refuse("a value that is text must be UTF-8" + has_bytes(text->size()));
}

void add_broken(Details& out, const LeaseTerms& terms) {
  check_worker(out, terms.worker);
  check_range(out, terms.lease, argument::lease);
}

void add_broken(Details& out, const ClaimSpec& spec) {
  check_filter(out, spec.filter);
  check_worker(out, spec.worker);
  check_range(out, spec.lease, argument::lease);
  check_range(out, spec.limit, argument::leases);
  check_range(out, spec.wait, argument::wait);
}

void add_broken(Details& out, const HeartbeatTerms& terms) {
  if (terms.lease) check_range(out, *terms.lease, argument::lease);
}

void add_broken(Details& out, const ReleaseTerms& terms) { check_range(out, terms.delay, argument::release_delay); }

void add_broken(Details& out, const WaitTerms& terms) { check_range(out, terms.wait, argument::wait); }

void add_broken(Details& out, const ZoneFilter& filter) { check_zone(out, filter.zone_id); }

void add_broken(Details& out, const PauseTarget& what) {
  check_zone(out, what.zone_id);
  if (what.operation) check_operation_name(out, "operation", *what.operation);
  if (!what.zone_id && !what.operation) out.push_back({"zone_id", "is required, or an operation instead"});
  if (what.zone_id && what.operation)
    out.push_back({"operation", "must not be given together with a zone: name one of them, the other in another call"});
}

void add_broken(Details& out, const ListQuery& query) {
  check_zone(out, query.zone_id);
  check_statuses(out, query.statuses);
  if (query.operation) check_operation_name(out, "operation", *query.operation);
  if (query.install_id) check_install_id(out, "install_id", *query.install_id);
  if (query.package_id) check_name(out, "package_id", *query.package_id);
  check_failure_kind(out, query.failure_kind);
  check_worker(out, query.worker);
  if (query.ref && !is_ref(*query.ref))
    out.push_back({"ref", "must be " + tell(limit::ref) + " of UTF-8 without NUL" + has_bytes(query.ref->size())});
  if (query.client_request_id && !is_request_id(*query.client_request_id))
    out.push_back({"client_request_id", "must be " + tell(limit::request_id) + " of visible ASCII" +
                                            has_bytes(query.client_request_id->size())});
  check_range(out, query.limit, argument::list_limit);
  if (query.after && query.before) out.push_back({"before", "must not be given together with after"});
}

void add_broken(Details& out, const HistoryQuery& query) { check_range(out, query.limit, argument::history_limit); }

void add_broken(Details& out, const ChangesQuery& query) {
  check_zone(out, query.zone_id);
  if (query.after && query.latest) out.push_back({"after", "must not be given where the feed begins here and now"});
  check_range(out, query.limit, argument::changes_limit);
  check_range(out, query.wait, argument::wait);
}

void add_broken(Details& out, const PurgeQuery& query) {
  check_zone(out, query.zone_id);
  if (query.older_than) {
    check_range(out, *query.older_than, argument::older_than);
  } else {
    out.push_back({"older_than", "is required"});
  }
  check_range(out, query.limit, argument::purge_limit);
}

void add_broken(Details& out, const Row& row) {
  const Details broken = validate(row);
  out.insert(out.end(), broken.begin(), broken.end());
}

std::optional<Error> refuse_statements(const CallInfo& call) {
  if (call.also.empty()) return std::nullopt;
  return invalid(statement_field(0), "goes with the change of a task, and this call changes none");
}

std::optional<Error> check_batch_room(std::size_t size) {
  if (limit::batch.allows(static_cast<std::int64_t>(size) + 1)) return std::nullopt;
  return Error{Code::limit_exceeded,
               "batch: must hold " + tell(limit::batch) + " changes: run it, then go on in another"};
}

bool is_possible(const Key& key) noexcept { return is_id(key.zone_id) && is_id(key.id); }

}  // namespace tse::core
