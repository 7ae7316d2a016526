// A status poll by the library and by plain SQL: what is asked for, and both ways to ask.
#pragma once

#include "bench/support/files.hpp"

#include <taskstate.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Ids of tasks, one after the other, over and over.
class Keys {
 public:
  explicit Keys(std::int64_t count, std::int64_t first = 1) {
    for (std::int64_t i = 0; i < count; ++i) ids_.push_back(id_of(first + i));
  }
  const std::string& take() {
    if (next_ == ids_.size()) next_ = 0;
    return ids_[next_++];
  }
  void skip(std::size_t count) { next_ = (next_ + count) % ids_.size(); }
  [[nodiscard]] std::size_t size() const { return ids_.size(); }
  [[nodiscard]] const std::string& operator[](std::size_t at) const { return ids_[at]; }

 private:
  std::vector<std::string> ids_;
  std::size_t next_ = 0;
};

/// An engine as C sees it. `cache_bytes` below 0: as it comes.
class Engine {
 public:
  explicit Engine(const std::string& path, std::int64_t cache_bytes = -1) {
    tse_options* options = nullptr;
    tse_options_new(&options, nullptr);
    if (cache_bytes >= 0) tse_options_set_answer_cache_bytes(options, cache_bytes, nullptr);
    const bool opened = tse_open(path.c_str(), TSE_NTS, options, &engine_, nullptr) == TSE_OK;
    tse_options_free(options);
    if (!opened) give_up("cannot open " + path);
  }
  ~Engine() { tse_engine_free(engine_); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  [[nodiscard]] tse_engine* handle() const noexcept { return engine_; }

 private:
  tse_engine* engine_ = nullptr;
};

/// Asks the library. The answer holds copies of its own of the body and all headers.
class Asker {
 public:
  explicit Asker(const Engine& engine) : engine_(engine.handle()) { tse_answer_new(&answer_, nullptr); }
  ~Asker() { tse_answer_free(answer_); }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  /// The size of the body.
  std::size_t ask(const std::string& id) {
    tse_decide(engine_, zone, 6, id.data(), id.size(), nullptr, nullptr, answer_, nullptr);
    tse_answer_get(answer_, &view_);
    if (view_.status != 200 && view_.status != 303) give_up("no such task: " + id);
    return view_.body.size;
  }
  /// The revision in the last answer's ETag: "<revision>-<hash>".
  [[nodiscard]] std::int64_t revision() const {
    for (std::size_t i = 0; i < view_.header_count; ++i) {
      const tse_header& header = view_.headers[i];
      if (std::string_view(header.name.data, header.name.size) == "ETag")
        return std::strtoll(header.value.data + 1, nullptr, 10);
    }
    return 0;
  }

 private:
  tse_engine* engine_;
  tse_answer* answer_ = nullptr;
  tse_answer_view view_ = TSE_ANSWER_VIEW_INIT;
};

/// Asks the same file through one prepared statement, each time a transaction of its own. Makes no headers.
class Selector {
 public:
  explicit Selector(const std::string& path) : sqlite_(path) {
    sqlite_.run("PRAGMA cache_size = -16384");
    statement_ = sqlite_.prepare("SELECT status, revision, body FROM taskstate_tasks WHERE zone_id = ?1 AND id = ?2");
  }
  /// The size of the body, which is copied out.
  std::size_t ask(const std::string& id) {
    sqlite3_stmt* const statement = statement_.get();
    sqlite3_bind_text(statement, 1, zone, 6, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, id.data(), static_cast<int>(id.size()), SQLITE_STATIC);
    if (sqlite3_step(statement) != SQLITE_ROW) give_up("no such task: " + id);
    status_ = static_cast<unsigned>(sqlite3_column_bytes(statement, 0));
    revision_ = sqlite3_column_int64(statement, 1);
    const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 2));
    if (text == nullptr) give_up("no rendered body: " + id);
    body_.assign(text, static_cast<std::size_t>(sqlite3_column_bytes(statement, 2)));
    sqlite3_reset(statement);
    return body_.size();
  }
  [[nodiscard]] std::int64_t revision() const { return revision_; }

 private:
  Sqlite sqlite_;
  Sqlite::Statement statement_;
  std::string body_;
  unsigned status_ = 0;
  std::int64_t revision_ = 0;
};

}  // namespace bench
