// Small values that the host makes or checks itself.
#pragma once

#include <string>
#include <string_view>

namespace catalog {

/// Now, as RFC 3339 in UTC with milliseconds.
std::string now_text();

/// Now, as a Date header has it.
std::string http_date();

/// A random UUID (version 4).
std::string random_uuid();

/// taskstate's rule for the ids of zones and tasks: 1-128 of A-Z a-z 0-9 - . _ ~, and neither "." nor "..".
bool is_id(std::string_view text) noexcept;

/// 8-4-4-4-12 hexadecimal digits.
bool is_uuid(std::string_view text) noexcept;

}  // namespace catalog
