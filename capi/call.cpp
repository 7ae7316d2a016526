// What one operation carries besides its arguments.
#include "internal.hpp"

#include "core/validate.hpp"

using namespace tse;

namespace {

void set_text(core::Text& field, const char* text, size_t size, const char* name, bool (*is_valid)(std::string_view),
              const char* rule) {
  const auto value = capi::text_in(text, size, name);
  if (value && !is_valid(*value))
    capi::refuse(name, std::string(rule) + ", has " + std::to_string(value->size()) + " bytes");
  field = capi::owned(value);
}

bool is_actor(std::string_view text) {
  std::vector<core::Detail> broken;
  core::check_actor(broken, text);
  return broken.empty();
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
  return capi::guard(error, [&] {
    tse_call& to = capi::require(call, "call");
    if (timeout_us < 0) capi::refuse("timeout_us", "must not be negative, is " + std::to_string(timeout_us));
    to.call.timeout = std::chrono::microseconds(timeout_us);
  });
}

int32_t tse_call_set_request_id(tse_call* call, const char* text, size_t size, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    set_text(capi::require(call, "call").call.request_id, text, size, "request_id", core::is_request_id,
             "must be 1-128 visible ASCII characters");
  });
}

int32_t tse_call_set_traceparent(tse_call* call, const char* text, size_t size, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    set_text(capi::require(call, "call").call.traceparent, text, size, "traceparent", core::is_traceparent,
             "must be a W3C traceparent of version 00");
  });
}

int32_t tse_call_set_actor(tse_call* call, const char* text, size_t size, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    set_text(capi::require(call, "call").call.actor, text, size, "actor", is_actor,
             "must be 1-256 bytes of UTF-8 without control characters");
  });
}
