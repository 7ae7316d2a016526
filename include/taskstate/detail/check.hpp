// From the C interface's codes to exceptions, and from its owned pointers to handles.
#pragma once

#include <taskstate.h>
#include <taskstate/detail/text.hpp>
#include <taskstate/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace taskstate::detail {

/// Takes ownership of `owned`, also when it throws.
inline Error error_from(tse_error* owned) {
  std::shared_ptr<tse_error> handle(owned, tse_error_free);
  tse_error_view view = TSE_ERROR_VIEW_INIT;
  if (tse_error_get(owned, &view) != TSE_OK) return {Errc::internal, "the error cannot be read"};
  Error::Content content{.message = string(view.message),
                         .outcome = static_cast<Outcome>(view.outcome),
                         .field = optional_string(view.field)};
  for (std::size_t index = 0; index < view.detail_count; ++index) {
    tse_error_detail_view detail = TSE_ERROR_DETAIL_VIEW_INIT;
    if (tse_error_detail(owned, index, &detail) != TSE_OK) break;
    content.details.push_back({string(detail.field), string(detail.message)});
  }
  content.handle = std::move(handle);
  return {static_cast<Errc>(view.code), std::make_shared<const Error::Content>(std::move(content))};
}

inline const tse_error* handle_of(const Error& error) noexcept { return error.content_->handle.get(); }

/// Throws unless `code` is TSE_OK: for functions that only read a snapshot and have no error parameter.
inline void check_code(std::int32_t code) {
  if (code != TSE_OK) throw Error(static_cast<Errc>(code), "a snapshot cannot be read");
}

/// Calls a C function whose last parameter is a tse_error **; throws Error if it fails.
template <typename Function, typename... Arguments>
void check(Function function, Arguments... arguments) {
  tse_error* failure = nullptr;
  const std::int32_t code = function(arguments..., &failure);
  if (failure != nullptr) throw error_from(failure);
  check_code(code);
}

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* owned) const noexcept {
    Free(owned);
  }
};

using EngineHandle = std::unique_ptr<tse_engine, Freer<tse_engine_free>>;
using CancelTokenHandle = std::unique_ptr<tse_cancel_token, Freer<tse_cancel_token_free>>;
using BatchHandle = std::unique_ptr<tse_batch, Freer<tse_batch_free>>;
using ResultsHandle = std::unique_ptr<tse_results, Freer<tse_results_free>>;
using LeasesHandle = std::unique_ptr<tse_leases, Freer<tse_leases_free>>;
using WatchHandle = std::unique_ptr<tse_watch, Freer<tse_watch_free>>;
using OptionsHandle = std::unique_ptr<tse_options, Freer<tse_options_free>>;
using CallHandle = std::unique_ptr<tse_call, Freer<tse_call_free>>;
using TaskHandle = std::unique_ptr<tse_task, Freer<tse_task_free>>;
using StoredResultHandle = std::unique_ptr<tse_stored_result, Freer<tse_stored_result_free>>;
using PageHandle = std::unique_ptr<tse_page, Freer<tse_page_free>>;
using HistoryHandle = std::unique_ptr<tse_history, Freer<tse_history_free>>;
using ChangesHandle = std::unique_ptr<tse_changes, Freer<tse_changes_free>>;
using StatsHandle = std::unique_ptr<tse_stats, Freer<tse_stats_free>>;
using ReportHandle = std::unique_ptr<tse_report, Freer<tse_report_free>>;
using AnswerHandle = std::unique_ptr<tse_answer, Freer<tse_answer_free>>;

/// The engine of an Engine object, shared with its leases: it is closed with the object and freed with the last lease.
class SharedEngine {
 public:
  SharedEngine() noexcept = default;
  explicit SharedEngine(EngineHandle owned) : shared_(std::move(owned)) {}
  SharedEngine(SharedEngine&&) noexcept = default;
  SharedEngine& operator=(SharedEngine&& other) noexcept {
    close();
    shared_ = std::move(other.shared_);
    return *this;
  }
  ~SharedEngine() { close(); }
  SharedEngine(const SharedEngine&) = delete;
  SharedEngine& operator=(const SharedEngine&) = delete;

  [[nodiscard]] tse_engine* get() const noexcept { return shared_.get(); }
  [[nodiscard]] const std::shared_ptr<tse_engine>& share() const noexcept { return shared_; }

 private:
  void close() noexcept {
    if (shared_) tse_close(shared_.get(), nullptr);
  }
  std::shared_ptr<tse_engine> shared_;
};

/// As check(), for a function that hands out an object through the parameter before the error.
template <typename Handle, typename Function, typename... Arguments>
[[nodiscard]] Handle make(Function function, Arguments... arguments) {
  typename Handle::pointer owned = nullptr;
  check(function, arguments..., &owned);
  return Handle(owned);
}

}  // namespace taskstate::detail
