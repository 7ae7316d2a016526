// The same durable changes on Redis, each in one script: the guard, the task's hash, a line of its zone's history.
//   redis [callers...]      (1 8 32)
// TSE_BENCH_SECONDS for each (3), TSE_BENCH_ROUNDS (5). A server of its own, on a UNIX socket, with its append-only
// file in TSE_BENCH_DIRECTORY or the working directory and an fsync before each reply (--appendfsync always).
#include "bench/support/load.hpp"

#include <hiredis/hiredis.h>

#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Free {
  void operator()(redisContext* context) const noexcept { redisFree(context); }
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using Connection = std::unique_ptr<redisContext, Free>;
using Reply = std::unique_ptr<redisReply, Free>;

class Server {
 public:
  Server() : socket_(directory_.file("redis.sock")) {
    child_ = ::fork();
    if (child_ == 0) {
      const std::string directory = directory_.file("");
      ::execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", socket_.c_str(), "--dir",
               directory.c_str(), "--appendonly", "yes", "--appendfsync", "always", "--save", "", "--logfile",
               directory_.file("log").c_str(), static_cast<char*>(nullptr));
      ::_exit(127);
    }
    for (int tries = 0; !is_up(); ++tries) {
      if (tries == 1000 || ::waitpid(child_, nullptr, WNOHANG) != 0) bench::give_up("redis-server does not start");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  ~Server() {
    ::kill(child_, SIGTERM);
    ::waitpid(child_, nullptr, 0);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] Connection connect() const {
    Connection connection(redisConnectUnix(socket_.c_str()));
    if (!connection || connection->err != 0) return nullptr;
    return connection;
  }

 private:
  [[nodiscard]] bool is_up() const {
    const Connection connection = connect();
    if (!connection) return false;
    const Reply reply(static_cast<redisReply*>(redisCommand(connection.get(), "PING")));
    return reply && reply->type == REDIS_REPLY_STATUS;
  }
  bench::Directory directory_;
  std::string socket_;
  pid_t child_ = 0;
};

// KEYS: the task, its zone's history. ARGV: the id, the time.
constexpr const char* create = R"(
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'status', 'pending', 'revision', 1, 'operation', 'create', 'package_id', 'pkg_1',
  'created_at', ARGV[2], 'updated_at', ARGV[2])
redis.call('XADD', KEYS[2], '*', 'id', ARGV[1], 'kind', 'created', 'to', 'pending', 'revision', 1)
return 1)";

constexpr const char* start = R"(
if redis.call('HGET', KEYS[1], 'status') ~= 'pending' then return 0 end
redis.call('HSET', KEYS[1], 'status', 'running', 'updated_at', ARGV[2])
local revision = redis.call('HINCRBY', KEYS[1], 'revision', 1)
redis.call('XADD', KEYS[2], '*', 'id', ARGV[1], 'kind', 'started', 'from', 'pending', 'to', 'running', 'revision', revision)
return 1)";

constexpr const char* complete = R"(
if redis.call('HGET', KEYS[1], 'status') ~= 'running' then return 0 end
redis.call('HSET', KEYS[1], 'status', 'completed', 'install_id', 'ins_1', 'updated_at', ARGV[2])
local revision = redis.call('HINCRBY', KEYS[1], 'revision', 1)
redis.call('XADD', KEYS[2], '*', 'id', ARGV[1], 'kind', 'completed', 'from', 'running', 'to', 'completed', 'revision',
  revision)
return 1)";

std::vector<std::string> load_scripts(const Server& server) {
  const Connection connection = server.connect();
  if (!connection) bench::give_up("cannot connect to Redis");
  std::vector<std::string> digests;
  for (const char* script : {create, start, complete}) {
    const Reply reply(static_cast<redisReply*>(redisCommand(connection.get(), "SCRIPT LOAD %s", script)));
    if (!reply || reply->type != REDIS_REPLY_STRING) bench::give_up("Redis takes no script");
    digests.emplace_back(reply->str, reply->len);
  }
  return digests;
}

void measure(std::size_t callers) {
  const Server server;
  const std::vector<std::string> scripts = load_scripts(server);
  const double seconds = bench::seconds_each();
  bench::Samples samples(4'000'000);
  const auto make = [&](std::size_t caller) -> std::function<bool()> {
    const std::shared_ptr<redisContext> connection(server.connect());
    if (!connection) bench::give_up("cannot connect to Redis");
    const std::string zone = "zone-" + std::to_string(caller % 10);
    return [&, connection, zone, caller, id = std::string(), step = std::size_t{0}]() mutable {
      if (step % 3 == 0) id = std::to_string(caller) + "-" + std::to_string(step);
      const std::string task = "task:" + zone + ":" + id;
      const std::string history = "history:" + zone;
      const auto now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::microseconds(1);
      const Reply reply(static_cast<redisReply*>(redisCommand(connection.get(), "EVALSHA %s 2 %s %s %s %lld",
                                                              scripts[step % 3].c_str(), task.c_str(), history.c_str(),
                                                              id.c_str(), static_cast<long long>(now))));
      if (!reply) bench::give_up("Redis is gone");
      if (reply->type != REDIS_REPLY_INTEGER || reply->integer != 1) return false;
      ++step;
      return true;
    };
  };
  bench::run_callers(samples, 1, callers, seconds, [&] { return bench::MakeAct(make); });
  bench::print(callers == 1 ? "alone" : std::to_string(callers), "redis", samples, seconds);
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<std::size_t> cases{1, 8, 32};
  if (count > 1) {
    cases.clear();
    for (int i = 1; i < count; ++i) cases.push_back(std::strtoul(arguments[i], nullptr, 10));
  }
  for (std::int64_t round = 0; round < bench::setting("TSE_BENCH_ROUNDS", 5); ++round)
    for (const std::size_t callers : cases) measure(callers);
  return 0;
}
