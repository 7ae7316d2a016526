// JSON wherever it is taken: a task's wire form, links, warnings, a progress link, texts that become JSON. It is
// refused with the field and the rule, which makes a JSON answer too, or accepted; then what is written is JSON that
// reads as the same. The first byte of an input tells what the rest is; 'b' repeats a pattern, up to more than is
// allowed.
#include "core/codec.hpp"
#include "core/json.hpp"
#include "core/validate.hpp"
#include "fuzz/support.hpp"

#include <string>

using namespace tse;
using namespace tse::fuzz;

namespace {

/// Makes an answer of the refusal, as a host does.
void require_answer(const tse_error* refusal) {
  static const Engine engine = open_memory(quiet_options());
  tse_answer* made = nullptr;
  require(tse_answer_new(&made, nullptr) == TSE_OK, "an answer can be made");
  const Answer answer(made);
  require(tse_accept(engine.get(), nullptr, refusal, nullptr, made, nullptr) == TSE_OK, "a refusal can be answered");
  tse_answer_view told = TSE_ANSWER_VIEW_INIT;
  require(tse_answer_get(made, &told) == TSE_OK && told.status == 400, "invalid input is answered with 400");
  require_sound(told);
}

void require_clear(const core::Error& refusal) {
  require(refusal.code == core::Code::invalid_argument, "JSON is refused as an invalid argument");
  require(!refusal.details.empty() && !refusal.details.front().field.empty(), "a refusal names the field");
  // Errors never repeat what they were given, so they are as long as the path is deep.
  for (const core::Detail& detail : refusal.details)
    require(detail.field.size() < 2048 && detail.message.size() < 1024, "a refusal is short");
}

/// Whether the text's form was right. `read` reads it, `write` makes JSON of what was read.
template <typename Read, typename Write>
bool round_trip(std::string_view text, Read read, Write write) {
  try {
    const auto first = read(text);
    require_json(text);
    const std::string written = write(first);
    require_json(written);
    if (written.size() <= core::max_json_bytes) require(read(written) == first, "what is written reads as the same");
    return true;
  } catch (const core::Failure& failure) {
    require_clear(failure.error());
    return false;
  }
}

void try_text(std::string_view text) {
  core::Json value;
  try {
    value = core::parse_json(text, "json");
  } catch (const core::Failure& failure) {
    require_clear(failure.error());
    // What is JSON is refused for a limit only.
    boost::json::parse_options options;
    options.max_depth = 1000;
    boost::json::error_code error;
    boost::json::parse(boost::json::string_view(text.data(), text.size()), error, {}, options);
    const std::string& rule = failure.error().message;
    const auto says = [&rule](std::string_view words) { return rule.find(words) != std::string::npos; };
    require(error || says("must be nested at most") || says("must not repeat a key") || says("must be at most"),
            "JSON within the limits is taken");
    return;
  }
  std::string written;
  core::append_json(written, value);
  require_json(written);
  std::string again;
  core::append_json(again, core::parse_json(written, "json"));
  require(written == again, "what is written reads as the same");
}

void try_task(std::string_view text) {
  tse_task* made = nullptr;
  tse_error* failed = nullptr;
  const int32_t code = tse_task_from_json("z", 1, text.empty() ? "" : text.data(), text.size(), &made, &failed);
  const Task task(made);
  const Error error(failed);
  if (code != TSE_OK) {
    require_refusal(code, error, {TSE_INVALID_ARGUMENT});
    return require_answer(error.get());
  }
  tse_task_view told = TSE_TASK_VIEW_INIT;
  require(tse_task_get(made, &told) == TSE_OK, "a task can be read");
  require_json(view(told.json));
  const int32_t judged = tse_task_validate(made, &failed);
  const Error broken(judged == TSE_OK ? nullptr : failed);
  if (judged != TSE_OK) return require_refusal(judged, broken, {TSE_INVALID_ARGUMENT});
  tse_task* read_back = nullptr;
  require(tse_task_from_json("z", 1, told.json.data, told.json.size, &read_back, nullptr) == TSE_OK,
          "a task that keeps the rules can be read back");
  const Task again(read_back);
  tse_task_view second = TSE_TASK_VIEW_INIT;
  tse_task_get(read_back, &second);
  require(view(second.json) == view(told.json), "what is written reads as the same");
}

/// A task that is made with the links and warnings, and completed with them again.
void store_lists(std::string_view links, std::string_view warnings, std::string_view message) {
  static Engine engine;
  static unsigned used = 0;
  if (used++ % 1024 == 0) engine = open_memory(quiet_options());
  tse_new_task spec = TSE_NEW_TASK_INIT;
  spec.zone_id = tse_text("z");
  spec.operation = tse_text("create");
  spec.links = given_or_absent(links);
  spec.warnings = given_or_absent(warnings);
  tse_task* made = nullptr;
  tse_error* failed = nullptr;
  int32_t code = tse_create(engine.get(), &spec, nullptr, &made, &failed);
  const Task created(made);
  const Error refused(code == TSE_OK ? nullptr : failed);
  if (code != TSE_OK) {
    require_refusal(code, refused, {TSE_INVALID_ARGUMENT});
    return require_answer(refused.get());
  }
  tse_task_view told = TSE_TASK_VIEW_INIT;
  tse_task_get(made, &told);
  require_json(view(told.json));
  require(tse_start(engine.get(), "z", 1, told.id.data, told.id.size, nullptr, nullptr, nullptr) == TSE_OK,
          "it starts");
  tse_update update = TSE_UPDATE_INIT;
  update.links = spec.links;
  update.warnings = spec.warnings;
  tse_task* after = nullptr;
  if (message.data() != nullptr) {
    update.error_message = given(message);
    code = tse_fail(engine.get(), "z", 1, told.id.data, told.id.size, &update, nullptr, &after, &failed);
  } else {
    update.install_id = tse_text("i");
    code = tse_complete(engine.get(), "z", 1, told.id.data, told.id.size, &update, nullptr, &after, &failed);
  }
  const Task ended(after);
  const Error error(code == TSE_OK ? nullptr : failed);
  if (code != TSE_OK) return require_refusal(code, error, {TSE_INVALID_ARGUMENT});
  tse_task_view last = TSE_TASK_VIEW_INIT;
  tse_task_get(after, &last);
  require(view(last.links) == view(told.links) && view(last.warnings) == view(told.warnings),
          "what is there already is not added again");
  try_task(view(last.json));
  if (message.data() == nullptr) return;
  const auto json = boost::json::parse(boost::json::string_view(last.json.data, last.json.size));
  require(std::string_view(json.as_object().at("error_message").as_string()) == message, "a text is written as it was");
}

std::string repeated(std::string_view input) {
  const std::size_t size = std::size_t{1 + take_byte(input)} << 13;  // up to 2 MiB
  std::string text;
  while (!input.empty() && text.size() < size) text += input;
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = text_of(data, size);
  unsigned kind = take_byte(text);
  std::string bomb;
  if (kind == 'b') {
    kind = take_byte(text);
    bomb = repeated(text);
    text = bomb;
  }
  const auto links = [](std::string_view json) { return core::parse_links(json); };
  const auto warnings = [](std::string_view json) { return core::parse_warnings(json); };
  const auto link = [](std::string_view json) { return core::parse_link(json, "progress"); };
  const auto render = [](const auto& list) { return core::render(list); };
  switch (kind) {
    case 't': try_task(text); break;
    case 'l':
      if (round_trip(text, links, render)) store_lists(text, {}, {});
      break;
    case 'w':
      if (round_trip(text, warnings, render)) store_lists({}, text, {});
      break;
    case 'p':
      round_trip(text, link, [](const core::Link& one) {
        const std::string list = core::render(std::vector{one});
        return list.substr(1, list.size() - 2);
      });
      break;
    case 'm': store_lists({}, {}, text.empty() ? "" : text); break;
    default: try_text(text);
  }
  return 0;
}
