// Uses the host's own fmt and Boost.JSON before, between and after taskstate's, and throws through both.
#include <fmt/format.h>
#include <boost/json.hpp>

#include <stdexcept>
#include <string>

#include "../walk.h"

// Internals of the library have these very names. Were they visible, the two would be one.
namespace tse::core {
std::string format_time(long) { return "the host's"; }
}  // namespace tse::core
namespace tse::engine {
class Engine {
 public:
  std::string name() { return "the host's"; }
};
}  // namespace tse::engine

namespace {

bool own_libraries_work() {
  boost::json::error_code error;
  const auto value = boost::json::parse(R"({"items":[1,2.5,"three"],"deep":{"a":null}})", error);
  if (error || value.at("items").as_array().size() != 3) return false;
  try {
    boost::json::parse("{broken");
    return false;
  } catch (const std::exception&) {
  }
  return fmt::format("{:>4}|{:.2f}", value.at("items").at(0).as_int64(), 2.5) == "   1|2.50";
}

}  // namespace

int main() {
  if (!own_libraries_work() || walk(":memory:") || !own_libraries_work()) return 1;
  return tse::core::format_time(0) + tse::engine::Engine().name() == "the host'sthe host's" ? 0 : 1;
}
