// Callers that change something over and over for a time, in threads and processes, and what that gave.
#pragma once

#include "bench/support/basics.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

/// Times in microseconds, in memory that processes share.
class Samples {
 public:
  explicit Samples(std::size_t most) : most_(most) {
    void* const memory =
        ::mmap(nullptr, sizeof(Head) + most * sizeof(float), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) give_up("no memory for samples");
    head_ = new (memory) Head;
    times_ = reinterpret_cast<float*>(head_ + 1);
  }
  ~Samples() { ::munmap(head_, sizeof(Head) + most_ * sizeof(float)); }
  Samples(const Samples&) = delete;
  Samples& operator=(const Samples&) = delete;

  void add(Clock::duration time) {
    const std::size_t at = head_->count.fetch_add(1);
    if (at < most_) times_[at] = std::chrono::duration<float, std::micro>(time).count();
  }
  void fail() { ++head_->failures; }
  [[nodiscard]] std::size_t count() const { return std::min(head_->count.load(), most_); }
  [[nodiscard]] std::size_t failures() const { return head_->failures; }
  /// Sorted.
  [[nodiscard]] std::vector<float> times() const {
    std::vector<float> all(times_, times_ + count());
    std::sort(all.begin(), all.end());
    return all;
  }

 private:
  struct Head {
    std::atomic<std::size_t> count{0};
    std::atomic<std::size_t> failures{0};
  };
  std::size_t most_;
  Head* head_;
  float* times_;
};

/// Makes one caller's act: what it does again and again, false if that failed. Called in the thread that acts, with the
/// caller's number.
using MakeAct = std::function<std::function<bool()>(std::size_t)>;

/// `open` runs once in each process, before its threads, and gives what makes their acts.
inline void run_callers(Samples& samples, std::size_t processes, std::size_t threads, double seconds,
                        const std::function<MakeAct()>& open) {
  const auto run_threads = [&](std::size_t process) {
    const MakeAct make = open();
    std::atomic<bool> stop{false};
    std::vector<std::thread> crew;
    for (std::size_t i = 0; i < threads; ++i)
      crew.emplace_back([&, i] {
        const auto act = make(process * threads + i);
        while (!stop) {
          const auto begin = Clock::now();
          if (act()) {
            samples.add(Clock::now() - begin);
          } else {
            samples.fail();
          }
        }
      });
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    stop = true;
    for (std::thread& member : crew) member.join();
  };
  if (processes == 1) return run_threads(0);
  std::vector<pid_t> children;
  for (std::size_t process = 0; process < processes; ++process) {
    const pid_t child = ::fork();
    if (child == 0) {
      run_threads(process);
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) give_up("a process of callers failed");
  }
}

/// So long were those who were at it at a random moment at the longest, but for this share of them. Each counts for as
/// long as it took: otherwise callers that are kept waiting for seconds vanish among the many changes of one that is
/// not (coordinated omission). `times` sorted.
inline double at_a_random_moment(const std::vector<float>& times, double share) {
  const double all = std::accumulate(times.begin(), times.end(), 0.0);
  double sum = 0;
  for (const float time : times)
    if ((sum += time) >= share * all) return time;
  return 0;
}

/// One line of JSON: a figure, and how long each of what it is made of took, in microseconds.
inline void print(const std::string& what, const char* side, double value, const char* unit, const Samples& samples) {
  const std::vector<float> times = samples.times();
  const auto at = [&](double share) {
    return times.empty()
               ? 0.0
               : static_cast<double>(times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))]);
  };
  std::printf(
      "{\"case\": \"%s\", \"side\": \"%s\", \"value\": %.6g, \"unit\": \"%s\", \"p50_us\": %.4g, \"p99_us\": %.4g, "
      "\"p99_wait_us\": %.4g, \"max_us\": %.4g, \"failures\": %zu}\n",
      what.c_str(), side, value, unit, at(0.5), at(0.99), at_a_random_moment(times, 0.99), at(1), samples.failures());
  std::fflush(stdout);
}

/// The same of what was done again and again for a time: how many a second.
inline void print(const std::string& what, const char* side, const Samples& samples, double seconds) {
  print(what, side, static_cast<double>(samples.count()) / seconds, "1/s", samples);
}

}  // namespace bench
