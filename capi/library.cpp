// What needs no engine: versions and the state machine.
#include "internal.hpp"

#include <taskstate/state_machine.hpp>

using taskstate::Status;

#define TSE_TEXT_OF_(number) #number
#define TSE_TEXT_OF(number) TSE_TEXT_OF_(number)

static_assert(TSE_PENDING == static_cast<std::int32_t>(Status::pending) &&
              TSE_RUNNING == static_cast<std::int32_t>(Status::running) &&
              TSE_COMPLETED == static_cast<std::int32_t>(Status::completed) &&
              TSE_FAILED == static_cast<std::int32_t>(Status::failed));

const char* tse_version(void) noexcept {
  return TSE_TEXT_OF(TSE_VERSION_MAJOR) "." TSE_TEXT_OF(TSE_VERSION_MINOR) "." TSE_TEXT_OF(TSE_VERSION_PATCH);
}

int32_t tse_abi(void) noexcept { return TSE_ABI; }

int32_t tse_can_transition(int32_t from, int32_t to) noexcept {
  return taskstate::can_transition(static_cast<Status>(from), static_cast<Status>(to)) ? 1 : 0;
}

const char* tse_status_name(int32_t status) noexcept {
  const std::string_view name = taskstate::to_string(static_cast<Status>(status));
  return name.empty() ? nullptr : name.data();
}
