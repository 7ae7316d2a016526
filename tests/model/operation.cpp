#include "operation.hpp"

#include <fmt/format.h>

#include <array>

namespace tse::model {
namespace {

/// Choices, one after the other, out of one number; 0 makes the plainest of each.
class Choices {
 public:
  explicit Choices(std::uint64_t number) : left_(number) {}

  std::size_t below(std::size_t count) {
    const std::size_t chosen = left_ % count;
    left_ /= count;
    return chosen;
  }
  bool one_in(std::size_t count) { return below(count) == count - 1; }
  template <class T, std::size_t N>
  const T& of(const std::array<T, N>& values) {
    return values.at(below(N));
  }

  Key key() {
    // Few keys, so that operations meet; now and then one that is none.
    static const std::array<const char*, 3> ids{"1", "2", "3"};
    const Key key{zone(), of(ids)};
    if (!one_in(64)) return key;
    return {key.zone, below(2) == 0 ? ".." : "not an id"};
  }
  std::string zone() {
    static const std::array<const char*, 4> zones{"a", "a", "b", "b"};
    return one_in(64) ? "no zone" : of(zones);
  }
  Text maybe_zone() { return below(2) == 0 ? Text() : Text(zone()); }

  Fields fields() {
    static const std::array<Text, 8> installs{{{}, {}, {}, {}, "i1", "i1", "i2", ".."}};
    static const std::array<Text, 6> packages{{{}, {}, {}, "p1", "p2", "p\n"}};
    static const std::array<std::int64_t, 6> versions{none, none, none, 1, (1LL << 53) - 1, 1LL << 53};
    static const std::array<const char*, 8> links{
        R"({"href":"/a","rel":"about"})",          R"({"href":"/a","rel":"about"})",
        R"({"href":"#b","rel":"about"})",          R"({"href":"/results/1","rel":"result"})",
        R"({"href":"/results/2","rel":"result"})", R"({"href":"#c","rel":"progress"})",
        R"({"href":"/a b","rel":"about"})",        R"({"href":"/d","rel":"about","properties":{"x":1.50}})"};
    static const char* const warning =
        R"({{"code":"conflict","details":[],"message":"w{}","path":"/p","request_id":"00000000-0000-4000-8000-000000000001","status":409,"timestamp":"2020-01-01T00:00:00.000Z"}})";
    Fields fields;
    if (one_in(2)) fields.install_id = of(installs);
    if (!one_in(3)) return fields;
    fields.package_id = of(packages);
    fields.package_slug = of(packages);
    fields.package_version = of(versions);
    for (std::size_t i = below(3); i > 0; --i) fields.links.emplace_back(of(links));
    if (one_in(4)) fields.warnings.push_back(fmt::format(fmt::runtime(warning), below(2)));
    // Enough of them that two such are too many.
    const std::size_t many = one_in(8) ? 40 : 0;
    const std::size_t from = many == 0 ? 0 : 40 * below(2);
    for (std::size_t i = from; i < from + many; ++i)
      fields.links.push_back(fmt::format(R"({{"href":"/many/{}","rel":"about"}})", i));
    return fields;
  }
  Call call() {
    static const std::array<Text, 4> requests{
        {"r", "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000a", {}}};
    Call call;
    if (!one_in(4)) return call;
    call.request_id = of(requests);
    if (one_in(2)) call.actor = "somebody";
    return call;
  }
  Us duration() {
    static const std::array<Us, 4> durations{none, 10 * second, hour, millisecond};
    return of(durations);
  }
  Text worker() {
    static const std::array<Text, 3> workers{{"w1", "w2", {}}};
    return of(workers);
  }
  std::optional<Back> back(std::size_t one_in_so_many) {
    return one_in(one_in_so_many) ? std::optional<Back>(below(4)) : std::nullopt;
  }
  /// By the lease, usually of late, or by the key.
  Target target() {
    const bool leased = one_in(2);
    return {leased ? Key{} : key(), leased ? std::optional<Back>(one_in(2) ? below(6) : 0) : std::nullopt};
  }

 private:
  std::uint64_t left_;
};

Create create(Choices& choose) {
  static const std::array<const char*, 6> operations{"create", "create", "create", "create", "delete", "unknown"};
  static const std::array<std::int64_t, 6> attempts{1, 2, 3, 1, 2, 0};
  static const std::array<Us, 4> delays{none, 10 * second, hour, none};
  NewTask spec;
  spec.key = choose.key();
  if (choose.one_in(8)) spec.key.id.clear();
  spec.max_attempts = choose.of(attempts);
  spec.operation = choose.one_in(3) ? choose.of(operations) : "create";
  if (choose.one_in(4)) {
    static const std::array<Text, 3> keys{{"k1", "k2", ""}};
    spec.idempotency_key = choose.of(keys);
  }
  if (choose.one_in(4)) {
    const Us delay = choose.of(delays);
    spec.not_before = delay == none ? none : 1577836800 * second + delay;
    spec.start_within = choose.of(delays);
  }
  if (choose.one_in(8)) spec.retry_of = choose.key().id;
  if (choose.one_in(4)) spec.payload = "payload";
  spec.fields = choose.fields();
  return {spec, choose.call()};
}

Update update(Choices& choose, bool failing) {
  static const std::array<Text, 4> messages{{"It broke.", "It broke.", "It broke again.", ""}};
  Update update;
  if (failing != choose.one_in(32)) update.error_message = choose.of(messages);
  if (failing && choose.one_in(3)) update.error_detail = "a stack trace";
  update.fields = choose.fields();
  return update;
}

List list(Choices& choose) {
  static const std::array<std::size_t, 4> limits{2, 1, 3, 50};
  List list;
  list.filter.zone = choose.zone();
  list.limit = choose.of(limits);
  (choose.one_in(2) ? list.before : list.after) = choose.back(2);
  list.with_total = choose.one_in(2);
  if (!choose.one_in(3)) return list;
  list.filter.statuses = static_cast<int>(choose.below(16));
  if (choose.one_in(3)) list.filter.operation = "create";
  if (choose.one_in(3)) list.filter.install_id = "i1";
  if (choose.one_in(3)) list.filter.package_id = "p1";
  if (choose.one_in(3)) list.filter.created_from = 1577836800 * second + second;
  if (choose.one_in(3)) list.filter.created_until = 1577836800 * second + hour;
  return list;
}

Decide decide(Choices& choose) {
  static const std::array<Text, 4> requests{{{}, {}, "00000000-0000-4000-8000-00000000000b", "no uuid"}};
  static const std::array<std::int32_t, 4> policies{TSE_COMPLETED_DEFAULT, TSE_COMPLETED_DEFAULT, TSE_COMPLETED_OK,
                                                    TSE_COMPLETED_SEE_OTHER};
  Decide decide{choose.key(), {}};
  decide.tag = choose.back(2);
  decide.weak = choose.one_in(3);
  decide.request.head = choose.one_in(4);
  decide.request.client_request_id = choose.of(requests);
  decide.request.completed = choose.of(policies);
  if (choose.one_in(8)) decide.request.if_none_match.emplace_back("*");
  if (choose.one_in(4)) decide.request.path = "/some/path";
  return decide;
}

Advance advance(Choices& choose) {
  static const std::array<Us, 12> steps{1,        500 * millisecond, second,  10 * second, 30 * second, 60 * second,
                                        hour + 1, 25 * hour,         8 * day, -second,     -hour,       0};
  return {choose.of(steps)};
}

ClaimSpec claim(Choices& choose) {
  ClaimSpec spec;
  spec.worker = choose.worker();
  spec.lease = choose.duration();
  spec.limit = choose.one_in(2) ? 1 + static_cast<std::int64_t>(choose.below(4)) : 1;
  if (choose.one_in(3)) spec.zones = {choose.below(2) == 0 ? "a" : "b"};
  if (choose.one_in(4)) spec.operations = {choose.below(2) == 0 ? "create" : "delete"};
  return spec;
}

Heartbeat heartbeat(Choices& choose) {
  static const std::array<Text, 4> progress{
      {{}, {}, R"({"href":"#half","rel":"progress"})", R"({"href":"#done","rel":"progress"})"}};
  return {choose.one_in(2) ? choose.below(6) : 0, choose.duration(), choose.of(progress)};
}

Release release(Choices& choose) {
  static const std::array<Us, 3> delays{0, 10 * second, hour};
  return {choose.one_in(2) ? choose.below(6) : 0, choose.of(delays)};
}

ReadChanges read_changes(Choices& choose) {
  static const std::array<std::size_t, 3> limits{100, 2, 1};
  ReadChanges read;
  read.after = choose.back(2);
  if (!read.after && choose.one_in(4)) read.flags = TSE_CHANGES_LATEST;
  if (read.after && choose.one_in(4)) read.flags = TSE_CHANGES_ALLOW_GAP;
  read.limit = choose.of(limits);
  read.zone = choose.maybe_zone();
  return read;
}

Purge purge(Choices& choose) {
  static const std::array<Us, 3> ages{0, second, hour};
  return {choose.maybe_zone(), choose.of(ages), choose.one_in(3) ? 1 : 0};
}

using Make = Action (*)(Choices&);

// As often as they stand here.
const std::array<Make, 64>& kinds() {
  static const auto all = [] {
    std::array<Make, 64> table{};
    std::size_t next = 0;
    const auto put = [&](std::size_t times, Make make) {
      for (; times > 0; --times) table.at(next++) = make;
    };
    put(13, [](Choices& choose) -> Action { return create(choose); });
    put(3, [](Choices& choose) -> Action { return Start{choose.key(), choose.call()}; });
    put(3, [](Choices& choose) -> Action {
      return StartLeased{choose.key(), choose.worker(), choose.duration(), choose.call()};
    });
    put(7, [](Choices& choose) -> Action { return Claim{claim(choose), choose.call()}; });
    put(3, [](Choices& choose) -> Action { return Annotate{choose.target(), update(choose, false), choose.call()}; });
    put(6, [](Choices& choose) -> Action { return Complete{choose.target(), update(choose, false), choose.call()}; });
    put(4, [](Choices& choose) -> Action { return Fail{choose.target(), update(choose, true), choose.call()}; });
    put(3, [](Choices& choose) -> Action {
      static const std::array<Text, 3> reasons{{{}, "Not wanted.", ""}};
      return Cancel{choose.key(), choose.one_in(2), choose.of(reasons), choose.call()};
    });
    put(3, [](Choices& choose) -> Action { return heartbeat(choose); });
    put(2, [](Choices& choose) -> Action { return release(choose); });
    put(5, [](Choices& choose) -> Action { return advance(choose); });
    put(2, [](Choices&) -> Action { return Tick{}; });
    put(1, [](Choices& choose) -> Action { return Get{choose.key(), choose.one_in(2)}; });
    put(1, [](Choices& choose) -> Action { return History{choose.key()}; });
    put(2, [](Choices& choose) -> Action { return list(choose); });
    put(2, [](Choices& choose) -> Action { return read_changes(choose); });
    put(3, [](Choices& choose) -> Action { return decide(choose); });
    // What is rare shares a place.
    put(1, [](Choices& choose) -> Action {
      switch (choose.below(4)) {
        case 0: return purge(choose);
        case 1: return Erase{choose.key()};
        case 2: return Count{choose.maybe_zone()};
        default: return Batch{2 + choose.below(3)};
      }
    });
    return table;
  }();
  return all;
}

}  // namespace

Setup setup_of(std::uint64_t number) {
  Choices choose(number);
  static const std::array<std::int64_t, 4> limits{0, 0, 1, 2};
  static const std::array<Us, 4> retentions{0, 0, 10 * second, hour};
  Setup setup;
  setup.in_memory = choose.one_in(3);
  setup.engines = setup.in_memory || !choose.one_in(3) ? 1 : 2;
  Options& options = setup.options;
  options.pending_limit = choose.of(limits);
  options.running_limit = choose.of(limits);
  options.retention = choose.of(retentions);
  options.tombstones = choose.of(retentions);
  if (choose.one_in(2)) options.idempotency_retention = 10 * second;
  if (choose.one_in(2)) options.feed_retention = hour;
  options.adopt_request_id = choose.one_in(2);
  options.completed = choose.one_in(4) ? TSE_COMPLETED_OK : TSE_COMPLETED_SEE_OTHER;
  return setup;
}

Operation operation_of(std::uint64_t number) {
  Choices choose(number);
  // Now and then something that touches the file itself.
  if (choose.one_in(64)) {
    const std::size_t kind = choose.below(3);
    const std::size_t engine = choose.below(2);
    if (kind == 0) return {Reopen{}, engine};
    if (kind == 1) return {Checkpoint{}, engine};
    return {Restore{}, engine};
  }
  const std::size_t engine = choose.below(2);
  return {choose.of(kinds())(choose), engine};
}

}  // namespace tse::model
