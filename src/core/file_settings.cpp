#include "core/file_settings.hpp"

#include "core/check.hpp"
#include "core/token.hpp"
#include "core/validate.hpp"

#include <taskstate/contract/choices.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace tse::core {

namespace {

using std::chrono::microseconds;

/// How one setting is spelled. read() is false for text that no write() gives; ranges are checked afterwards.
struct Spelling {
  FileSetting setting;
  std::string_view name;
  std::string (*write)(const FileSettings&);
  bool (*read)(FileSettings&, std::string_view text);
};

template <std::int64_t FileSettings::*Number>
constexpr Spelling number(FileSetting setting, std::string_view name) {
  return {setting, name, [](const FileSettings& from) { return std::to_string(from.*Number); },
          [](FileSettings& to, std::string_view text) {
            const auto value = parse_token_number(text);
            if (value) to.*Number = *value;
            return value.has_value();
          }};
}

template <microseconds FileSettings::*Duration>
constexpr Spelling duration(FileSetting setting, std::string_view name) {
  return {setting, name, [](const FileSettings& from) { return std::to_string((from.*Duration).count()); },
          [](FileSettings& to, std::string_view text) {
            const auto value = parse_token_number(text);
            if (value) to.*Duration = microseconds(*value);
            return value.has_value();
          }};
}

bool read_flag(bool& to, std::string_view text) {
  to = text == "1";
  return to || text == "0";
}

std::string write_operations(const FileSettings& from) {
  std::vector<std::string> operations = from.operations;
  std::sort(operations.begin(), operations.end());
  std::string text;
  for (const std::string& operation : operations) text += (text.empty() ? "" : " ") + operation;
  return text;
}

bool read_operations(FileSettings& to, std::string_view text) {
  std::vector<std::string> operations;
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = text.find(' ');
    operations.emplace_back(text.substr(0, end));
    if (!is_operation(operations.back())) return false;
    if (end != std::string_view::npos) text.remove_prefix(end + 1);
  }
  to.operations = std::move(operations);
  return true;
}

bool read_template(PathTemplate& to, std::string_view text, std::string_view field, PathTemplate::Install install) {
  try {
    to = PathTemplate(text, field, install);
    return true;
  } catch (const Failure&) {
    return false;
  }
}

bool read_completed(FileSettings& to, std::string_view text) {
  const auto& known = contract::completed_policies;
  const auto choice =
      std::find_if(known.begin(), known.end(), [&](const contract::Choice& each) { return each.name == text; });
  if (choice == known.end()) return false;
  to.policy.completed = static_cast<Completed>(choice->number);
  return true;
}

bool read_retry_after(FileSettings& to, std::string_view text) {
  const std::size_t space = std::min(text.find(' '), text.size());
  const auto least = parse_token_number(text.substr(0, space));
  const auto most = parse_token_number(text.substr(std::min(space + 1, text.size())));
  if (!least || !most) return false;
  to.policy.retry_after_min = *least;
  to.policy.retry_after_max = *most;
  return true;
}

constexpr std::array spellings{
    Spelling{FileSetting::operations, "operations", write_operations, read_operations},
    Spelling{FileSetting::location, "location", [](const FileSettings& from) { return from.policy.location.text(); },
             [](FileSettings& to, std::string_view text) {
               return read_template(to.policy.location, text, "location", PathTemplate::Install::allowed);
             }},
    Spelling{FileSetting::status_url, "status_url",
             [](const FileSettings& from) { return from.policy.status_url.text(); },
             [](FileSettings& to, std::string_view text) {
               return read_template(to.policy.status_url, text, "status_url", PathTemplate::Install::refused);
             }},
    Spelling{FileSetting::completed, "completed",
             [](const FileSettings& from) {
               return std::string(
                   contract::completed_policies.at(static_cast<std::size_t>(from.policy.completed)).name);
             },
             read_completed},
    Spelling{FileSetting::retry_after, "retry_after",
             [](const FileSettings& from) {
               return std::to_string(from.policy.retry_after_min) + ' ' + std::to_string(from.policy.retry_after_max);
             },
             read_retry_after},
    Spelling{FileSetting::ignore_bad_request_id, "ignore_bad_request_id",
             [](const FileSettings& from) { return std::string(from.policy.ignore_bad_request_id ? "1" : "0"); },
             [](FileSettings& to, std::string_view text) { return read_flag(to.policy.ignore_bad_request_id, text); }},
    number<&FileSettings::running_limit>(FileSetting::running_limit, "running_limit"),
    number<&FileSettings::pending_limit>(FileSetting::pending_limit, "pending_limit"),
    duration<&FileSettings::idempotency_retention>(FileSetting::idempotency_retention, "idempotency_retention"),
    Spelling{FileSetting::adopt_request_id, "adopt_request_id",
             [](const FileSettings& from) { return std::string(from.adopt_request_id ? "1" : "0"); },
             [](FileSettings& to, std::string_view text) { return read_flag(to.adopt_request_id, text); }},
    duration<&FileSettings::retention>(FileSetting::retention, "retention"),
    duration<&FileSettings::result_retention>(FileSetting::result_retention, "result_retention"),
    duration<&FileSettings::tombstones>(FileSetting::tombstones, "tombstones"),
    duration<&FileSettings::feed_retention>(FileSetting::feed_retention, "feed_retention"),
};
static_assert(spellings.size() == file_setting_count);

/// What stands in the file may be any bytes.
std::string shown(std::string_view text) {
  constexpr std::size_t most = 200;
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return plain && text.size() <= most ? std::string(text) : std::to_string(text.size()) + " bytes";
}

bool is_read(const Spelling& spelling, FileSettings& to, std::string_view text) {
  Settings alone;
  if (!spelling.read(alone, text) || check(alone)) return false;
  return spelling.read(to, text);
}

Error unreadable(const Spelling& spelling, std::string_view text) {
  return {Code::corrupt, "the file's setting " + std::string(spelling.name) + " is none: " + shown(text) +
                             "; give it at open, with reconfigure, to replace it"};
}

Detail differs(const Spelling& spelling, std::string_view stored, std::string_view given) {
  return {std::string(spelling.name), "must be left out or what the file holds, " + shown(stored) + ", is " +
                                          shown(given) + "; with reconfigure it is changed for all who use the file"};
}

}  // namespace

std::int64_t stamp_of(const StoredSettings& stored) {
  const auto found = stored.find(settings_stamp);
  return found == stored.end() ? 0 : parse_token_number(found->second).value_or(0);
}

std::string_view name_of(FileSetting setting) noexcept { return spellings.at(static_cast<std::size_t>(setting)).name; }

std::variant<FileSettings, Error> read_settings(const StoredSettings& stored, FileSettings base) {
  for (const Spelling& spelling : spellings) {
    const auto found = stored.find(spelling.name);
    if (found != stored.end() && !is_read(spelling, base, found->second)) return unreadable(spelling, found->second);
  }
  return base;
}

std::variant<StoredSettings, Error> settle(const Settings& settings, const StoredSettings& stored) {
  StoredSettings to_write;
  std::vector<Detail> refused;
  for (const Spelling& spelling : spellings) {
    const bool given = settings.given.has(spelling.setting);
    const auto found = stored.find(spelling.name);
    std::string wanted = spelling.write(settings);
    if (found == stored.end()) {
      to_write.emplace(spelling.name, std::move(wanted));
      continue;
    }
    FileSettings there;
    const bool readable = is_read(spelling, there, found->second);
    if (!given && !readable) return unreadable(spelling, found->second);
    if (!given || (readable && spelling.write(there) == wanted)) continue;
    if (settings.reconfigure) {
      to_write.emplace(spelling.name, std::move(wanted));
    } else {
      refused.push_back(differs(spelling, found->second, wanted));
    }
  }
  if (!refused.empty()) return invalid(std::move(refused));
  return to_write;
}

}  // namespace tse::core
