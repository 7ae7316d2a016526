#include "engine/fork_guard.hpp"

#include <pthread.h>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <new>
#include <vector>

namespace tse::engine::fork_guard {
namespace {

struct Registry {
  std::mutex mutex;  // held across fork() by the forking thread, so it is consistent in the child
  std::vector<Participant*> live;
  std::atomic<std::uint64_t> generation{0};
};

// Never destroyed, since handlers and late calls may outlive static destructors; made in place, since
// generation() must not fail when memory runs out.
Registry& registry() noexcept {
  alignas(Registry) static std::byte place[sizeof(Registry)];
  static Registry& instance = *new (place) Registry;
  return instance;
}

void before_fork() noexcept {
  registry().mutex.lock();
  for (Participant* each : registry().live) each->before_fork();
}

void in_parent() noexcept {
  for (Participant* each : registry().live) each->after_fork_parent();
  registry().mutex.unlock();
}

void in_child() noexcept {
  Registry& all = registry();
  all.generation.fetch_add(1, std::memory_order_relaxed);
  for (Participant* each : all.live) each->after_fork_child();
  all.live.clear();
  all.mutex.unlock();
}

void install_handlers() {
  static const bool installed = [] {
    if (::pthread_atfork(before_fork, in_parent, in_child) != 0) throw std::bad_alloc();
    return true;
  }();
  (void)installed;
}

}  // namespace

void enroll(Participant& participant) {
  install_handlers();
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  all.live.push_back(&participant);
}

void withdraw(Participant& participant) noexcept {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::erase(all.live, &participant);
}

std::uint64_t generation() noexcept { return registry().generation.load(std::memory_order_relaxed); }

}  // namespace tse::engine::fork_guard
