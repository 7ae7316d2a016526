// Whether a task of another zone can be told from one that nobody has, by the answer's bytes or by the time it takes.
//
// Both are asked for in random order, the times are compared by Welch's t-test after cropping the slowest (as dudect
// does, https://eprint.iacr.org/2016/1123). A violation is |t| >= 4.5 with the same sign in each of three repetitions,
// each over tasks of its own. The same measurement must find a planted difference, one more look-up in one of the
// classes.
#include <taskstate.h>

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace {

using std::chrono::steady_clock;

constexpr double threshold = 4.5;
constexpr int repetitions = 3;
constexpr std::size_t ids_per_class = 4096;
constexpr const char* request_id = "00000000-0000-4000-8000-000000000000";

std::size_t setting(const char* name, std::size_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

void must(std::int32_t code, const char* doing) {
  if (code != TSE_OK) throw std::runtime_error(std::string(doing) + ": " + tse_code_name(code));
}

tse_str view(std::string_view text) { return {text.data(), text.size()}; }

enum Class { other_zone, nobodys };

/// A file with tasks in two zones, and ids to ask zone "a" for: half of them are tasks of zone "b".
class Host {
 public:
  explicit Host(std::mt19937_64& random) {
    std::string name = (std::filesystem::temp_directory_path() / "taskstate-oracle-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    directory_ = name;
    open();
    // Each of nobody's differs from one of zone "b" in its last character. So zone "a" looks for both in the same
    // place, and there is nothing by chance that makes one class the slower one.
    for (std::size_t i = 0; i < ids_per_class; ++i) {
      std::string id = new_id(random);
      ids_.push_back(id);
      id.back() = id.back() == '0' ? '1' : '0';
      ids_.push_back(std::move(id));
    }
    tse_batch* batch = nullptr;
    must(tse_batch_new(&batch, nullptr), "make a batch");
    for (std::size_t i = 0; i < ids_per_class; ++i) {
      add(batch, "a", new_id(random));
      add(batch, "b", id(other_zone, i));
    }
    tse_results* results = nullptr;
    must(tse_batch_run(tasks_, batch, nullptr, &results, nullptr), "create tasks");
    tse_results_free(results);
    tse_batch_free(batch);
    must(tse_answer_new(&answer_, nullptr), "make an answer");
    // Their own zone polls them, so their answers are kept.
    for (std::size_t i = 0; i < ids_per_class; ++i)
      if (decide("b", id(other_zone, i)) != 200) throw std::runtime_error("a task is not there");
  }
  ~Host() {
    tse_answer_free(answer_);
    tse_engine_free(tasks_);
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  [[nodiscard]] const std::string& id(Class which, std::size_t index) const { return ids_[2 * index + which]; }

  int decide(std::string_view zone, std::string_view id, std::string_view path = {}) {
    tse_request request = TSE_REQUEST_INIT;
    request.client_request_id = tse_text(request_id);
    if (!path.empty()) request.path = view(path);
    must(tse_decide(tasks_, zone.data(), zone.size(), id.data(), id.size(), &request, nullptr, answer_, nullptr),
         "decide");
    tse_answer_view said = TSE_ANSWER_VIEW_INIT;
    must(tse_answer_get(answer_, &said), "read the answer");
    return said.status;
  }

  /// All that a client sees of the answer to a request that is the same but for the id.
  std::string bytes(std::string_view id) {
    decide("a", id, "/status");
    tse_answer_view said = TSE_ANSWER_VIEW_INIT;
    must(tse_answer_get(answer_, &said), "read the answer");
    std::string all = std::to_string(said.status);
    for (std::size_t i = 0; i < said.header_count; ++i)
      all.append("\n").append(said.headers[i].name.data).append(": ").append(said.headers[i].value.data);
    const std::string body(said.body.data, said.body.size);
    // The error says when it happened.
    const auto at = body.find("\"timestamp\":\"");
    return all + "\n\n" + (at == std::string::npos ? body : body.substr(0, at) + body.substr(body.find('"', at + 13)));
  }

 private:
  void open() {
    tse_options* options = nullptr;
    must(tse_options_new(&options, nullptr), "make options");
    must(tse_options_set_durability(options, TSE_DURABILITY_RELAXED, nullptr), "choose the durability");
    must(tse_options_set_housekeeping(options, 0, nullptr), "rest the housekeeper");
    must(tse_options_set_timeout(options, 120'000'000, nullptr), "choose the timeout");
    const std::int32_t code = tse_open((directory_ + "/tasks.db").c_str(), TSE_NTS, options, &tasks_, nullptr);
    tse_options_free(options);
    must(code, "open");
  }
  static void add(tse_batch* batch, const char* zone, const std::string& id) {
    tse_new_task spec = TSE_NEW_TASK_INIT;
    spec.zone_id = tse_text(zone);
    spec.id = view(id);
    spec.operation = tse_text("create");
    must(tse_batch_create(batch, &spec, nullptr), "add a task");
  }
  static std::string new_id(std::mt19937_64& random) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%016llx%016llx", static_cast<unsigned long long>(random()),
                  static_cast<unsigned long long>(random()));
    return text.data();
  }

  std::string directory_;
  std::vector<std::string> ids_;
  tse_engine* tasks_ = nullptr;
  tse_answer* answer_ = nullptr;
};

struct Sample {
  std::int64_t nanoseconds;
  Class of;
};

struct Difference {
  double t = 0;  ///< Welch's
  double nanoseconds = 0;
};

/// Of the means of those samples that took at most so long.
Difference compare(const std::vector<Sample>& samples, std::int64_t limit) {
  std::array<double, 2> count{};
  std::array<double, 2> mean{};
  std::array<double, 2> squares{};
  for (const Sample& sample : samples) {
    if (sample.nanoseconds > limit) continue;
    const auto value = static_cast<double>(sample.nanoseconds);
    const double before = value - mean[sample.of];
    mean[sample.of] += before / ++count[sample.of];
    squares[sample.of] += before * (value - mean[sample.of]);
  }
  if (count[0] < 2 || count[1] < 2) return {};
  const double error = squares[0] / (count[0] - 1) / count[0] + squares[1] / (count[1] - 1) / count[1];
  const double difference = mean[nobodys] - mean[other_zone];
  return {error > 0 ? difference / std::sqrt(error) : 0, difference};
}

/// Of several crops the one whose t is the furthest from 0.
Difference compare(const std::vector<Sample>& samples) {
  std::vector<std::int64_t> times;
  for (const Sample& sample : samples) times.push_back(sample.nanoseconds);
  std::sort(times.begin(), times.end());
  Difference worst;
  for (const double part : {1.0, 0.99, 0.95, 0.9, 0.75, 0.5}) {
    const Difference found =
        compare(samples, times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))]);
    if (std::abs(found.t) > std::abs(worst.t)) worst = found;
  }
  return worst;
}

/// What somebody might forget: a look whether the id is known to another zone.
class Planted {
 public:
  explicit Planted(const Host& host) {
    for (std::size_t i = 0; i < ids_per_class; ++i) known_.insert(host.id(other_zone, i));
  }
  void look(const std::string& id) { found_ = found_ + known_.count(id); }

 private:
  std::unordered_set<std::string> known_;
  volatile std::size_t found_ = 0;
};

std::vector<Sample> measure(Host& host, std::size_t samples, std::mt19937_64& random, Planted* planted) {
  std::vector<Sample> taken;
  taken.reserve(samples);
  std::string asked;
  const std::size_t warm_up = std::min<std::size_t>(samples / 20, 2000);
  for (std::size_t i = 0; i < warm_up + samples; ++i) {
    const std::uint64_t dice = random();
    const Class which = (dice & 1) != 0 ? nobodys : other_zone;
    asked = host.id(which, (dice >> 1) % ids_per_class);  // always the same place in memory
    const auto begin = steady_clock::now();
    const int status = host.decide("a", asked);
    if (planted != nullptr && which == nobodys) planted->look(asked);
    const auto time = std::chrono::nanoseconds(steady_clock::now() - begin).count();
    if (status != 404) throw std::runtime_error("not a 404, but " + std::to_string(status));
    if (i >= warm_up) taken.push_back({time, which});
  }
  return taken;
}

/// Whether the times differ, three times in the same direction.
bool is_told_apart(std::size_t samples, std::uint64_t seed, bool plant, std::size_t& taken) {
  int sign = 0;
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    std::mt19937_64 random(seed * repetitions + static_cast<std::uint64_t>(repetition));
    Host host(random);
    std::unique_ptr<Planted> planted;
    if (plant) planted = std::make_unique<Planted>(host);
    const Difference found = compare(measure(host, samples, random, planted.get()));
    taken += samples;
    std::printf("%s, repetition %d: t = %.2f, %.1f ns\n", plant ? "planted" : "times", repetition + 1, found.t,
                found.nanoseconds);
    const int now = found.t > 0 ? 1 : -1;
    if (std::abs(found.t) < threshold || (sign != 0 && now != sign)) return false;
    sign = now;
  }
  return true;
}

/// How many pairs of answers differ in a byte.
std::size_t count_different(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Host host(random);
  const std::string expected = host.bytes(host.id(nobodys, 0));
  std::size_t different = expected.starts_with("404") ? 0 : 1;
  for (std::size_t i = 0; i < ids_per_class; ++i)
    for (const Class which : {other_zone, nobodys})
      if (host.bytes(host.id(which, i)) != expected && ++different == 1)
        std::printf("expected: %s\ngot:      %s\n", expected.c_str(), host.bytes(host.id(which, i)).c_str());
  return different;
}

}  // namespace

int main() {
  const std::uint64_t seed = setting("TSE_SEED", 1);
  const std::size_t samples = setting("TSE_ZONE_SAMPLES", 200'000);
  const auto until = steady_clock::now() + std::chrono::seconds(setting("TSE_SECONDS", 0));
  std::size_t violations = 0;
  std::size_t taken = 0;
  try {
    violations += count_different(seed);
    std::uint64_t round = seed;
    do {
      const bool told_apart = is_told_apart(samples, round, false, taken);
      if (told_apart) std::printf("violation: TSE_SEED=%llu shows it\n", static_cast<unsigned long long>(round));
      violations += told_apart ? 1 : 0;
      ++round;
    } while (steady_clock::now() < until);
    std::size_t control = 0;
    if (!is_told_apart(samples, seed, true, control)) {
      std::printf("the planted difference was not found: the measurement proves nothing\n");
      return 1;
    }
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
    return 1;
  }
  std::printf("campaign: zone-oracle: %zu samples, %zu violations, seed %llu\n", taken, violations,
              static_cast<unsigned long long>(seed));
  return violations == 0 ? 0 : 1;
}
