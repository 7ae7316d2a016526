#include "engine/answer_cache.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <new>
#include <random>
#include <utility>

namespace tse::engine {
namespace {

constexpr std::size_t usual_entry = 512;
constexpr std::size_t most_moves = 4096;   // after more than these all is dropped
constexpr std::size_t fresh_share = 10;    // the short queue's part of the budget
constexpr std::size_t unfreed_share = 16;  // so much of it may wait to be freed before anybody looks
constexpr std::uint8_t asked_again = 2;    // how often newcomers are to be asked for, to be kept

std::size_t table_size(std::size_t budget) { return std::bit_ceil(std::max<std::size_t>(budget / usual_entry, 16)); }

std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

void AnswerCache::FreeEntry::operator()(Entry* entry) const noexcept {
  entry->~Entry();
  ::operator delete(entry);
}

AnswerCache::AnswerCache(store::Store& store, std::size_t budget, FollowSettings follow)
    : store_(store),
      follow_(std::move(follow)),
      budget_(budget),
      mask_(table_size(budget) - 1),
      seed_(random_seed()),
      buckets_(mask_ + 1),
      open_(budget > 0 && store.traits().proof != store::Proof::none),
      remembered_(mask_ + 1) {}

AnswerCache::~AnswerCache() {
  close();
  for (Queue* queue : {&fresh_, &lasting_, &removed_, &leaving_}) queue->clear_and_dispose(FreeEntry());
}

bool AnswerCache::Published::is(const store::Stamp& stamp) const noexcept {
  const std::uint64_t turn = turn_.load(std::memory_order_acquire);
  if (turn == 0 || turn % 2 != 0) return false;
  for (std::size_t i = 0; i < words_.size(); ++i)
    if (words_[i].load(std::memory_order_acquire) != stamp.words[i]) return false;
  return turn_.load(std::memory_order_relaxed) == turn;
}

// Each word is stored with release, so that whoever sees one sees what was dropped before, and the odd turn.
void AnswerCache::Published::store(const store::Stamp& stamp) noexcept {
  const std::uint64_t turn = turn_.load(std::memory_order_relaxed);
  turn_.store(turn + 1, std::memory_order_relaxed);
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i].store(stamp.words[i], std::memory_order_release);
  turn_.store(turn + 2, std::memory_order_release);
}

std::uint64_t AnswerCache::hash(core::KeyView key) const noexcept {
  return XXH3_64bits_withSeed(key.id.data(), key.id.size(),
                              XXH3_64bits_withSeed(key.zone_id.data(), key.zone_id.size(), seed_));
}

AnswerCache::Entry* AnswerCache::look(core::KeyView key, std::uint64_t hash) const noexcept {
  Entry* entry = bucket(hash).load();
  while (entry != nullptr && (entry->hash != hash || entry->key.id != key.id || entry->key.zone_id != key.zone_id))
    entry = entry->next.load();
  return entry;
}

// Without a reader's section the store could close meanwhile, and take along what the stamp is read from.
std::optional<store::Stamp> AnswerCache::current() const noexcept {
  const ReaderSlots::Section inside(readers_);
  return open_.load() ? store_.stamp() : std::nullopt;
}

std::optional<store::Stamp> AnswerCache::proven() const noexcept {
  const std::optional<store::Stamp> now = current();
  return now && published_.is(*now) ? now : std::nullopt;
}

// The stamp first, then the news: what is committed in between may be dropped already, and will be looked at again.
bool AnswerCache::catch_up(const store::Patience& patience) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return false;
  const std::optional<store::Stamp> now = current();
  if (!now) return false;
  if (right_for_ == now) return true;
  const store::News news = store_.news(seen_, most_moves, patience);
  // Whoever sees the table proven must see the settings of that state: what is rendered by others is not kept.
  if (follow_) follow_(news.settings, patience);
  if (news.is_complete() && news.content == content_ && news.settings == settings_) {
    for (const store::Move& move : news.moved) drop({move.key.zone_id, move.key.id});
  } else {
    drop_all();
  }
  seen_ = news.latest;
  content_ = news.content;
  settings_ = news.settings;
  right_for_ = now;
  published_.store(*now);
  reclaim();
  return true;
}

void AnswerCache::keep(const store::Stamp& read_in, core::KeyView key, const core::Representation& answer) noexcept {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock || !open_.load() || right_for_ != read_in) return;  // it may have moved since it was read
  if (unfreed_bytes_ > budget_ / unfreed_share) reclaim();
  if (unfreed_bytes_ > budget_) return;
  const std::uint64_t hash = this->hash(key);
  if (look(key, hash) != nullptr) return;
  if (Owned entry = make(key, hash, answer)) insert(std::move(entry));
  make_room();
}

AnswerCache::Owned AnswerCache::make(core::KeyView key, std::uint64_t hash,
                                     const core::Representation& answer) const noexcept {
  const std::size_t size = sizeof(Entry) + key.zone_id.size() + key.id.size() + answer.etag.size() +
                           answer.location.size() + answer.body.size();
  if (size > budget_ / fresh_share) return nullptr;
  void* const memory = ::operator new(size, std::nothrow);
  if (memory == nullptr) return nullptr;
  Owned entry(new (memory) Entry);
  char* end = static_cast<char*>(memory) + sizeof(Entry);
  const auto copy = [&end](std::string_view text) {
    char* const begin = end;
    end = std::copy(text.begin(), text.end(), begin);
    return std::string_view(begin, text.size());
  };
  entry->hash = hash;
  entry->size = size;
  entry->answer = answer;
  entry->key = {copy(key.zone_id), copy(key.id)};
  entry->answer.etag = copy(answer.etag);
  entry->answer.location = copy(answer.location);
  entry->answer.body = copy(answer.body);
  return entry;
}

void AnswerCache::insert(Owned entry) noexcept {
  entry->lasts = is_remembered(entry->hash);
  (entry->lasts ? lasting_bytes_ : fresh_bytes_) += entry->size;
  (entry->lasts ? lasting_ : fresh_).push_back(*entry);
  std::atomic<Entry*>& head = bucket(entry->hash);
  entry->next.store(head.load());
  head.store(entry.release());
}

void AnswerCache::remove(Entry& entry) noexcept {
  std::atomic<Entry*>* link = &bucket(entry.hash);
  while (link->load() != &entry) link = &link->load()->next;
  link->store(entry.next.load());
  (entry.lasts ? lasting_bytes_ : fresh_bytes_) -= entry.size;
  unfreed_bytes_ += entry.size;
  Queue& queue = entry.lasts ? lasting_ : fresh_;
  removed_.splice(removed_.end(), queue, Queue::s_iterator_to(entry));
}

// What was asked for more than once will be again, so its next version need not prove itself.
void AnswerCache::drop(core::KeyView key) noexcept {
  const std::uint64_t hash = this->hash(key);
  Entry* const entry = look(key, hash);
  if (entry == nullptr) return;
  if (entry->lasts || entry->uses.load(std::memory_order_relaxed) >= asked_again) remember(hash);
  remove(*entry);
}

void AnswerCache::drop_all() noexcept {
  for (Queue* queue : {&fresh_, &lasting_})
    while (!queue->empty()) remove(queue->front());
}

void AnswerCache::make_room() noexcept {
  while (fresh_bytes_ + lasting_bytes_ > budget_) {
    Queue& queue = fresh_bytes_ > budget_ / fresh_share || lasting_.empty() ? fresh_ : lasting_;
    Entry& oldest = queue.front();
    const auto uses = oldest.uses.load(std::memory_order_relaxed);
    if (oldest.lasts && uses > 0) {
      oldest.uses.store(static_cast<std::uint8_t>(uses - 1), std::memory_order_relaxed);
      lasting_.splice(lasting_.end(), lasting_, lasting_.begin());
    } else if (!oldest.lasts && uses >= asked_again) {
      oldest.uses.store(0, std::memory_order_relaxed);
      oldest.lasts = true;
      fresh_bytes_ -= oldest.size;
      lasting_bytes_ += oldest.size;
      lasting_.splice(lasting_.end(), fresh_, fresh_.begin());
    } else {
      if (!oldest.lasts) remember(oldest.hash);
      remove(oldest);
    }
  }
}

// Whoever comes later takes the place; so only what left lately is remembered, and nothing need be forgotten.
void AnswerCache::remember(std::uint64_t hash) noexcept {
  remembered_[hash & mask_] = static_cast<std::uint32_t>(hash >> 32) | 1U;
}

bool AnswerCache::is_remembered(std::uint64_t hash) const noexcept {
  return remembered_[hash & mask_] == (static_cast<std::uint32_t>(hash >> 32) | 1U);
}

// Never waits: what a reader may still look at is freed another time.
void AnswerCache::reclaim() noexcept {
  for (;;) {
    awaited_ = readers_.occupied(awaited_);
    if (awaited_ != 0) return;
    leaving_.clear_and_dispose([this](Entry* entry) {
      unfreed_bytes_ -= entry->size;
      FreeEntry()(entry);
    });
    if (removed_.empty()) return;
    leaving_.swap(removed_);
    awaited_ = ReaderSlots::all;
  }
}

void AnswerCache::close() noexcept {
  open_.store(false);
  readers_.drain();
}

AnswerCache::Figures AnswerCache::figures() const {
  const std::lock_guard lock(mutex_);
  return {readers_.hits(), misses_.load(std::memory_order_relaxed), fresh_.size() + lasting_.size(),
          fresh_bytes_ + lasting_bytes_};
}

}  // namespace tse::engine
