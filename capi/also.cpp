// Statements of the host's own, as part of a call.
#include "internal.hpp"

#include "core/check.hpp"

using namespace tse;

namespace {

/// Binds a value to the statement added last.
template <class MakeValue>
int32_t bind(tse_call* call, const char* name, size_t name_size, tse_error** error, MakeValue&& make) noexcept {
  return capi::guard(error, [&] {
    auto& also = capi::require(call, "call").call.also;
    if (also.empty()) capi::refuse("call", "has no statement to bind a value of");
    const auto parameter = capi::text_in(name, name_size, "name");
    store::Value value = make();
    capi::require_none(core::check(core::Parameter{also.size() - 1, parameter, value}));
    if (parameter) {
      also.back().named.emplace_back(*parameter, std::move(value));
    } else {
      also.back().values.push_back(std::move(value));
    }
  });
}

}  // namespace

int32_t tse_call_also(tse_call* call, const char* sql, size_t size, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& also = capi::require(call, "call").call.also;
    const std::string_view text = capi::text_in(sql, size, "sql").value_or(std::string_view());
    capi::require_none(core::check(core::StatementText{also.size(), text}));
    also.push_back({std::string(text), {}, {}});
  });
}

int32_t tse_call_bind_null(tse_call* call, const char* name, size_t name_size, tse_error** error) noexcept {
  return bind(call, name, name_size, error, [] { return store::Value(); });
}

int32_t tse_call_bind_int64(tse_call* call, const char* name, size_t name_size, int64_t value,
                            tse_error** error) noexcept {
  return bind(call, name, name_size, error, [&] { return store::Value(value); });
}

int32_t tse_call_bind_double(tse_call* call, const char* name, size_t name_size, double value,
                             tse_error** error) noexcept {
  return bind(call, name, name_size, error, [&] { return store::Value(value); });
}

int32_t tse_call_bind_text(tse_call* call, const char* name, size_t name_size, const char* text, size_t size,
                           tse_error** error) noexcept {
  return bind(call, name, name_size, error, [&] {
    const auto value = capi::text_in(text, size, "text");
    return value ? store::Value(std::string(*value)) : store::Value();
  });
}

int32_t tse_call_bind_blob(tse_call* call, const char* name, size_t name_size, const void* data, size_t size,
                           tse_error** error) noexcept {
  return bind(call, name, name_size, error, [&] {
    const std::size_t statement = call->call.also.size() - 1;
    if (size == TSE_NTS) capi::refuse("also[" + std::to_string(statement) + "]", "the size of bytes must be given");
    const auto value = capi::text_in(static_cast<const char*>(data), size, "data");
    return store::Value(store::Blob{std::string(value.value_or(std::string_view()))});
  });
}

int32_t tse_call_clear_also(tse_call* call, tse_error** error) noexcept {
  return capi::guard(error, [&] { capi::require(call, "call").call.also.clear(); });
}
