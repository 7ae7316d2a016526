// A statement's text, and by which number every connection keeps it prepared.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <utility>

namespace tse::store::sqlite {

/// Only for statics, of which each is made once: `static const core::NoDestructor<Sql> sql("SELECT 1");`
class Sql {
 public:
  explicit Sql(std::string text) : text_(std::move(text)), number_(made_.fetch_add(1, std::memory_order_relaxed)) {}
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] std::size_t number() const noexcept { return number_; }

 private:
  inline static std::atomic<std::size_t> made_{0};
  std::string text_;
  std::size_t number_;
};

}  // namespace tse::store::sqlite
