// What can go wrong, as a value: a code, whether the change may have happened, and the fields at fault.
#pragma once

#include <taskstate/contract/codes.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tse::core {

using taskstate::contract::Code;
using taskstate::contract::Outcome;
using taskstate::contract::to_string;

/// One field that breaks its rule. `field` is a path into the input: "package_id", "links[0].href".
struct Detail {
  std::string field;
  std::string message;
  bool operator==(const Detail&) const = default;
};

struct Error {
  Code code = Code::internal;
  std::string message;
  std::vector<Detail> details{};
  Outcome outcome = Outcome::not_done;
};

/// invalid_argument from one or more details; the message is made of the first.
[[nodiscard]] Error invalid(std::vector<Detail> details);
[[nodiscard]] Error invalid(std::string field, std::string message);

/// An Error of fixed words, guaranteed not applied. It is there before the host's first constructor runs and after its
/// last destructor has, which a static Error is not.
struct FixedError {
  Code code;
  std::string_view message;
};

/// A copy; where there is no memory for one, `no_memory` with the same outcome.
[[nodiscard]] Error copy_of(const Error& error) noexcept;
[[nodiscard]] Error copy_of(const FixedError& error) noexcept;

/// An Error on its way up through code that has nothing to say about it.
class Failure : public std::exception {
 public:
  explicit Failure(Error error) : error_(std::move(error)) {}
  Failure(Code code, std::string message, Outcome outcome = Outcome::not_done)
      : error_{code, std::move(message), {}, outcome} {}
  [[nodiscard]] const Error& error() const noexcept { return error_; }
  [[nodiscard]] const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  Error error_;
};

}  // namespace tse::core
