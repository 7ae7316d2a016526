// Prints the contract's tables as JSON, for the comparisons of contract.py.
#include <taskstate/contract.hpp>

#include <cstdint>
#include <iostream>
#include <span>
#include <string>
#include <string_view>

namespace {

using namespace taskstate::contract;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string number(std::int64_t value) { return value == unbounded ? "null" : std::to_string(value); }

std::string json(std::string_view word) { return quoted(word); }
std::string json(const CodeEntry& entry) {
  return "{\"name\":" + quoted(entry.name) + ",\"number\":" + std::to_string(static_cast<std::int32_t>(entry.code)) +
         ",\"meaning\":" + quoted(entry.meaning) + "}";
}
std::string json(const OutcomeEntry& entry) {
  return "{\"name\":" + quoted(entry.name) + ",\"number\":" + std::to_string(static_cast<std::int32_t>(entry.outcome)) +
         ",\"meaning\":" + quoted(entry.meaning) + "}";
}
std::string json(const Choice& choice) {
  return "{\"name\":" + quoted(choice.name) + ",\"number\":" + std::to_string(choice.number) + "}";
}
std::string json(taskstate::Status status) {
  return "{\"name\":" + quoted(to_string(status)) + ",\"number\":" + std::to_string(static_cast<std::int32_t>(status)) +
         "}";
}
std::string json(const taskstate::Move& move) {
  return "[" + quoted(to_string(move.from)) + "," + quoted(to_string(move.to)) + "]";
}
std::string json(const Range& range) {
  constexpr std::string_view units[] = {"number", "items", "bytes", "us", "s"};
  const std::string usual = range.usual ? number(*range.usual) : "null";
  const std::string usual_text = range.usual ? quoted(tell(*range.usual, range.unit)) : "null";
  return "{\"name\":" + quoted(range.name) + ",\"unit\":" + quoted(units[static_cast<std::size_t>(range.unit)]) +
         ",\"least\":" + number(range.least) + ",\"most\":" + number(range.most) + ",\"usual\":" + usual +
         ",\"or_zero\":" + (range.or_zero ? "true" : "false") + ",\"rule\":" + quoted(tell(range)) +
         ",\"usual_text\":" + usual_text + "}";
}
std::string json(const Field& field) {
  constexpr std::string_view types[] = {"text", "bytes", "time", "integer", "flag", "status", "list"};
  constexpr std::string_view presences[] = {"always", "when given", "when failed", "when asked for"};
  return "{\"name\":" + quoted(field.name) + ",\"type\":" + quoted(types[static_cast<std::size_t>(field.type)]) +
         ",\"presence\":" + quoted(presences[static_cast<std::size_t>(field.presence)]) + "}";
}

template <class Table>
void print_table(std::string_view name, const Table& table) {
  std::cout << (name == "codes" ? "{" : ",\n") << quoted(name) << ":[";
  const char* before = "";
  for (const auto& entry : table) {
    std::cout << before << json(entry);
    before = ",\n ";
  }
  std::cout << "]";
}

void print(std::string_view name, std::string_view text) { std::cout << ",\n" << quoted(name) << ":" << quoted(text); }
void print(std::string_view name, std::int64_t value) { std::cout << ",\n" << quoted(name) << ":" << value; }

}  // namespace

int main() {
  print_table("codes", codes);
  print_table("outcomes", outcomes);
  print_table("api_codes", api_codes);
  print_table("statuses", taskstate::all_statuses);
  print_table("moves", taskstate::legal_moves);
  print_table("failure_kinds", failure_kinds);
  print_table("event_kinds", event_kinds);
  print_table("modes", modes);
  print_table("completed", completed_policies);
  print_table("log_levels", log_levels);
  print_table("durabilities", durabilities);
  print_table("migrations", migrations);
  print_table("id_kinds", id_kinds);
  print_table("cancel_flags", cancel_flags);
  print_table("retry_flags", retry_flags);
  print_table("get_flags", get_flags);
  print_table("changes_flags", changes_flags);
  print_table("limit", limits);
  print_table("option", options);
  print_table("argument", arguments);
  print_table("wire_fields", wire_fields);
  print_table("hidden_fields", hidden_fields);
  print_table("operations", option::operations);
  print("operation_rule", option::operation_rule);
  print("location", option::location);
  print("status_url", option::status_url);
  print("file_mode", option::file_mode);
  print("file_mode_added", option::file_mode_added);
  print("room_to_fail", pace::room_to_fail);
  print("progress_pace", pace::progress);
  print("group", pace::group);
  print("passed_zones", pace::passed_zones);
  print("purged_tasks", pace::purged_tasks);
  print("wall_leap", pace::wall_leap);
  print("wall_pause", pace::wall_pause);
  std::cout << "}\n";
}
