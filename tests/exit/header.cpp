// What the C++ headers alone put into a host's objects; nobody runs it.
#include <taskstate/taskstate.hpp>

#include <optional>
#include <string>

std::string everything_with_a_static(taskstate::Engine& engine) {
  std::string said = taskstate::make_error_code(taskstate::Errc::busy).message();
  if (const std::optional<taskstate::Lease> lease = engine.claim({.worker = "w"})) said += lease->payload();
  return said.append(engine.decide("z", "t").header("Location").value_or(""));
}
