#include "engine/moves.hpp"

#include "engine/checks.hpp"
#include "engine/context.hpp"

namespace tse::engine {

NewsSource news_source(Context& at) {
  const auto look = [&at](const core::Key& key) -> std::optional<store::Move> {
    const auto row = is_possible(key) ? at.store->answer(key, {}, at.patience({})).row : std::nullopt;
    if (!row) return std::nullopt;
    return store::Move{0, key, row->revision, taskstate::is_terminal(row->status)};
  };
  return {[&at] { return at.store->latest_event(at.patience({})); }, look};
}

// What cannot be read now is told with the next commit.
void MoveTeller::operator()() noexcept {
  try {
    tell();
  } catch (const std::exception& failure) {
    at_.log->write(LogLevel::debug, failure.what());  // as it is: there may be no memory for more
  }
}

void MoveTeller::tell() {
  constexpr std::size_t at_once = 1000;
  while (const auto after = at_.watches->following()) {
    const store::News news = at_.store->news(*after, at_once, at_.patience({}));
    if (news.gap || news.content != told_content_) {
      at_.watches->tell_all(news.latest);
      told_content_ = news.content;
      return;
    }
    at_.watches->tell(news.moved);
    if (!news.more) return;
  }
}

}  // namespace tse::engine
