// Random programs, each run on the engine and on the model: every result, error and answer must be the same.
//   TSE_MODEL_PROGRAMS=100000 TSE_SEED=1 build/release/tests/model/model --run_test=model/programs
// A program that is printed is run again by TSE_MODEL_PROGRAM="<its numbers>".
#include "twin.hpp"

#include "fault/support.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <sstream>

using namespace tse::model;
using tse::test::setting;
using tse::test::TemporaryDirectory;

BOOST_AUTO_TEST_SUITE(model)

namespace {

constexpr std::size_t most_reported = 3;

// Where flushes take no time, if there is such a place.
std::filesystem::path quick_place() {
  return std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
}

/// Each program on its own seed, so that any of them can be had at once.
Program program_of(std::uint64_t seed, std::size_t number) {
  std::seed_seq sequence{seed, seed >> 32U, static_cast<std::uint64_t>(number)};
  std::mt19937_64 random(sequence);
  return random_program(random);
}

void report(const Program& program, const std::string& directory) {
  const Program least = shortest(program, [&](const Program& each) { return difference(each, directory).has_value(); });
  std::printf("%s\nTSE_MODEL_PROGRAM=\"%s\"\n",
              difference(least, directory).value_or("It does not differ again.").c_str(),
              fmt::format("{}", fmt::join(least, " ")).c_str());
}

std::vector<std::uint64_t> numbers_in(const std::string& text) {
  std::istringstream words(text);
  return {std::istream_iterator<std::uint64_t>(words), {}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(programs) {
  const TemporaryDirectory directory(quick_place());
  const std::string place = directory.file("");
  if (const char* one = std::getenv("TSE_MODEL_PROGRAM")) {
    const auto found = difference(numbers_in(one), place);
    BOOST_TEST(!found.has_value(), found.value_or(""));
    return;
  }
  const std::uint64_t seed = setting("TSE_SEED", 1);
  const std::size_t wanted = setting("TSE_MODEL_PROGRAMS", 500);
  const std::size_t seconds = setting("TSE_SECONDS", 0);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  const auto goes_on = [&](std::size_t done) {
    return seconds != 0 ? std::chrono::steady_clock::now() < end : done < wanted;
  };
  std::size_t run = 0;
  std::size_t violations = 0;
  for (; goes_on(run) && violations < most_reported; ++run) {
    const Program program = program_of(seed, run);
    if (!difference(program, place)) continue;
    ++violations;
    std::printf("program %zu of seed %llu:\n", run, static_cast<unsigned long long>(seed));
    report(program, place);
    std::fflush(stdout);
  }
  std::printf("campaign: model: %zu programs, %zu violations, seed %llu\n", run, violations,
              static_cast<unsigned long long>(seed));
  BOOST_TEST(violations == 0);
}

namespace {

/// The model, but one kind of operation does nothing to it.
template <class Action>
class Deaf final : public Side {
 public:
  explicit Deaf(const Setup& setup) : model_(model_side(setup)) {}
  std::string run(const Operation& operation, std::size_t number) override {
    return std::holds_alternative<Action>(operation.action) ? "" : model_->run(operation, number);
  }
  std::string run(const std::vector<tse::model::Action>& batch, std::size_t engine) override {
    return model_->run(batch, engine);
  }

 private:
  std::unique_ptr<Side> model_;
};

/// The shortest program on which a side differs from the model; empty if many programs find none.
template <class Other>
Program shortest_against() {
  const auto differs = [](const Program& program) {
    const Setup setup = setup_of(program.front());
    Other other(setup);
    return difference(program, *model_side(setup), other).has_value();
  };
  for (std::size_t number = 0; number < 5000; ++number)
    if (const Program program = program_of(1, number); differs(program)) return shortest(program, differs);
  return {};
}

}  // namespace

// If these were not found out, nor would a mistake be by the test above. A handful of operations is enough to show
// each.
BOOST_AUTO_TEST_CASE(a_clock_that_stands_still_is_found_out) {
  const std::size_t length = shortest_against<Deaf<Advance>>().size();
  BOOST_TEST(length >= 2);
  BOOST_TEST(length <= 4);
}

BOOST_AUTO_TEST_CASE(a_copy_that_takes_the_leases_of_the_original_is_found_out) {
  const std::size_t length = shortest_against<Deaf<Restore>>().size();
  BOOST_TEST(length >= 2);
  BOOST_TEST(length <= 6);
}

BOOST_AUTO_TEST_CASE(the_model_does_not_differ_from_itself) {
  for (std::size_t number = 0; number < 100; ++number) {
    const Program program = program_of(1, number);
    const Setup setup = setup_of(program.front());
    const auto found = difference(program, *model_side(setup), *model_side(setup));
    BOOST_TEST(!found.has_value(), found.value_or(""));
  }
}

BOOST_AUTO_TEST_SUITE_END()
