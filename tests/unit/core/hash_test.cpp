#include "core/hash.hpp"

#include "core/digest.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace tse::core;

BOOST_AUTO_TEST_SUITE(core_hash)

namespace {

std::string hex(const std::string& bytes) {
  std::string out;
  for (const char byte : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
    out += "0123456789abcdef"[static_cast<unsigned char>(byte) & 15];
  }
  return out;
}

}  // namespace

// As xxhsum -H3 and -H2 print them.
BOOST_AUTO_TEST_CASE(xxh3_gives_the_published_values) {
  BOOST_TEST(hash64("") == 0x2d06800538d394c2ULL);
  BOOST_TEST(hex(hash128("")) == "99aa06d3014798d86001c324468d497f");
  BOOST_TEST(hash64("a") != hash64("b"));
  BOOST_TEST(hash64("a") != hash64("a", 1));
  BOOST_TEST(hash128("a") != hash128("a", 1));
}

BOOST_AUTO_TEST_CASE(no_two_sequences_have_one_digest) {
  const auto of = [](auto... values) {
    Digest digest(1);
    (digest.text(values), ...);
    return digest.value();
  };
  BOOST_TEST(of("ab", "c") != of("a", "bc"));
  BOOST_TEST(of("", "a") != of("a", ""));
  BOOST_TEST(of("a") == of("a"));
  Digest absent(1), empty(1), number(1), other(2);
  absent.optional_text(std::nullopt);
  empty.optional_text("");
  number.optional_number(0);
  other.optional_number(0);
  BOOST_TEST(absent.value() != empty.value());
  BOOST_TEST(number.value() != empty.value());
  BOOST_TEST(number.value() != other.value());
  BOOST_TEST(number.value().size() == 16u);
}

BOOST_AUTO_TEST_SUITE_END()
