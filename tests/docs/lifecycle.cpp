// Prints the lifecycle diagram of docs/concepts.md from the table of legal moves.
#include <taskstate/state_machine.hpp>

#include <iostream>

int main() {
  using namespace taskstate;
  std::cout << "```mermaid\nstateDiagram-v2\n";
  std::cout << "  [*] --> " << to_string(Status::pending) << '\n';
  for (const Move& move : legal_moves)
    std::cout << "  " << to_string(move.from) << " --> " << to_string(move.to) << '\n';
  for (const Status status : all_statuses)
    if (is_terminal(status)) std::cout << "  " << to_string(status) << " --> [*]\n";
  std::cout << "```\n";
}
