// Operations and what they give, as text: for a person, and to be compared.
#pragma once

#include "operation.hpp"

#include <map>
#include <string>

namespace tse::model {

/// Names for values that are only ever compared, in the order in which they come up: what one side calls 7 and the
/// other 9000 has the same name on both.
class Names {
 public:
  std::string of(const std::string& value) {
    return std::to_string(names_.try_emplace(value, names_.size() + 1).first->second);
  }
  std::string of_epoch(std::int64_t epoch) { return epoch == 0 ? "none" : of("epoch " + std::to_string(epoch)); }

 private:
  std::map<std::string, std::size_t> names_;
};

std::string text_of(const Setup& setup);
std::string text_of(const Action& action);
std::string text_of(const Operation& operation);
std::string text_of(const Task& task, Names& names);
std::string text_of(const Event& event, Names& names);
std::string text_of(const Answer& answer, Names& names);
std::string text_of_refusal(std::int32_t code, const std::string& field);

}  // namespace tse::model
