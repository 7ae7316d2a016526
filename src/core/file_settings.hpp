// Settings that all processes on a file share, since clients and other processes see them: they are stored in the file.
// Which they are, how they are spelled there, and what becomes of what a host gives at open.
#pragma once

#include "core/error.hpp"
#include "core/settings.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace tse::core {

/// By name, as they stand in the file. Names that this version does not know are those of a later one, and stay.
using StoredSettings = std::map<std::string, std::string, std::less<>>;

/// The number by which settings are known again: another one with every change of them.
inline constexpr std::string_view settings_stamp = "stamp";
[[nodiscard]] std::int64_t stamp_of(const StoredSettings& stored);

/// The name that a setting has in the file, in errors and in the documents.
[[nodiscard]] std::string_view name_of(FileSetting setting) noexcept;

/// What the file says; what it does not say is as in `base`. Or corrupt, naming the setting.
[[nodiscard]] std::variant<FileSettings, Error> read_settings(const StoredSettings& stored, FileSettings base);

/// What is to be written at open: all that the file lacks, so that processes with other defaults agree, and what is to
/// be changed. Or invalid_argument for what was given and differs from what is stored, unless it is to be reconfigured;
/// or corrupt for what is stored and cannot be read.
[[nodiscard]] std::variant<StoredSettings, Error> settle(const Settings& settings, const StoredSettings& stored);

}  // namespace tse::core
