// Connections that only read: a few are kept, each used by one thread at a time.
#pragma once

#include "store/lock_order.hpp"
#include "store/sqlite/database.hpp"

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace tse::store::sqlite {

class ReaderPool {
 public:
  explicit ReaderPool(Database& database) : database_(database) {}

  /// A connection until the end of the scope. For a database in memory it is the only one there is. Throws
  /// Failure: busy, cancelled, moved, or what the gate says.
  class Lease {
   public:
    Lease(ReaderPool& pool, const Patience& patience);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    [[nodiscard]] Connection& connection() const noexcept { return *connection_; }

   private:
    ReaderPool& pool_;
    std::unique_lock<TransactionLock> alone_;  // for memory
    Connection* connection_;
  };

  /// Closes the idle connections; those in use close when they come back.
  void close() noexcept;
  /// Around fork(), so that the list is whole in the child.
  void hold() noexcept {
    enter(Rank::readers);
    mutex_.lock();
  }
  void resume() noexcept {
    mutex_.unlock();
    leave(Rank::readers);
  }

 private:
  static constexpr std::size_t most = 8;
  [[nodiscard]] Connection* acquire(const Patience& patience);
  void release(Connection* connection) noexcept;
  [[nodiscard]] std::unique_ptr<Connection> make(const Patience& patience) const;

  Database& database_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> all_;
  std::vector<Connection*> idle_;
  std::size_t opening_ = 0;
};

}  // namespace tse::store::sqlite
