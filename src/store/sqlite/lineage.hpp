// Whether what the file holds is still what the engine has seen grow, or was replaced by SQL (.restore, page copies).
//
// A file that goes on only ever adds events; so the newest event that was seen is there as long as the content is the
// same, or a purge has taken it. Whoever finds another one in its place, or none, or another generation, knows that the
// content was replaced. It then gives the file a new generation, which makes void all that was given out before: what
// the replaced content gave out and what this one will give out may have equal numbers.
//
// docs/internals/file-format.md says what of it stands in the sidecar, docs/internals/coherence.md what it is good for.
#pragma once

#include "store/sqlite/connection.hpp"
#include "store/sqlite/migrate.hpp"

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace tse::store::sqlite {

/// 16 random bytes as hex.
using Generation = std::array<char, 32>;
[[nodiscard]] Generation random_generation() noexcept;
[[nodiscard]] std::string to_string(const Generation& generation);

/// An event by which a content is known again; none before the first event.
struct Landmark {
  std::int64_t sequence = 0;
  std::int64_t mark = 0;  ///< random, and of this event alone
  bool operator==(const Landmark&) const = default;
};

/// What one snapshot says of the content it is of.
struct Origin {
  Generation generation{};
  Landmark newest;
  std::int64_t purged_through = 0;
  std::int64_t feed_floor = 0;
  std::int64_t settings = 0;  ///< their stamp
};
/// The first statement of every transaction: also looks whether this engine may read, or write, what is there. Throws
/// Failure: schema_too_new, corrupt.
[[nodiscard]] Origin read_origin(Connection& connection, Intent intent);
/// Whether a landmark that was seen earlier stands in the snapshot, or was purged since.
[[nodiscard]] bool has_landmark(Connection& connection, const Origin& origin, const Landmark& landmark);

/// What the sidecar says of the content beside it. Engines write it under the write lock, SQL cannot.
struct Mark {
  Generation generation{};  ///< zeroes: nothing was said yet
  Landmark newest;          ///< that is on the disk
  bool operator==(const Mark&) const = default;
};

/// Whether the content is what engines have made of it, as far as the mark says.
[[nodiscard]] bool is_settled(Connection& connection, const Origin& origin, const Mark& mark);
/// Throws Failure.
void set_generation(Connection& connection, const Generation& generation);

/// What one engine knows of the content. Any thread.
class Lineage {
 public:
  /// As it was before a snapshot was taken: all of it can be found there, unless the content was replaced.
  struct Known {
    Generation file{};  ///< what stands in the file
    Landmark newest;
    std::uint64_t content = 0;
  };
  void begin(const Generation& generation, const Landmark& newest);
  [[nodiscard]] Known known() const;

  /// Compares a snapshot with what was known before it. The generation that tokens of this content carry; nothing if
  /// somebody has noticed something meanwhile: know again, and take a new snapshot.
  [[nodiscard]] std::optional<Generation> observe(const Known& before, const Origin& found, bool has_newest);

  /// The generation to write, if the content was replaced and nobody has written one. `settled`: what stands in the
  /// file is what the engines that have it open have made of it.
  [[nodiscard]] std::optional<Generation> to_renew(bool settled);
  /// Its transaction has ended well.
  void renewed(const Generation& generation);
  /// A commit has added events to what was known.
  void committed(const Known& before, const Landmark& newest);

  /// In that state the content was compared with what was known.
  void compared(const Stamp& state);
  [[nodiscard]] bool is_compared(const Stamp& state) const;

  /// What tokens carry now.
  [[nodiscard]] Generation generation() const;
  /// How often the content was replaced under this engine.
  [[nodiscard]] std::uint64_t content() const;
  /// Whether a new generation is to be written, or may be.
  [[nodiscard]] bool is_unsettled() const;
  /// True once for each time: then the host is to be told.
  [[nodiscard]] bool tell();

 private:
  void replace(const Landmark& newest);

  mutable std::mutex mutex_;
  Generation file_{};                   // what stands in the file
  Generation own_{};                    // what tokens carry: another one as long as it is not written yet
  std::optional<Generation> renewing_;  // stands in the file, or will in a moment
  Landmark newest_;
  std::optional<Stamp> compared_;
  std::uint64_t content_ = 0;
  bool may_be_unsettled_ =
      false;  // another generation was found, and whose it is can be told under the write lock alone
  bool untold_ = false;
};

}  // namespace tse::store::sqlite
