#include "core/result.hpp"

#include "core/apply.hpp"
#include "core/ascii.hpp"
#include "core/range.hpp"
#include "core/time.hpp"

#include <taskstate/contract/limits.hpp>

#include <algorithm>

namespace tse::core {

namespace {

namespace limit = contract::limit;

/// Reads a media type from its front.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  bool take(char c) noexcept {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_token() noexcept {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token_character);
    return take_front(static_cast<std::size_t>(end - rest_.begin()));
  }
  /// RFC 9110, section 5.6.4, as far as it is printable.
  bool take_quoted_string() noexcept {
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    if (end >= rest_.size()) return false;
    return take_front(end + 1);
  }
  void skip_spaces() noexcept { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }
  [[nodiscard]] bool starts_with(char c) const noexcept { return rest_.starts_with(c); }

 private:
  bool take_front(std::size_t size) noexcept {
    rest_.remove_prefix(size);
    return size > 0;
  }
  std::string_view rest_;
};

/// One parameter behind a semicolon, or none, which may also stand there.
bool take_parameter(Reader& reader) noexcept {
  reader.skip_spaces();
  if (reader.at_end() || reader.starts_with(';')) return true;
  if (!reader.take_token() || !reader.take('=')) return false;
  return reader.starts_with('"') ? reader.take_quoted_string() : reader.take_token();
}

}  // namespace

bool is_media_type(std::string_view text) noexcept {
  if (!all_of(text, [](char c) { return c == ' ' || is_visible(c); })) return false;
  Reader reader(text);
  if (!reader.take_token() || !reader.take('/') || !reader.take_token()) return false;
  while (!reader.at_end()) {
    reader.skip_spaces();
    if (!reader.take(';') || !take_parameter(reader)) return false;
  }
  return true;
}

void check_result(std::vector<Detail>& out, const StoredResult& result) {
  check_range(out, static_cast<std::int64_t>(result.bytes.size()), limit::result);
  const auto bytes = static_cast<std::int64_t>(result.media_type.size());
  if (!limit::media_type.allows(bytes) || !is_media_type(result.media_type))
    out.push_back({"media_type", "must be type/subtype with any parameters (RFC 9110), " + tell(limit::media_type) +
                                     " of printable ASCII, and comes with each result; has " + std::to_string(bytes) +
                                     " bytes"});
}

std::optional<std::int64_t> result_kept_until(std::int64_t ended_at, std::int64_t retention) noexcept {
  if (retention == 0) return std::nullopt;
  return std::min(ended_at + retention, max_time);
}

Error missing_result(const std::optional<Row>& row) {
  if (!row) return missing_task({});
  const Status status = row->task.status;
  if (!taskstate::is_terminal(status))
    return {Code::not_found, "the task is " + std::string(to_string(status)) + " and has no result yet"};
  if (status == Status::failed) return {Code::not_found, "the task has failed, so there is no result"};
  if (!row->result_media_type)
    return {Code::not_found,
            "the task was completed without a stored result: it leads to its install_id or its link "
            "with rel \"result\""};
  return {Code::not_found, "the stored result is kept no longer: its retention is over"};
}

}  // namespace tse::core
