// Lease's member functions, and leases out of the C interface.
#pragma once

#include <taskstate/detail/check.hpp>
#include <taskstate/detail/json.hpp>
#include <taskstate/detail/options.hpp>
#include <taskstate/detail/task.hpp>
#include <taskstate/detail/text.hpp>
#include <taskstate/lease.hpp>

#include <cstddef>
#include <new>
#include <string>
#include <utility>

namespace taskstate::detail {

/// A claim for the C interface, with the lists it borrows from.
class ClaimSpec {
 public:
  ClaimSpec(const Claim& claim, std::int64_t limit) : zones_(join(claim.zones)), operations_(join(claim.operations)) {
    spec_.zones = view(zones_);
    spec_.operations = view(operations_);
    spec_.worker = view(claim.worker);
    spec_.lease_us = claim.lease.count();
    spec_.limit = limit;
    spec_.wait_us = claim.wait.count();
  }
  ClaimSpec(const ClaimSpec&) = delete;
  ClaimSpec& operator=(const ClaimSpec&) = delete;
  [[nodiscard]] const tse_claim_spec* get() const noexcept { return &spec_; }

 private:
  [[nodiscard]] static std::optional<std::string> join(const std::vector<std::string>& items) {
    if (items.empty()) return std::nullopt;
    std::string text;
    for (const std::string& item : items) (text.empty() ? text : text += ',') += item;
    return text;
  }

  std::optional<std::string> zones_;
  std::optional<std::string> operations_;
  tse_claim_spec spec_ = TSE_CLAIM_SPEC_INIT;
};

}  // namespace taskstate::detail

namespace taskstate {

inline const std::string& Lease::payload() const noexcept {
  alignas(std::string) static unsigned char place[sizeof(std::string)];
  static const std::string& none = *new (place) std::string;  // never destroyed
  return task_.payload ? *task_.payload : none;
}

inline void Lease::swap(Lease& other) noexcept {
  std::swap(engine_, other.engine_);
  std::swap(task_, other.task_);
  std::swap(token_, other.token_);
  std::swap(duration_, other.duration_);
  std::swap(expires_at_, other.expires_at_);
}

/// As the destructor may: what cannot be given back now is given up when the lease runs out.
inline void Lease::release_quietly() noexcept {
  if (!engine_) return;
  try {
    release(std::chrono::microseconds(0), {.timeout = std::chrono::seconds(1)});
  } catch (...) {
    engine_.reset();
  }
}

inline Heartbeat Lease::heartbeat(const std::optional<Link>& progress, const Call& call) const {
  const std::optional<std::string> json = progress ? std::optional(detail::encode(*progress)) : std::nullopt;
  const tse_str c_progress = detail::view(json);
  const auto c_call = detail::to_c(call);
  tse_heartbeat_view told = TSE_HEARTBEAT_VIEW_INIT;
  detail::check(tse_lease_heartbeat, engine_.get(), token_.data(), token_.size(), TSE_NONE, c_progress.data,
                c_progress.size, c_call.get(), &told);
  return {told.cancel_requested != 0, std::chrono::microseconds(told.duration_us), detail::time(told.expires_at)};
}

/// annotate, complete and fail differ in their C function alone.
template <typename Function, typename Change>
const Task& Lease::change(Function function, const Change& change, const Call& call) {
  const detail::Lists lists(change);
  const tse_update update = detail::to_c(change, lists);
  const auto c_call = detail::to_c(call);
  Task changed = detail::task_from(
      detail::make<detail::TaskHandle>(function, engine_.get(), token_.data(), token_.size(), &update, c_call.get()));
  changed.payload = std::move(task_.payload);
  task_ = std::move(changed);
  return task_;
}

inline const Task& Lease::annotate(const Update& update, const Call& call) {
  return change(tse_lease_annotate, update, call);
}

inline const Task& Lease::complete(const Update& update, const Call& call) {
  change(tse_lease_complete, update, call);
  engine_.reset();
  return task_;
}

inline const Task& Lease::fail(const Failure& failure, const Call& call) {
  change(tse_lease_fail, failure, call);
  engine_.reset();
  return task_;
}

inline const Task& Lease::release(std::chrono::microseconds delay, const Call& call) {
  const auto c_call = detail::to_c(call);
  Task released = detail::task_from(detail::make<detail::TaskHandle>(
      tse_lease_release, engine_.get(), token_.data(), token_.size(), std::int64_t{delay.count()}, c_call.get()));
  released.payload = std::move(task_.payload);
  task_ = std::move(released);
  engine_.reset();
  return task_;
}

}  // namespace taskstate
