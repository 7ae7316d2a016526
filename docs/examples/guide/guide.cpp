// The guide's examples in C++, in the order of its pages; the tests build and run them.
#include <taskstate/taskstate.hpp>
#include <taskstate/testing.hpp>

#include <poll.h>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

void check(bool condition, const char* what) {
  if (condition) return;
  std::cerr << "not so: " << what << '\n';
  std::exit(1);
}

std::string install(const std::string& inputs) { return "ins_" + std::to_string(inputs.size()); }
bool do_a_bit() { return false; }

void create(taskstate::Engine& tasks, const std::string& id, std::int64_t attempts = 1) {
  tasks.create({.zone_id = "z1", .id = id, .operation = "create", .payload = "{}", .max_attempts = attempts});
}

// ---- workers.md

void work_once(taskstate::Engine& tasks) {
  if (auto lease = tasks.claim({.worker = "w1", .lease = 30s})) {
    lease->complete({.install_id = install(lease->payload())});
  }  // a lease that goes out of scope without an outcome gives its task back
}

void work_for_long(taskstate::Engine& tasks, const taskstate::CancelToken& stop) try {
  for (;;) {
    auto lease = tasks.claim({.worker = "w1", .lease = 30s, .wait = 1h}, {.cancel = stop});
    if (!lease) continue;
    const taskstate::LeaseKeeper keeper(*lease);  // heartbeats, every ten seconds
    while (!keeper.stop_token().stop_requested() && do_a_bit()) {
    }
    if (keeper.lost()) continue;  // another worker has the task
    if (keeper.cancel_requested()) {
      lease->fail({.error_message = "Stopped as you asked."});
      continue;
    }
    lease->complete({.install_id = "ins_1"});
  }
} catch (const taskstate::Error& error) {
  if (error.code() != taskstate::Errc::cancelled) throw;  // stop was cancelled
}

void show_progress(taskstate::Lease& lease) {
  const auto beat =
      lease.heartbeat(taskstate::Link{.href = "#progress", .rel = "progress", .properties = R"({"percent":40})"});
  if (beat.cancel_requested) lease.fail({.error_message = "Stopped as you asked."});
}

void retry_later(taskstate::Engine& tasks) {
  tasks.create({.zone_id = "z1", .id = "flaky", .operation = "create", .max_attempts = 3});
  auto lease = tasks.claim();
  lease->release(1min);  // requeued in a minute, under a new epoch
  check(tasks.get("z1", "flaky")->status == taskstate::Status::running, "the client only sees running");
}

void batches(taskstate::Engine& tasks) {
  auto leases = tasks.claim_many(16, {.worker = "w1", .zones = {"z1", "z2"}, .operations = {"create"}});
  for (taskstate::Lease& lease : leases) lease.complete({.install_id = install(lease.payload())});
}

void named_tasks_and_tokens(taskstate::Engine& tasks) {
  taskstate::Lease lease = tasks.start_leased("z1", "named", {.worker = "w1", .lease = 5min});
  const std::string token = lease.token();        // hand it to another process ...
  taskstate::Lease adopted = tasks.lease(token);  // ... which goes on under the same lease
  adopted.annotate({.package_slug = "slug"});
  adopted.complete({.install_id = "ins_1"});
}

void in_an_event_loop(taskstate::Engine& tasks) {
  taskstate::Watch watch = tasks.watch();
  watch.claim({.zones = {"z1"}});
  pollfd ready{static_cast<int>(watch.descriptor()), POLLIN, 0};
  for (;;) {
    ::poll(&ready, 1, -1);  // your loop
    watch.reset();          // first this, then look
    if (auto lease = tasks.claim({.zones = {"z1"}})) return void(lease->complete({.install_id = "ins_1"}));
  }
}

// ---- batches.md

void create_many(taskstate::Engine& tasks, const std::vector<taskstate::NewTask>& specs) {
  for (const taskstate::Result& result : tasks.create_many(specs)) {
    if (result) continue;
    std::cerr << result.error->message() << '\n';  // this one was refused, and only this one
  }
}

void run_many(taskstate::Engine& tasks) {
  taskstate::Batch batch;
  batch.start("z1", "m1").complete("z1", "m1", {.install_id = "ins_1"});
  batch.start("z1", "m2").fail("z1", "m2", {.error_message = "The package is gone."});
  const auto results = tasks.run(batch);  // in order; each that succeeded is durable
  check(results[1].value().status == taskstate::Status::completed && results[3], "each has its own result");
}

// ---- results.md

void store_result(taskstate::Engine& tasks) {
  tasks.complete("z1", "report", {.result = "id,name\n", .media_type = "text/csv; charset=utf-8"});
  const taskstate::StoredResult report = tasks.result("z1", "report");  // .bytes .media_type
  check(report.bytes == "id,name\n", "what was stored is handed out");
}

// ---- cancellation.md

void cancel(taskstate::Engine& tasks) {
  tasks.cancel("z1", "waiting");                                      // nobody had begun: it fails at once
  tasks.cancel("z1", "working", {.reason = "Not wanted any more."});  // its worker hears of it
  tasks.cancel("z1", "working", {.force = true});                     // does not ask
}

// ---- deadlines.md

void give_up_waiting(taskstate::Engine& tasks) {
  try {
    tasks.start("z1", "urgent", {.timeout = 200ms});
  } catch (const taskstate::Error& error) {
    if (error.code() != taskstate::Errc::busy) throw;
    // guaranteed not applied: try again later
  }
}

void end_a_wait(taskstate::Engine& tasks) {
  const taskstate::CancelToken token;
  std::thread other([&token] { token.cancel(); });
  try {
    auto lease = tasks.claim({.wait = 1h}, {.cancel = token});
  } catch (const taskstate::Error& error) {
    check(error.code() == taskstate::Errc::cancelled, "cancelled, and certainly nothing claimed");
  }
  other.join();
}

void plan(taskstate::Engine& tasks) {
  const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  tasks.create({.zone_id = "z1",
                .id = "planned",
                .operation = "create",
                .not_before = now + 1h,   // no worker gets it earlier
                .start_within = 15min});  // and if none has begun a quarter of an hour later, it fails
}

// ---- processes.md

void limits(const std::string& path) {
  taskstate::Engine tasks(path, {.housekeeping = 500ms});
  const std::int64_t changed = tasks.tick();  // a round of housekeeping, now
  check(changed == 0, "nothing was due");
}

void reconfigure(const std::string& path) {
  taskstate::Engine tasks(path, {.reconfigure = true, .pending_limit = 1000});  // once, at deployment
  check(tasks.verify().ok, "the file holds its settings");
}

// ---- idempotency.md

void create_once(taskstate::Engine& tasks) {
  const taskstate::NewTask order{
      .zone_id = "z1", .operation = "create", .package_id = "pkg_1", .idempotency_key = "order-7"};
  const auto first = tasks.create(order);
  const auto again = tasks.create(order);
  check(again.replayed && again.id == first.id, "one task for one key");
}

void try_again(taskstate::Engine& tasks) {
  tasks.create({.zone_id = "z1", .id = "second-try", .operation = "create", .retry_of = "broken"});
}

// ---- your-tables.md

void with_statements(taskstate::Engine& tasks) {
  const auto record =
      taskstate::sql("INSERT INTO installs (id, task, at) VALUES (?, :taskstate_id, :taskstate_now)", "ins_1");
  tasks.complete("z1", "t1", {.install_id = "ins_1"}, {.also = {record}});
}

// ---- waiting.md

void wait_for_news(taskstate::Engine& tasks, const taskstate::Task& seen) {
  const auto task = tasks.wait("z1", "t1", seen.revision, 20s);
  check(task->revision > seen.revision, "the task has moved");
}

void handle(std::int64_t tag) { check(tag == 101, "the first task has moved"); }

void wait_for_many(taskstate::Engine& tasks) {
  taskstate::Watch watch = tasks.watch();
  watch.task("z1", "t1", 1, 101);             // past revision 1
  watch.task("z1", "t2", std::nullopt, 102);  // completed, failed or purged
  pollfd ready{static_cast<int>(watch.descriptor()), POLLIN, 0};
  ::poll(&ready, 1, -1);  // your loop
  watch.reset();
  for (const std::int64_t tag : watch.take()) handle(tag);
}

int long_poll(taskstate::Engine& tasks, const std::string& etag) {
  const auto answer = tasks.decide("z1", "t1", {.if_none_match = etag, .prefer = "wait=20"});
  return answer.status;
}

// ---- changes.md

void tell(const std::string& zone, const std::string& id, const std::string& kind) {
  std::cout << zone << '/' << id << ' ' << kind << '\n';
}

void follow(taskstate::Engine& tasks, std::optional<std::string>& kept_position) {
  taskstate::ChangesQuery from{.after = kept_position, .wait = 20s};
  const taskstate::Changes part = tasks.changes(from);
  for (const taskstate::Event& event : part.events) tell(event.zone_id, event.id, event.kind);
  kept_position = part.position;  // keep it after you have told them
}

// ---- retention.md

void clean_up(taskstate::Engine& tasks) {
  const std::int64_t removed = tasks.purge({.older_than = std::chrono::hours(24 * 30), .zone_id = "z1"});
  const bool was_there = tasks.erase("z1", "t1");
  check(removed == 0 && was_there, "nothing is that old");
}

// ---- backup.md

void copy(taskstate::Engine& tasks) {
  tasks.backup("nightly.db");
  const taskstate::Report report = taskstate::Engine("nightly.db").verify();
  check(report.ok, report.text.c_str());
}

// ---- upgrading.md

void upgrade() {
  const taskstate::Migration done = taskstate::migrate("catalog.db");
  check(done.from_schema == done.to_schema, "it is of this release");
}

// ---- monitoring.md

void respond(const std::string& type, const std::string& body) { std::cout << type << '\n' << body; }

bool clock_is_synchronized() { return true; }

void scrape(taskstate::Engine& tasks) {
  const taskstate::Stats stats = tasks.stats();
  respond("application/openmetrics-text; version=1.0.0; charset=utf-8", stats.text);
  if (tasks.stats().expiry_paused && clock_is_synchronized()) tasks.clock_ok();
}

void look_for_tasks(taskstate::Engine& tasks, const std::string& request_id) {
  const taskstate::Page lost = tasks.list({.statuses = {taskstate::Status::failed}, .failure_kind = "lost"});
  const taskstate::Page held = tasks.list({.worker = "w1"});
  const taskstate::Page asked = tasks.list({.client_request_id = request_id});
  check(lost.tasks.empty() && held.tasks.empty() && asked.tasks.empty(), "there are none of these");
}

void run_a_service() {
  taskstate::Engine tasks("service.db", {.longest_wait = 30s, .tombstones = std::chrono::hours(24)});
  create_once(tasks);
  create(tasks, "broken");
  tasks.start("z1", "broken");
  tasks.fail("z1", "broken", {.error_message = "It broke."});
  try_again(tasks);
  create(tasks, "t1");
  create(tasks, "t2");
  std::thread mover([&] {
    while (tasks.stats().waiters == 0) std::this_thread::yield();
    tasks.start("z1", "t1");
  });
  wait_for_news(tasks, *tasks.get("z1", "t1"));
  mover.join();
  wait_for_many(tasks);
  const int created = std::system("sqlite3 service.db 'CREATE TABLE installs (id, task, at)'");
  check(created == 0, "the host's own table");
  with_statements(tasks);
  check(long_poll(tasks, "\"old\"") == 303, "there is news");
  std::optional<std::string> kept_position;
  follow(tasks, kept_position);
  scrape(tasks);
  copy(tasks);
  clean_up(tasks);
  check(tasks.decide("z1", "t1").status == 410, "a tombstone says that there was one");
}

// ---- testing.md

void a_lost_worker() {
  taskstate::testing::ManualClock clock;
  taskstate::Engine tasks(":memory:", taskstate::testing::options(clock));
  tasks.create({.zone_id = "z1", .id = "t1", .operation = "create"});
  auto lease = tasks.claim({.worker = "w1", .lease = 1h});
  clock.advance(1h);
  tasks.tick();  // what the housekeeper does once a second
  check(tasks.get("z1", "t1")->failure_kind == "lost", "the lease has run out");
}

void a_reboot(const std::string& path) {
  taskstate::Engine before(path, {.housekeeping = 0s, .boot_id = "boot-1"});
  create(before, "t1");
  auto lease = before.claim({.lease = 24h});
  before.close();  // a boot that a living process uses is not over
  taskstate::Engine after(path, {.housekeeping = 0s, .boot_id = "boot-2"});
  check(after.tick() == 1, "no worker outlives its boot");
}

}  // namespace

int main() try {
  taskstate::Engine tasks("guide.db");
  create(tasks, "t1");
  work_once(tasks);
  create(tasks, "t2");
  const taskstate::CancelToken stop;
  std::thread worker([&] { work_for_long(tasks, stop); });
  while (tasks.get("z1", "t2")->status != taskstate::Status::completed) std::this_thread::yield();
  stop.cancel();
  worker.join();
  create(tasks, "t3");
  if (auto lease = tasks.claim()) {
    tasks.cancel("z1", "t3");
    show_progress(*lease);
  }
  retry_later(tasks);
  create(tasks, "t4");
  create(tasks, "t5");
  batches(tasks);
  create(tasks, "named");
  named_tasks_and_tokens(tasks);
  create(tasks, "m1");
  create_many(tasks, {{.zone_id = "z1", .id = "m1", .operation = "create"},
                      {.zone_id = "z1", .id = "m2", .operation = "create"}});
  run_many(tasks);
  create(tasks, "t6");
  in_an_event_loop(tasks);
  create(tasks, "working");
  auto lease = tasks.claim();
  create(tasks, "waiting");
  cancel(tasks);
  create(tasks, "report");
  tasks.start("z1", "report");
  store_result(tasks);
  create(tasks, "urgent");
  give_up_waiting(tasks);
  end_a_wait(tasks);
  plan(tasks);
  look_for_tasks(tasks, "req-1");
  limits("guide.db");
  reconfigure("guide.db");
  { const taskstate::Engine catalog("catalog.db"); }
  upgrade();
  run_a_service();
  a_lost_worker();
  a_reboot("guide-reboot.db");
  check(tasks.verify().ok, "the file is sound");
  std::cout << "C++: every example ran; " << tasks.decide("z1", "t1").status << '\n';
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
