// Runs the conformance vectors over the C++ API, in memory and in a file.
#include <unistd.h>

#include <algorithm>
#include <boost/json/src.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "vectors_json.hpp"

namespace {

namespace json = boost::json;
using vectors::told;

struct Vector {
  std::string name;
  json::object content;
};

std::ostream& operator<<(std::ostream& out, const Vector& vector) { return out << vector.name; }

std::vector<Vector> read_vectors() {
  std::vector<Vector> all;
  for (const auto& entry : std::filesystem::directory_iterator(TASKSTATE_VECTORS)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const json::value content = json::parse(text);
    for (const json::value& one : content.at("cases").as_array())
      all.push_back({vectors::string_of(one.at("name")), one.as_object()});
  }
  return all;
}

const std::vector<Vector>& all_vectors() {
  static const std::vector<Vector> all = read_vectors();
  return all;
}

class Runner {
 public:
  Runner(const std::string& path, const json::object& options) : engine_(path, with_sources(options)) {}

  json::value run(const json::object& step) {
    now_ = step.at("now").as_int64();
    try {
      return act(step, *vectors::text(step, "do"));
    } catch (const taskstate::Error& error) {
      outcome_ = error;
      return told(error);
    }
  }

 private:
  taskstate::Options with_sources(const json::object& from) {
    taskstate::Options options = vectors::options(from);
    options.clock = [this] { return vectors::time(now_); };
    options.ids = [this](taskstate::IdKind kind) {
      const bool is_task = kind == taskstate::IdKind::task;
      const std::uint8_t count = is_task ? ++task_ids_ : ++request_ids_;
      return taskstate::Uuid{0, 0, 0, 0, 0, 0,    static_cast<std::uint8_t>(is_task ? 0x70 : 0x40), 0, 0x80, 0,
                             0, 0, 0, 0, 0, count};
    };
    return options;
  }

  json::value act(const json::object& step, const std::string& what) {
    const json::object empty;
    const auto part = [&](std::string_view name) -> const json::object& {
      const json::value* value = step.if_contains(name);
      return value ? value->as_object() : empty;
    };
    const std::string zone = vectors::text(step, "zone_id").value_or("");
    const std::string id = vectors::text(step, "id").value_or("");
    const taskstate::Call call = vectors::call(step);
    if (what == "create") return changed(engine_.create(vectors::new_task(part("new")), call));
    if (what == "start") return changed(engine_.start(zone, id, call));
    if (what == "annotate") return changed(engine_.annotate(zone, id, vectors::update(part("update")), call));
    if (what == "complete") return changed(engine_.complete(zone, id, vectors::update(part("update")), call));
    if (what == "fail") return changed(engine_.fail(zone, id, vectors::failure(part("update")), call));
    if (what == "get") return get(zone, id, vectors::flag(step, "payload"));
    if (what == "list") return page(vectors::query(part("query")), vectors::text(step, "follow"));
    if (what == "history") return history(zone, id);
    if (what == "decide") return told(engine_.decide(zone, id, vectors::request(part("request"))));
    if (what == "accept")
      return std::visit(
          [&](const auto& outcome) { return told(engine_.accept(outcome, vectors::request(part("request")))); },
          outcome_);
    if (what == "parse") return told(taskstate::parse_task(*vectors::text(step, "json")));
    if (what == "validate") {
      taskstate::validate(taskstate::parse_task(*vectors::text(step, "json")));
    } else {
      BOOST_TEST_REQUIRE(what == "close");
      engine_.close();
    }
    return {{"done", true}};
  }

  json::value changed(taskstate::Task task) {
    json::value result = told(task);
    outcome_ = std::move(task);
    return result;
  }

  json::value get(const std::string& zone, const std::string& id, bool payload) {
    const auto task = engine_.get(zone, id, payload ? taskstate::Payload::read : taskstate::Payload::omit);
    return task ? told(*task) : json::value{{"task", nullptr}};
  }

  json::value page(taskstate::ListQuery query, const std::optional<std::string>& follow) {
    if (follow) (*follow == "after" ? query.after : query.before) = *follow == "after" ? after_ : before_;
    const taskstate::Page page = engine_.list(query);
    after_ = page.after_cursor;
    before_ = page.before_cursor;
    return told(page);
  }

  json::value history(const std::string& zone, const std::string& id) {
    std::vector<taskstate::Event> events = engine_.history(zone, id).events;
    std::reverse(events.begin(), events.end());
    for (std::size_t index = 1; index < events.size(); ++index)
      BOOST_TEST(events[index].sequence > events[index - 1].sequence);
    return told(events);
  }

  std::int64_t now_ = 0;
  std::uint8_t task_ids_ = 0;
  std::uint8_t request_ids_ = 0;
  std::variant<taskstate::Task, taskstate::Error> outcome_;  // of the last change
  std::optional<std::string> after_;
  std::optional<std::string> before_;
  taskstate::Engine engine_;
};

void run_case(const std::string& path, const json::object& content) {
  Runner runner(path, content.at("options").as_object());
  int number = 0;
  for (const json::value& step : content.at("steps").as_array()) {
    BOOST_TEST_CONTEXT("step " << ++number) {
      const json::value got = runner.run(step.as_object());
      // Values are compared, since the order of an object's members tells nothing; texts are shown.
      BOOST_CHECK_MESSAGE(got == step.at("expect"),
                          "expected " << json::serialize(step.at("expect")) << "\n     got " << json::serialize(got));
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(vectors)

BOOST_AUTO_TEST_CASE(there_are_many_and_no_two_share_a_name) {
  std::set<std::string> names;
  for (const Vector& vector : all_vectors()) names.insert(vector.name);
  BOOST_TEST(names.size() == all_vectors().size());
  BOOST_TEST(names.size() >= 60U);
  std::cout << "measured: C++: " << names.size() << " conformance cases, each in memory and in a file\n";
}

BOOST_DATA_TEST_CASE(in_memory, boost::unit_test::data::make(all_vectors()), vector) {
  run_case(":memory:", vector.content);
}

BOOST_DATA_TEST_CASE(in_a_file, boost::unit_test::data::make(all_vectors()), vector) {
  const auto directory = std::filesystem::temp_directory_path() / ("taskstate-vectors-" + std::to_string(::getpid()));
  std::filesystem::create_directory(directory);
  run_case(directory / "tasks.db", vector.content);
  std::filesystem::remove_all(directory);
}

BOOST_AUTO_TEST_SUITE_END()
