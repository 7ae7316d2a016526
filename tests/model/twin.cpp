#include "twin.hpp"

#include <fmt/format.h>

#include <exception>
#include <filesystem>

namespace tse::model {
namespace {

/// Whether it can be part of a batch. Ids that are made are told apart by the operation that runs, so there is none.
bool is_change(const Action& action) {
  if (const auto* create = std::get_if<Create>(&action)) return !create->spec.key.id.empty();
  if (const auto* annotate = std::get_if<Annotate>(&action)) return !annotate->target.lease;
  return std::holds_alternative<Start>(action) || std::holds_alternative<Complete>(action) ||
         std::holds_alternative<Fail>(action);
}

/// A batch has one call for all that it holds.
struct WithoutCall {
  template <class Any>
  void operator()(Any& action) const {
    if constexpr (requires { action.call; }) action.call = {};
  }
};

/// A look at everything.
std::vector<Action> all_looks() {
  std::vector<Action> looks;
  for (const char* zone : {"a", "b"}) {
    for (const char* id : {"1", "2", "3"}) {
      looks.emplace_back(Get{{zone, id}, true});
      looks.emplace_back(History{{zone, id}});
      looks.emplace_back(Decide{{zone, id}, {}});
    }
    looks.emplace_back(List{{zone}, 50, {}, {}, true});
  }
  looks.emplace_back(ReadChanges{{}, {}, 0, 1000});
  looks.emplace_back(Count{});
  looks.emplace_back(Verify{});
  return looks;
}

/// Both sides, and what was run on them so far.
class Comparison {
 public:
  Comparison(Side& one, Side& other) : one_(one), other_(other) {}

  bool differs(const Operation& operation, std::size_t number) {
    const auto on = [&](Side& side) { return guarded([&] { return side.run(operation, number); }); };
    return differs(text_of(operation), on(one_), on(other_));
  }
  /// The same, for what need not be told if all is well.
  bool looks_different(const Operation& look, std::size_t number) {
    const std::string before = story_;
    if (differs(look, number)) return true;
    story_ = before;
    return false;
  }
  bool differs(const std::vector<Action>& batch, std::size_t engine) {
    std::string what = fmt::format("batch by engine {}:", engine);
    for (const Action& action : batch) what += "\n    " + text_of(action);
    const auto on = [&](Side& side) { return guarded([&] { return side.run(batch, engine); }); };
    return differs(what, on(one_), on(other_));
  }
  [[nodiscard]] const std::string& story() const { return story_; }

 private:
  template <class Run>
  static std::string guarded(const Run& run) {
    try {
      return run();
    } catch (const std::exception& error) {
      return std::string("broken off: ") + error.what();
    }
  }
  bool differs(const std::string& what, const std::string& expected, const std::string& given) {
    if (expected == given) {
      story_ += fmt::format("{}\n    {}\n", what, given);
      return false;
    }
    story_ += fmt::format("{}\n  the model gives\n    {}\n  the engine gives\n    {}\n", what, expected, given);
    return true;
  }

  Side& one_;
  Side& other_;
  std::string story_;
};

}  // namespace

std::optional<std::string> difference(const Program& program, Side& one, Side& other) {
  Comparison comparison(one, other);
  for (std::size_t i = 1; i < program.size(); ++i) {
    const Operation operation = operation_of(program[i]);
    if (const auto* batch = std::get_if<Batch>(&operation.action)) {
      std::vector<Action> changes;
      while (changes.size() < batch->most && i + 1 < program.size()) {
        Action next = operation_of(program[i + 1]).action;
        if (!is_change(next)) break;
        std::visit(WithoutCall(), next);
        changes.push_back(std::move(next));
        ++i;
      }
      if (comparison.differs(changes, operation.engine)) return comparison.story();
    } else if (comparison.differs(operation, i)) {
      return comparison.story();
    }
  }
  std::size_t engine = 0;
  for (Action& look : all_looks())
    if (comparison.looks_different({std::move(look), engine++}, program.size())) return comparison.story();
  return std::nullopt;
}

std::optional<std::string> difference(const Program& program, const std::string& directory) {
  const Setup setup = setup_of(program.empty() ? 0 : program.front());
  const auto model = model_side(setup);
  std::optional<std::string> found;
  {
    const auto engine = engine_side(setup, directory);
    found = difference(program, *model, *engine);
  }
  for (const auto& left : std::filesystem::directory_iterator(directory)) std::filesystem::remove(left);
  return found ? text_of(setup) + "\n" + *found : found;
}

Program shortest(Program program, const std::function<bool(const Program&)>& still) {
  const auto try_instead = [&](Program candidate) {
    if (!still(candidate)) return false;
    program = std::move(candidate);
    return true;
  };
  for (bool shorter = true; shorter;) {
    shorter = false;
    for (std::size_t length = program.size() / 2; length > 0; length /= 2) {
      for (std::size_t from = 1; from + length <= program.size();) {
        Program without = program;
        const auto first = without.begin() + static_cast<std::ptrdiff_t>(from);
        without.erase(first, first + static_cast<std::ptrdiff_t>(length));
        if (try_instead(without)) shorter = true;
        else ++from;
      }
    }
  }
  // What is chosen last in a number stands in its highest part, and 0 is the plainest of each.
  for (std::size_t i = 0; i < program.size(); ++i) {
    std::uint64_t part = 1;
    for (int bit = 0; bit < 64; ++bit, part *= 2) {
      Program plainer = program;
      plainer[i] %= part;
      if (plainer[i] != program[i] && try_instead(plainer)) break;
    }
  }
  return program;
}

Program random_program(std::mt19937_64& random) {
  Program program(2 + random() % 60);
  for (std::uint64_t& number : program) number = random();
  return program;
}

}  // namespace tse::model
