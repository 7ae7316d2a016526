// Batch's member functions, and results as values.
#pragma once

#include <taskstate/batch.hpp>
#include <taskstate/detail/check.hpp>
#include <taskstate/detail/task.hpp>
#include <taskstate/detail/text.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace taskstate::detail {

[[nodiscard]] inline std::vector<Result> results_from(const tse_results* from) {
  std::vector<Result> results(tse_results_count(from));
  for (std::size_t index = 0; index < results.size(); ++index) {
    tse_task_view task = TSE_TASK_VIEW_INIT;
    tse_error* failure = nullptr;
    const std::int32_t code = tse_results_get(from, index, &task, &failure);
    if (failure != nullptr) {
      results[index].error = error_from(failure);
    } else {
      check_code(code);
      results[index].task = task_from(task);
    }
  }
  return results;
}

/// Adds a change that is named by one or two texts.
template <typename Function, typename Change, typename... Texts>
void add_change(Function function, tse_batch* batch, const Change& change, Texts... texts) {
  const Lists lists(change);
  const tse_update update = to_c(change, lists);
  if constexpr (sizeof...(texts) == 1) {
    const tse_str token = view(texts...);
    check(function, batch, token.data, token.size, &update);
  } else {
    const tse_str key[] = {view(texts)...};
    check(function, batch, key[0].data, key[0].size, key[1].data, key[1].size, &update);
  }
}

}  // namespace taskstate::detail

namespace taskstate {

inline Batch::Batch() : batch_(detail::make<detail::BatchHandle>(tse_batch_new)) {}

inline Batch& Batch::create(const NewTask& spec) {
  const detail::Lists lists(spec);
  const tse_new_task c_spec = detail::to_c(spec, lists);
  detail::check(tse_batch_create, batch_.get(), &c_spec);
  return *this;
}

inline Batch& Batch::start(std::string_view zone_id, std::string_view id) {
  const tse_str zone = detail::view(zone_id);
  const tse_str key = detail::view(id);
  detail::check(tse_batch_start, batch_.get(), zone.data, zone.size, key.data, key.size);
  return *this;
}

inline Batch& Batch::annotate(std::string_view zone_id, std::string_view id, const Update& update) {
  detail::add_change(tse_batch_annotate, batch_.get(), update, zone_id, id);
  return *this;
}

inline Batch& Batch::complete(std::string_view zone_id, std::string_view id, const Update& update) {
  detail::add_change(tse_batch_complete, batch_.get(), update, zone_id, id);
  return *this;
}

inline Batch& Batch::fail(std::string_view zone_id, std::string_view id, const Failure& failure) {
  detail::add_change(tse_batch_fail, batch_.get(), failure, zone_id, id);
  return *this;
}

inline Batch& Batch::complete_leased(std::string_view token, const Update& update) {
  detail::add_change(tse_batch_lease_complete, batch_.get(), update, token);
  return *this;
}

inline Batch& Batch::fail_leased(std::string_view token, const Failure& failure) {
  detail::add_change(tse_batch_lease_fail, batch_.get(), failure, token);
  return *this;
}

inline void Batch::clear() { detail::check(tse_batch_clear, batch_.get()); }

inline std::size_t Batch::size() const noexcept { return tse_batch_count(batch_.get()); }

}  // namespace taskstate
