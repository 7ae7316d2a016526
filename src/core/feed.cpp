#include "core/feed.hpp"

#include "core/token.hpp"

namespace tse::core {

namespace {
constexpr std::string_view position_version = "1";
}

std::string format_position(const FeedPosition& position) {
  return std::string(position_version) + token_separator + position.generation + token_separator +
         std::to_string(position.sequence);
}

std::optional<FeedPosition> parse_position(std::string_view text) {
  const auto parts = split_token<3>(text);
  if (!parts || (*parts)[0] != position_version || !is_generation((*parts)[1])) return std::nullopt;
  const auto sequence = parse_token_number((*parts)[2]);
  if (!sequence) return std::nullopt;
  return FeedPosition{std::string((*parts)[1]), *sequence};
}

}  // namespace tse::core
