// Statements of the host's own, as part of a call.
#include "internal.hpp"

#include "core/validate.hpp"

using namespace tse;

namespace {

constexpr std::size_t most_statements{taskstate::contract::limit::statements.most};
constexpr std::size_t longest_sql{taskstate::contract::limit::sql.most};

std::string field_of(std::size_t statement) { return "also[" + std::to_string(statement) + "]"; }

std::string utf8_in(std::string_view text, const std::string& field) {
  if (!core::is_utf8(text)) capi::refuse(field, "must be UTF-8, has " + std::to_string(text.size()) + " bytes");
  return std::string(text);
}

/// Binds a value to the statement added last.
template <class MakeValue>
int32_t bind(tse_call* call, const char* name, size_t name_size, tse_error** error, MakeValue&& make) noexcept {
  return capi::guard(error, [&] {
    auto& also = capi::require(call, "call").call.also;
    if (also.empty()) capi::refuse("call", "has no statement to bind a value of");
    const auto parameter = capi::text_in(name, name_size, "name");
    const std::string field = field_of(also.size() - 1);
    store::Value value = make(field);
    if (parameter) {
      if (parameter->empty()) capi::refuse(field, "the name of a parameter must not be empty");
      // SQLite reads it up to the first NUL, and would find another one.
      if (parameter->find('\0') != std::string_view::npos)
        capi::refuse(field, "the name of a parameter must not contain NUL");
      also.back().named.emplace_back(utf8_in(*parameter, field), std::move(value));
    } else {
      also.back().values.push_back(std::move(value));
    }
  });
}

}  // namespace

int32_t tse_call_also(tse_call* call, const char* sql, size_t size, tse_error** error) noexcept {
  return capi::guard(error, [&] {
    auto& also = capi::require(call, "call").call.also;
    const auto text = capi::text_in(sql, size, "sql");
    const std::string field = field_of(also.size());
    if (!text || text->empty() || text->size() > longest_sql)
      capi::refuse(field, "must be 1-65536 bytes, has " + std::to_string(text ? text->size() : 0));
    if (also.size() == most_statements) capi::refuse(field, "would be the 65th statement of the call");
    also.push_back({utf8_in(*text, field), {}, {}});
  });
}

int32_t tse_call_bind_null(tse_call* call, const char* name, size_t name_size, tse_error** error) noexcept {
  return bind(call, name, name_size, error, [](const std::string&) { return store::Value(); });
}

int32_t tse_call_bind_int64(tse_call* call, const char* name, size_t name_size, int64_t value,
                            tse_error** error) noexcept {
  return bind(call, name, name_size, error, [&](const std::string&) { return store::Value(value); });
}

int32_t tse_call_bind_double(tse_call* call, const char* name, size_t name_size, double value,
                             tse_error** error) noexcept {
  return bind(call, name, name_size, error, [&](const std::string&) { return store::Value(value); });
}

int32_t tse_call_bind_text(tse_call* call, const char* name, size_t name_size, const char* text, size_t size,
                           tse_error** error) noexcept {
  return bind(call, name, name_size, error, [&](const std::string& field) {
    const auto value = capi::text_in(text, size, "text");
    return value ? store::Value(utf8_in(*value, field)) : store::Value();
  });
}

int32_t tse_call_bind_blob(tse_call* call, const char* name, size_t name_size, const void* data, size_t size,
                           tse_error** error) noexcept {
  return bind(call, name, name_size, error, [&](const std::string& field) {
    if (size == TSE_NTS) capi::refuse(field, "the size of bytes must be given");
    const auto value = capi::text_in(static_cast<const char*>(data), size, "data");
    return store::Value(store::Blob{std::string(value.value_or(std::string_view()))});
  });
}

int32_t tse_call_clear_also(tse_call* call, tse_error** error) noexcept {
  return capi::guard(error, [&] { capi::require(call, "call").call.also.clear(); });
}
