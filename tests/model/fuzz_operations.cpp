// Programs that a fuzzer writes, each run on the engine and on the model: every eight bytes are an operation.
#include "fuzz/support.hpp"
#include "twin.hpp"

#include <cstring>

namespace model = tse::model;

namespace {

// More of them would only be slower, not different.
constexpr std::size_t most_operations = 64;

model::Program program_of(const std::uint8_t* data, std::size_t size) {
  model::Program program(std::min(size / sizeof(std::uint64_t), most_operations));
  if (!program.empty()) std::memcpy(program.data(), data, program.size() * sizeof(std::uint64_t));
  return program;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const model::Program program = program_of(data, size);
  // In memory, whatever the program says: files are no matter of the input, and many times slower.
  model::Setup setup = model::setup_of(program.empty() ? 0 : program.front());
  setup.in_memory = true;
  setup.engines = 1;
  const auto expected = model::model_side(setup);
  const auto given = model::engine_side(setup, "");
  const auto found = model::difference(program, *expected, *given);
  tse::fuzz::require(!found, found.value_or(""));
  return 0;
}
