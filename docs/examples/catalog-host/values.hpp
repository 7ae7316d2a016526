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

/// 8-4-4-4-12 hexadecimal digits.
bool is_uuid(std::string_view text) noexcept;

}  // namespace catalog
