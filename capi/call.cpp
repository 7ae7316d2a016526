// What one operation carries besides its arguments.
#include "internal.hpp"

#include "core/check.hpp"

using namespace tse;

namespace {

/// Sets one thing. Core judges it alone, so what was set before is not to blame, and stays where it is refused.
template <class Set>
int32_t set(tse_call* call, tse_error** error, Set&& set_in) noexcept {
  return capi::guard(error, [&] {
    core::CallInfo& info = capi::require(call, "call").call;
    core::CallInfo alone;
    set_in(alone);
    capi::require_none(core::check(alone));
    set_in(info);
  });
}

int32_t set_text(tse_call* call, tse_error** error, core::Text core::CallInfo::*to, const char* text, size_t size,
                 const char* name) noexcept {
  return set(call, error, [=](core::CallInfo& info) { info.*to = capi::owned(capi::text_in(text, size, name)); });
}

}  // namespace

int32_t tse_call_new(tse_call** call, tse_error** error) noexcept {
  return capi::guard(error, [&] { capi::make(call, "call"); });
}

void tse_call_free(tse_call* call) noexcept { delete call; }

int32_t tse_cancel_token_new(tse_cancel_token** token, tse_error** error) noexcept {
  return capi::guard(error, [&] { capi::make(token, "token"); });
}

void tse_cancel_token_cancel(tse_cancel_token* token) noexcept {
  if (token != nullptr) token->source.request_stop();
}

void tse_cancel_token_free(tse_cancel_token* token) noexcept { delete token; }

int32_t tse_call_set_cancel_token(tse_call* call, const tse_cancel_token* token, tse_error** error) noexcept {
  return capi::guard(
      error, [&] { capi::require(call, "call").call.stop = token ? token->source.get_token() : std::stop_token(); });
}

int32_t tse_call_set_timeout(tse_call* call, int64_t timeout_us, tse_error** error) noexcept {
  return set(call, error, [=](core::CallInfo& info) { info.timeout = std::chrono::microseconds(timeout_us); });
}

int32_t tse_call_set_request_id(tse_call* call, const char* text, size_t size, tse_error** error) noexcept {
  return set_text(call, error, &core::CallInfo::request_id, text, size, "request_id");
}

int32_t tse_call_set_traceparent(tse_call* call, const char* text, size_t size, tse_error** error) noexcept {
  return set_text(call, error, &core::CallInfo::traceparent, text, size, "traceparent");
}

int32_t tse_call_set_actor(tse_call* call, const char* text, size_t size, tse_error** error) noexcept {
  return set_text(call, error, &core::CallInfo::actor, text, size, "actor");
}
