// How metrics are told to a scraper (OpenMetrics 1.0.0).
#include "core/validate.hpp"
#include "engine/stats.hpp"

#include <taskstate/contract/kinds.hpp>

#include <cstddef>
#include <initializer_list>
#include <utility>

namespace tse::engine {
namespace {

/// One label. What a foreign client wrote into the counters may be any bytes; what is no printable UTF-8 becomes "?".
std::string label(std::string_view name, std::string_view value) {
  std::string text(name);
  text += "=\"";
  for (std::size_t good = core::utf8_prefix(value); !value.empty(); good = core::utf8_prefix(value)) {
    if (good == 0) {
      text += '?';
      value.remove_prefix(1);
      continue;
    }
    for (const char c : value.substr(0, good)) {
      const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
      if (c == '\\' || c == '"' || c == '\n') text += '\\';
      text += c == '\n' ? 'n' : is_control ? '?' : c;
    }
    value.remove_prefix(good);
  }
  return text + '"';
}

std::string seconds(std::int64_t microseconds) {
  std::string fraction = std::to_string(microseconds % 1000000);
  fraction.insert(0, 6 - fraction.size(), '0');
  return std::to_string(microseconds / 1000000) + '.' + fraction;
}

/// The same as a label: the shortest form of a number with a point, by which scrapers know a bucket again.
std::string bound(std::int64_t microseconds) {
  std::string text = seconds(microseconds);
  while (text.ends_with('0') && !text.ends_with(".0")) text.pop_back();
  return text;
}

/// Writes metric families.
class MetricsText {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help, std::string_view unit = {}) {
    const std::string full = "taskstate_" + std::string(name);
    line("# TYPE " + full + ' ' + std::string(type));
    if (!unit.empty()) line("# UNIT " + full + ' ' + std::string(unit));
    line("# HELP " + full + ' ' + std::string(help));
    name_ = full + (type == "counter" ? "_total" : type == "info" ? "_info" : "");
  }
  void sample(const std::string& value, std::initializer_list<std::string> labels = {}) {
    std::string all;
    for (const std::string& each : labels) all += (all.empty() ? "{" : ",") + each;
    line(name_ + all + (all.empty() ? "" : "}") + ' ' + value);
  }
  void gauge(std::string_view name, std::string_view help, std::int64_t value, std::string_view unit = {}) {
    family(name, "gauge", help, unit);
    sample(std::to_string(value));
  }
  void counter(std::string_view name, std::string_view help, std::int64_t value) {
    family(name, "counter", help);
    sample(std::to_string(value));
  }
  void histogram(std::string_view name, std::string_view help, const store::Histogram& of) {
    family(name, "histogram", help, "seconds");
    const std::string full = std::exchange(name_, name_ + "_bucket");
    std::int64_t count = 0;
    for (std::size_t bucket = 0; bucket < of.counts.size(); ++bucket) {
      count += of.counts[bucket];
      const bool bounded = bucket < store::Histogram::bounds.size();
      sample(std::to_string(count), {label("le", bounded ? bound(store::Histogram::bounds[bucket]) : "+Inf")});
    }
    name_ = full + "_count";
    sample(std::to_string(count));
    name_ = full + "_sum";
    sample(seconds(of.sum));
  }
  [[nodiscard]] std::string end() && {
    line("# EOF");
    return std::move(text_);
  }

 private:
  void line(const std::string& content) { text_ += content + '\n'; }
  std::string text_;
  std::string name_;
};

}  // namespace

std::string_view to_string(store::Proof proof) noexcept {
  switch (proof) {
    case store::Proof::none: return "none";
    case store::Proof::wal_index: return "wal_index";
    case store::Proof::own_commits: return "own_commits";
  }
  return {};
}

std::string to_open_metrics(const Stats& stats) {
  const store::Stats& store = stats.store;
  MetricsText text;
  text.family("tasks", "gauge", "Tasks in the file by zone, operation and status.");
  for (const store::Count& each : store.counts)
    text.sample(std::to_string(each.count), {label("zone", each.zone_id), label("operation", each.operation),
                                             label("status", to_string(each.status))});
  text.gauge("file_bytes", "Size of the database file.", store.file_bytes, "bytes");
  text.gauge("file_free_bytes", "Unused bytes in the database file.", store.free_bytes, "bytes");
  text.gauge("wal_bytes", "Size of the write-ahead log.", store.wal_bytes, "bytes");
  text.gauge("feed_sequence", "Sequence number of the newest event.", store.last_sequence);
  text.counter("leases_lost", "Leases that ended without their holder, in the file's whole life.",
               store.metrics.leases_lost);
  text.family("failures", "counter", "Tasks that failed, by kind, in the file's whole life.");
  for (std::size_t kind = 0; kind < store.metrics.failures.size(); ++kind)
    text.sample(std::to_string(store.metrics.failures[kind]),
                {label("kind", taskstate::contract::failure_kinds[kind])});
  text.histogram("waiting_seconds", "Time from a task's creation, or its not_before, to its start.",
                 store.metrics.waiting);
  text.histogram("running_seconds", "Time from the start of a task's latest attempt to its end.",
                 store.metrics.running);
  text.counter("commits", "Transactions that this process committed.", store.commits);
  text.counter("changes", "Changes in them.", store.changes);
  text.gauge("commit_group_size_max", "Most changes in one of them.", store.largest_group);
  text.counter("checkpoints", "Checkpoints that this process made.", store.checkpoints);
  text.counter("lock_waits", "Commits that waited for another process.", store.lock_waits);
  text.family("lock_wait_seconds", "counter", "How long they waited, in sum.", "seconds");
  text.sample(seconds(store.lock_wait_us));
  text.gauge("waiters", "Registrations that wait for a task, a change or something to claim.", stats.waiters);
  text.counter("cache_hits", "Status answers that were kept and current.", static_cast<std::int64_t>(stats.cache.hits));
  text.counter("cache_misses", "Status answers that were read.", static_cast<std::int64_t>(stats.cache.misses));
  text.gauge("cache_entries", "Answers that are kept.", static_cast<std::int64_t>(stats.cache.entries));
  text.gauge("cache_bytes", "Memory that they take.", static_cast<std::int64_t>(stats.cache.bytes), "bytes");
  text.gauge("leases_incomparable", "Leases on clocks that this process cannot compare with its own.",
             stats.store.leases_incomparable);
  text.gauge("lease_clocks_incomparable", "Those clocks.", stats.store.clocks_incomparable);
  text.gauge("expiry_paused", "1: the wall clock has leapt, and nothing expires by it.",
             stats.store.expiry_paused ? 1 : 0);
  text.family("engine", "info", "What the engine runs on.");
  text.sample("1", {label("durability", stats.durability == store::Durability::full ? "full" : "relaxed"),
                    label("lease_clock", stats.store.lease_clock), label("answer_proof", to_string(stats.proof)),
                    label("sqlite", store.engine), label("locks", store.locks)});
  return std::move(text).end();
}

}  // namespace tse::engine
