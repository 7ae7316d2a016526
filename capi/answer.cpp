// HTTP answers.
#include "internal.hpp"

#include "core/answer.hpp"
#include "core/check.hpp"
#include "core/no_destructor.hpp"
#include "engine/decide.hpp"

#include <array>

using namespace tse;

struct tse_answer {
  core::Answer answer;
  std::int64_t wait = 0;
  std::array<tse_header, core::Answer::most_headers> headers{};
};

namespace {

const core::Request no_request;

core::Request request_in(const tse_request* request) {
  const tse_request& from = capi::require_struct(request, "request");
  core::Request out;
  out.method = capi::text_in(from.method, "method");
  out.client_request_id = capi::text_in(from.client_request_id, "client_request_id");
  out.if_none_match = capi::text_in(from.if_none_match, "if_none_match");
  out.path = capi::text_in(from.path, "path");
  out.prefer = capi::text_in(from.prefer, "prefer");
  if (from.completed != TSE_COMPLETED_DEFAULT) {
    out.completed = static_cast<core::Completed>(from.completed);
    capi::require_none(core::check(out));
  }
  return out;
}

/// Usually both are given, so that is looked at first: an optional would go through memory.
std::string_view view_in(const char* data, size_t size, const char* name) {
  if (data != nullptr && size <= PTRDIFF_MAX) return {data, size};
  return capi::text_in(data, size, name).value_or(std::string_view());
}

tse_str text_of(std::string_view text) noexcept { return {text.data(), text.size()}; }

void show(tse_answer& out, std::int64_t wait = 0) noexcept {
  for (std::size_t i = 0; i < out.answer.headers.size(); ++i)
    out.headers[i] = {text_of(out.answer.headers[i].name), text_of(out.answer.headers[i].value)};
  out.wait = wait;
}

void fill(tse_answer& out, core::Answer answer) noexcept {
  out.answer = std::move(answer);
  show(out);
}

const engine::Call& no_call() noexcept {
  static const core::NoDestructor<engine::Call> call;
  return *call;
}

engine::Waiting waiting_in(const tse_request* request) {
  const bool elsewhere = request != nullptr && capi::flag_in(request->wait_elsewhere, "wait_elsewhere");
  return elsewhere ? engine::Waiting::elsewhere : engine::Waiting::here;
}

}  // namespace

int32_t tse_answer_new(tse_answer** answer, tse_error** error) noexcept {
  return capi::guard(error, [&] { capi::make(answer, "answer"); });
}

int32_t tse_answer_get(const tse_answer* answer, tse_answer_view* view) noexcept {
  return capi::guard(nullptr, [&] {
    const tse_answer& from = capi::require(answer, "answer");
    tse_answer_view& out = capi::require_struct(view, "view");
    out.status = from.answer.status;
    out.headers = from.headers.data();
    out.header_count = from.answer.headers.size();
    out.body = from.answer.body ? text_of(*from.answer.body) : tse_str{nullptr, 0};
    out.wait_us = from.wait;
    out.revision = from.answer.revision;
  });
}

void tse_answer_free(tse_answer* answer) noexcept { delete answer; }

int32_t tse_decide(tse_engine* engine, const char* zone_id, size_t zone_id_size, const char* id, size_t id_size,
                   const tse_request* request, const tse_call* call, tse_answer* answer, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    tse_answer& out = capi::require(answer, "answer");
    std::optional<core::Request> given;
    const core::Request& asked = request ? given.emplace(request_in(request)) : no_request;
    const core::KeyView key{view_in(zone_id, zone_id_size, "zone_id"), view_in(id, id_size, "id")};
    if (request != nullptr && capi::flag_in(request->kept_only, "kept_only")) {
      if (engine == nullptr || !engine::decide_cached(*engine->engine, out.answer, key, asked)) out.answer.clear();
      return show(out);
    }
    if (engine == nullptr) return fill(out, engine::answer_without_engine(key, asked));
    show(out,
         engine::decide(*engine->engine, out.answer, key, asked, waiting_in(request), call ? call->call : no_call()));
  });
}

int32_t tse_accept(tse_engine* engine, const tse_task* task, const tse_error* failure, const tse_request* request,
                   tse_answer* answer, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& target = *capi::require(engine, "engine").engine;
    tse_answer& out = capi::require(answer, "answer");
    if ((task == nullptr) == (failure == nullptr))
      capi::refuse("task", "exactly one of task and failure must be given");
    if (task != nullptr) capi::require_none(core::check(core::ZoneFilter{task->snapshot.row.task.zone_id}));
    std::optional<core::Request> given;
    const core::Request& asked = request ? given.emplace(request_in(request)) : no_request;
    fill(out, task ? engine::accept(target, task->snapshot.row, asked) : engine::accept(target, failure->error, asked));
  });
}
