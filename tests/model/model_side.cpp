#include "side.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace tse::model {
namespace {

class ModelSide final : public Side {
 public:
  explicit ModelSide(const Setup& setup) : model_(setup.options), in_memory_(setup.in_memory), engines_(setup.engines) {
    model_.now = start_of_time;
  }

  std::string run(const Operation& operation, std::size_t number) override {
    model_.next_id = task_id_of(number);
    model_.next_request_id = request_id_of(number);
    model_.engine = operation.engine % engines_;
    return std::visit(*this, operation.action);
  }
  std::string run(const std::vector<Action>& batch, std::size_t) override {
    in_batch_ = true;
    std::string text;
    for (const Action& action : batch) text += "\n    " + std::visit(*this, action);
    in_batch_ = false;
    return text;
  }

  std::string operator()(const Create& it) {
    const Result made = model_.create(it.spec, it.call);
    if (in_batch_) return shown(made);
    Answer answer = model_.accept(made, {});
    if (!made.task) answer.body.reset();  // its message is free
    return shown(made) + " | " + text_of(answer, names_);
  }
  std::string operator()(const Start& it) { return shown(model_.start(it.key, it.call)); }
  std::string operator()(const Annotate& it) {
    return changed(it, [&](const auto& whom) { return model_.annotate(whom, it.update, it.call); });
  }
  std::string operator()(const Complete& it) {
    return changed(it, [&](const auto& whom) { return model_.complete(whom, it.update, it.call); });
  }
  std::string operator()(const Fail& it) {
    return changed(it, [&](const auto& whom) { return model_.fail(whom, it.update, it.call); });
  }
  std::string operator()(const StartLeased& it) {
    return granted(model_.start_leased(it.key, it.worker, it.duration, it.call));
  }
  std::string operator()(const Cancel& it) { return shown(model_.cancel(it.key, it.force, it.reason, it.call)); }
  std::string operator()(const Claim& it) {
    std::string text;
    for (const Result& each : model_.claim(it.spec, it.call)) text += granted(each) + "\n    ";
    return text.empty() ? "none" : text;
  }
  std::string operator()(const Heartbeat& it) {
    const Lease* lease = handed_out(leases_, it.lease);
    if (lease == nullptr) return nothing_handed_out;
    const Beat beat = model_.heartbeat(*lease, it.duration, it.progress, {});
    if (beat.code != TSE_OK) return text_of_refusal(beat.code, beat.field);
    return fmt::format("cancel_requested={:d} duration={} end={}", beat.cancel_requested, beat.duration, beat.end);
  }
  std::string operator()(const Release& it) {
    const Lease* lease = handed_out(leases_, it.lease);
    return lease == nullptr ? nothing_handed_out : shown(model_.release(*lease, it.delay, {}));
  }
  std::string operator()(const Tick&) { return std::to_string(model_.tick()); }
  std::string operator()(const Advance& it) {
    model_.now += it.by;
    return {};
  }
  std::string operator()(const Get& it) {
    auto task = model_.get(it.key);
    if (task && !it.payload) task->payload.reset();
    return task ? text_of(*task, names_) : "none";
  }
  std::string operator()(const History& it) {
    auto events = model_.history(it.key);
    std::reverse(events.begin(), events.end());
    return shown(events);
  }
  std::string operator()(const List& it) {
    const auto after = it.after ? handed_out(cursors_, *it.after) : nullptr;
    const auto before = it.before ? handed_out(cursors_, *it.before) : nullptr;
    const auto copied = [](const Cursor* cursor) { return cursor ? std::optional(*cursor) : std::nullopt; };
    const Page page = model_.list(it.filter, it.limit, copied(after), copied(before), it.with_total);
    if (page.code != TSE_OK) return text_of_refusal(page.code, page.field);
    std::string text = fmt::format("total={}", page.total == none ? -1 : page.total);
    for (const Task& task : page.tasks) text += "\n    " + without_payload(task);
    if (page.after) cursors_.push_back(*page.after), text += " after";
    if (page.before) cursors_.push_back(*page.before), text += " before";
    return text;
  }
  std::string operator()(const ReadChanges& it) {
    const Position* after = it.after ? handed_out(positions_, *it.after) : nullptr;
    const Changes part = model_.changes(it.zone, after ? std::optional(*after) : std::nullopt, it.flags, it.limit);
    if (part.code != TSE_OK) return text_of_refusal(part.code, part.field);
    positions_.push_back(part.position);
    return shown(part.events) + fmt::format(" purged_through={}", part.purged_through);
  }
  std::string operator()(const Decide& it) {
    Request request = it.request;
    if (it.tag)
      if (const std::string* tag = handed_out(tags_, *it.tag)) request.if_none_match.push_back(*tag);
    const Answer answer = model_.decide(it.key, request);
    for (const auto& [name, value] : answer.headers)
      if (name == "ETag") tags_.push_back(value);
    return text_of(answer, names_);
  }
  std::string operator()(const Purge& it) {
    if (it.zone && !is_id(*it.zone)) return text_of_refusal(TSE_INVALID_ARGUMENT, "zone_id");
    return std::to_string(model_.purge(it.zone, it.older_than, it.limit));
  }
  std::string operator()(const Erase& it) {
    const Result erased = model_.erase(it.key);
    return erased.code != TSE_OK ? text_of_refusal(erased.code, {}) : erased.task ? "1" : "0";
  }
  std::string operator()(const Count& it) {
    if (it.zone && !is_id(*it.zone)) return text_of_refusal(TSE_INVALID_ARGUMENT, "zone_id");
    std::string text = fmt::format("last_sequence={}", model_.last_sequence());
    for (const auto& [name, count] : model_.counts(it.zone))
      text += fmt::format(" {}/{}/{}={}", std::get<0>(name), std::get<1>(name), std::get<2>(name), count);
    return text;
  }
  std::string operator()(const Verify&) { return {}; }
  std::string operator()(const Reopen&) {
    if (!in_memory_) model_.reopen();
    return {};
  }
  std::string operator()(const Checkpoint&) { return {}; }
  std::string operator()(const Restore&) {
    if (!in_memory_) model_.restore();
    return {};
  }
  std::string operator()(const Batch&) { return {}; }

 private:
  std::string shown(const Result& result) {
    return result.task ? without_payload(*result.task) : text_of_refusal(result.code, result.field);
  }
  std::string shown(const std::vector<Event>& events) {
    std::string text;
    for (const Event& event : events) text += text_of(event, names_) + "\n    ";
    return text;
  }
  std::string without_payload(Task task) {
    task.payload.reset();
    return text_of(task, names_);
  }
  std::string granted(const Result& result) {
    if (!result.lease) return text_of_refusal(result.code, result.field);
    const Lease& lease = *result.lease;
    leases_.push_back(lease);
    return fmt::format("epoch={} attempt={} duration={} end={} {}", names_.of_epoch(lease.epoch), lease.attempt,
                       lease.duration, lease.end, text_of(*result.task, names_));
  }
  template <class Change, class Carry>
  std::string changed(const Change& it, const Carry& carry_out) {
    if (!it.target.lease) return shown(carry_out(it.target.key));
    const Lease* lease = handed_out(leases_, *it.target.lease);
    return lease == nullptr ? nothing_handed_out : shown(carry_out(*lease));
  }

  Model model_;
  bool in_memory_;
  std::size_t engines_;
  Names names_;
  std::vector<Lease> leases_;
  std::vector<Cursor> cursors_;
  std::vector<Position> positions_;
  std::vector<std::string> tags_;
  bool in_batch_ = false;
};

}  // namespace

std::unique_ptr<Side> model_side(const Setup& setup) { return std::make_unique<ModelSide>(setup); }

}  // namespace tse::model
