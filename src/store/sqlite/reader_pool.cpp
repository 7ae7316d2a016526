#include "store/sqlite/reader_pool.hpp"

#include <algorithm>
#include <utility>

namespace tse::store::sqlite {

ReaderPool::Lease::Lease(ReaderPool& pool, const Patience& patience) : pool_(pool), connection_(nullptr) {
  Database& database = pool_.database_;
  if (database.memory) {
    database.transaction.lock(patience);
    alone_ = std::unique_lock(database.transaction, std::adopt_lock);
    connection_ = database.writer.get();
    return;
  }
  database.require_recent_identity();
  connection_ = pool_.acquire(patience);
  connection_->wait_until(patience.until);
}

ReaderPool::Lease::~Lease() {
  if (!alone_) pool_.release(connection_);
}

std::unique_ptr<Connection> ReaderPool::make(const Patience& patience) const {
  // In WAL mode even a reader may have to write: to the -shm file, when it is the first after a crash.
  const bool read_only = database_.read_only();
  auto connection = std::make_unique<Connection>(file_uri(database_.paths.database, database_.read_parameters()),
                                                 read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  connection->wait_until(patience.until);
  connection->configure();
  connection->execute("PRAGMA query_only = ON", "configure the connection");
  // Maps the log's index: the mapping that Database::stamp() reads lasts as long as any connection that has it.
  (void)connection->integer("SELECT count(*) FROM sqlite_schema WHERE 0");
  return connection;
}

Connection* ReaderPool::acquire(const Patience& patience) {
  std::unique_lock lock(mutex_);
  while (idle_.empty() && all_.size() + opening_ >= most) {
    database_.gate.require();
    if (returned_.wait_until(lock, patience.next_look()) == std::cv_status::timeout && idle_.empty())
      patience.require("other reads of this process took until the deadline");
  }
  database_.gate.require();
  if (!idle_.empty()) {
    Connection* connection = idle_.back();
    idle_.pop_back();
    return connection;
  }
  // Room is made first, so that giving back can never fail.
  all_.reserve(most);
  idle_.reserve(most);
  ++opening_;
  lock.unlock();
  std::unique_ptr<Connection> made;
  try {
    made = make(patience);
  } catch (...) {
    lock.lock();
    --opening_;
    returned_.notify_one();
    throw;
  }
  lock.lock();
  --opening_;
  database_.gate.require();  // closed meanwhile, what was mapped may be another mapping than that of stamp()
  all_.push_back(std::move(made));
  return all_.back().get();
}

void ReaderPool::release(Connection* connection) noexcept {
  const std::lock_guard lock(mutex_);
  // Want of memory can leave a transaction open, which would hold the log.
  if (database_.gate.closed() || connection->in_transaction()) {
    std::erase_if(all_, [&](const auto& each) { return each.get() == connection; });
  } else {
    idle_.push_back(connection);
  }
  returned_.notify_one();
}

void ReaderPool::close() noexcept {
  const std::lock_guard lock(mutex_);
  for (Connection* idle : idle_) std::erase_if(all_, [&](const auto& each) { return each.get() == idle; });
  idle_.clear();
  returned_.notify_all();
}

}  // namespace tse::store::sqlite
