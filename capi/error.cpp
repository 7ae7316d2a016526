// Codes and errors.
#include "internal.hpp"

#include "core/no_destructor.hpp"

#include <new>

using namespace tse;

namespace {

// Handed out when there is no memory for any other; never freed. The message fits into the string itself.
template <core::Outcome outcome>
tse_error* no_memory() noexcept {
  static core::NoDestructor<tse_error> error(tse_error{{core::Code::no_memory, "out of memory", {}, outcome}});
  return &*error;
}

}  // namespace

namespace tse::capi {

int32_t fail_no_memory(tse_error** out, core::Outcome outcome) noexcept {
  if (out != nullptr)
    *out =
        outcome == core::Outcome::unknown ? no_memory<core::Outcome::unknown>() : no_memory<core::Outcome::not_done>();
  return TSE_NO_MEMORY;
}

int32_t fail(tse_error** out, const core::Error& error) noexcept {
  if (out == nullptr) return static_cast<std::int32_t>(error.code);
  try {
    *out = new tse_error{error};
    return static_cast<std::int32_t>(error.code);
  } catch (...) {
    return fail_no_memory(out, error.outcome);
  }
}

}  // namespace tse::capi

const char* tse_code_name(int32_t code) noexcept {
  if (code == TSE_OK) return "ok";
  const std::string_view name = core::to_string(static_cast<core::Code>(code));
  return name.empty() ? nullptr : name.data();
}

int32_t tse_error_get(const tse_error* error, tse_error_view* view) noexcept {
  return capi::guard(nullptr, [&] {
    const core::Error& from = capi::require(error, "error").error;
    tse_error_view& out = capi::require_struct(view, "view");
    out.code = static_cast<std::int32_t>(from.code);
    out.outcome = static_cast<std::int32_t>(from.outcome);
    out.field = from.details.empty() ? tse_str{nullptr, 0} : capi::text_out(from.details.front().field);
    out.message = capi::text_out(from.message);
    out.detail_count = from.details.size();
  });
}

int32_t tse_error_detail(const tse_error* error, size_t index, tse_error_detail_view* view) noexcept {
  return capi::guard(nullptr, [&] {
    const core::Error& from = capi::require(error, "error").error;
    tse_error_detail_view& out = capi::require_struct(view, "view");
    if (index >= from.details.size()) capi::refuse("index", "is past the last detail");
    out.field = capi::text_out(from.details[index].field);
    out.message = capi::text_out(from.details[index].message);
  });
}

void tse_error_free(tse_error* error) noexcept {
  if (error != no_memory<core::Outcome::not_done>() && error != no_memory<core::Outcome::unknown>()) delete error;
}
