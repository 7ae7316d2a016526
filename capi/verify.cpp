// The report on a file.
#include "internal.hpp"

#include "engine/file.hpp"

using namespace tse;

struct tse_report {
  store::VerifyReport report;
  std::string text;
};

namespace {

std::string text_of(const store::VerifyReport& report) {
  std::string text = std::to_string(report.tasks) + " tasks, " + std::to_string(report.events) + " events: ";
  text += report.problems.empty() ? "all in order" : std::to_string(report.problems.size()) + " problems";
  for (const std::string& problem : report.problems) text += "\n- " + problem;
  return text += '\n';
}

}  // namespace

int32_t tse_verify(tse_engine* engine, const tse_call* call, tse_report** report, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    tse_report*& out = capi::require(report, "report");
    store::VerifyReport found = engine::verify(target, capi::call_in(call));
    std::string text = text_of(found);
    out = new tse_report{std::move(found), std::move(text)};
  });
}

int32_t tse_report_get(const tse_report* report, tse_report_view* view) noexcept {
  return capi::guard(nullptr, [&] {
    const tse_report& from = capi::require(report, "report");
    tse_report_view& out = capi::require_struct(view, "view");
    out.ok = from.report.problems.empty() ? 1 : 0;
    out.problem_count = from.report.problems.size();
    out.task_count = from.report.tasks;
    out.event_count = from.report.events;
    out.text = capi::text_out(from.text);
  });
}

int32_t tse_report_problem(const tse_report* report, size_t index, tse_str* text) noexcept {
  return capi::guard(nullptr, [&] {
    const tse_report& from = capi::require(report, "report");
    tse_str& out = capi::require(text, "text");
    if (index >= from.report.problems.size()) capi::refuse("index", "is past the last problem");
    out = capi::text_out(from.report.problems[index]);
  });
}

void tse_report_free(tse_report* report) noexcept { delete report; }
