#include "store/sqlite/lineage.hpp"

#include "core/no_destructor.hpp"

#include <algorithm>
#include <string_view>

namespace tse::store::sqlite {

using core::Code;
using core::Failure;

Generation random_generation() noexcept {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, 16> bytes{};
  sqlite3_randomness(bytes.size(), bytes.data());
  Generation generation{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    generation[2 * i] = digits[bytes[i] >> 4];
    generation[2 * i + 1] = digits[bytes[i] & 15];
  }
  return generation;
}

std::string to_string(const Generation& generation) { return {generation.begin(), generation.end()}; }

Origin read_origin(Connection& connection, Intent intent) {
  static const core::NoDestructor<Sql> sql(
      "SELECT min_reader, min_writer, generation, purged_through, feed_floor, seq, mark, "
      "(SELECT value FROM taskstate_settings WHERE name = 'stamp') FROM taskstate_meta "
      "LEFT JOIN taskstate_events ON seq = (SELECT max(seq) FROM taskstate_events) WHERE one = 1");
  Query query(connection, *sql);
  if (!query.step()) throw Failure(Code::corrupt, "taskstate_meta has no row");
  check_minimum(query.integer(0));  // who writes reads, too
  if (intent == Intent::write) check_minimum(query.integer(1));
  Origin origin;
  const std::string_view generation = query.view(2);
  // Where it is damaged, it is another one than was known, and verify says what is wrong.
  std::copy_n(generation.begin(), std::min(generation.size(), origin.generation.size()), origin.generation.begin());
  origin.purged_through = query.integer(3);
  origin.feed_floor = query.integer(4);
  origin.settings = query.integer(7);
  if (!query.is_null(5)) origin.newest = {query.integer(5), query.integer(6)};
  return origin;
}

// A purged event leaves an event of its purge behind it, and that it is gone is said by purged_through.
bool has_landmark(Connection& connection, const Origin& origin, const Landmark& landmark) {
  if (landmark.sequence == 0 || landmark == origin.newest) return true;
  if (landmark.sequence >= origin.newest.sequence) return false;
  static const core::NoDestructor<Sql> sql("SELECT mark FROM taskstate_events WHERE seq = ?1");
  Query query(connection, *sql);
  query.bind(1, landmark.sequence);
  if (!query.step()) return landmark.sequence <= origin.purged_through;
  return query.integer(0) == landmark.mark;
}

bool is_settled(Connection& connection, const Origin& origin, const Mark& mark) {
  if (mark.generation == Generation{}) return true;
  return mark.generation == origin.generation && has_landmark(connection, origin, mark.newest);
}

void set_generation(Connection& connection, const Generation& generation) {
  const std::string text = to_string(generation);
  Query(connection, "UPDATE taskstate_meta SET generation = ?1 WHERE one = 1").bind(1, text).run();
}

void Lineage::begin(const Generation& generation, const Landmark& newest) {
  const std::lock_guard lock(mutex_);
  file_ = own_ = generation;
  newest_ = newest;
}

Lineage::Known Lineage::known() const {
  const std::lock_guard lock(mutex_);
  return {file_, newest_, content_};
}

void Lineage::replace(const Landmark& newest) {
  ++content_;
  newest_ = newest;
  untold_ = true;
}

std::optional<Generation> Lineage::observe(const Known& before, const Origin& found, bool has_newest) {
  const std::lock_guard lock(mutex_);
  if (before.content != content_ || before.file != file_) return std::nullopt;
  if (found.generation == file_) {
    if (has_newest) {
      if (found.newest.sequence > newest_.sequence) newest_ = found.newest;
    } else {
      replace(found.newest);
      own_ = random_generation();
    }
    return own_;
  }
  const bool was_noticed = own_ != file_;  // then it is the new generation that was missing
  file_ = own_ = found.generation;
  if (renewing_ == found.generation) return own_;
  const bool told = !untold_;
  replace(found.newest);
  if (was_noticed && told) untold_ = false;
  may_be_unsettled_ = true;
  return own_;
}

std::optional<Generation> Lineage::to_renew(bool settled) {
  const std::lock_guard lock(mutex_);
  const bool was_noticed = std::exchange(may_be_unsettled_, false);
  if (own_ == file_) {
    if (settled) return std::nullopt;
    if (!was_noticed) replace(newest_);
    own_ = random_generation();
  }
  renewing_ = own_;
  return own_;
}

void Lineage::renewed(const Generation& generation) {
  const std::lock_guard lock(mutex_);
  file_ = own_ = generation;
}

void Lineage::committed(const Known& before, const Landmark& newest) {
  const std::lock_guard lock(mutex_);
  if (before.content == content_ && newest.sequence > newest_.sequence) newest_ = newest;
}

void Lineage::compared(const Stamp& state) {
  const std::lock_guard lock(mutex_);
  compared_ = state;
}

bool Lineage::is_compared(const Stamp& state) const {
  const std::lock_guard lock(mutex_);
  return compared_ == state;
}

Generation Lineage::generation() const {
  const std::lock_guard lock(mutex_);
  return own_;
}

std::uint64_t Lineage::content() const {
  const std::lock_guard lock(mutex_);
  return content_;
}

bool Lineage::is_unsettled() const {
  const std::lock_guard lock(mutex_);
  return own_ != file_ || may_be_unsettled_;
}

bool Lineage::tell() {
  const std::lock_guard lock(mutex_);
  return std::exchange(untold_, false);
}

}  // namespace tse::store::sqlite
