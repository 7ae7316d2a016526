// The API's error object, for what the host itself refuses. Everything about tasks is answered by taskstate.
#pragma once

#include "incoming.hpp"

#include <taskstate/answer.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace catalog {

/// A field of the request's body or query that is at fault.
struct Fault {
  std::string field;
  std::string message;
};

/// An answer with the error object as its body. `code` is one of the API's nine.
taskstate::Answer error_answer(const Incoming& incoming, int status, std::string_view code, std::string_view message,
                               const std::vector<Fault>& faults = {});

}  // namespace catalog
