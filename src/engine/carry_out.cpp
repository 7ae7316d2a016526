#include "engine/carry_out.hpp"

#include <utility>
#include <variant>

namespace tse::engine {
namespace {

/// False: the row moved before the first step.
bool replace_all(store::Session& session, const core::Row& row, const core::Steps& steps) {
  const core::Row* before = &row;
  for (const core::Row& step : steps) {
    switch (session.replace(*before, step)) {
      case store::Replaced::done: break;
      case store::Replaced::conflict: throw store::Conflict();
      case store::Replaced::moved:
        if (before == &row) return false;
        throw core::Failure(core::Code::internal, "a task moved between the two steps of one change");
    }
    before = &step;
  }
  return true;
}

}  // namespace

Carried carry_out(store::Session& session, const core::Key& key, const core::Intent& intent,
                  const core::Context& context) {
  for (std::optional<std::int64_t> refused_version;;) {
    std::optional<core::Row> row = session.read(key);
    if (!row) throw core::Failure(core::missing_task(context));
    // It did not move, and yet is not what was read: a version that is no number would be tried for ever.
    if (row->version == refused_version)
      throw core::Failure(core::Code::corrupt, "a task's version cannot be compared with itself");
    auto applied = core::apply(*row, intent, context);
    if (auto* refused = std::get_if<core::Error>(&applied)) throw core::Failure(std::move(*refused));
    auto* const steps = std::get_if<core::Steps>(&applied);
    if (steps == nullptr) return {std::move(*row), false};
    if (replace_all(session, *row, *steps)) return {std::move(steps->back()), true};
    refused_version = row->version;
  }
}

void run_also(store::Session& session, const std::vector<store::Statement>& statements, const core::Key& key,
              std::int64_t now) {
  for (std::size_t i = 0; i < statements.size(); ++i) {
    try {
      session.run(statements[i], key, now);
    } catch (const core::Failure& failure) {
      core::Error error = failure.error();
      if (!error.details.empty()) {
        core::Detail& fault = error.details.front();
        fault.field = "also[" + std::to_string(i) + "]";
        error.message = fault.field + ": " + fault.message;
      }
      throw core::Failure(std::move(error));
    }
  }
}

}  // namespace tse::engine
