#include "core/ids.hpp"

#include <boost/test/unit_test.hpp>

using namespace tse::core;

BOOST_AUTO_TEST_SUITE(core_ids)

namespace {

UuidBytes all(std::uint8_t byte) {
  UuidBytes bytes;
  bytes.fill(byte);
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(version_7_begins_with_the_milliseconds) {
  // RFC 9562, appendix A.6.
  UuidBytes random = all(0);
  random[6] = 0x0c;
  random[7] = 0xc3;
  const UuidBytes tail{0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};
  std::copy(tail.begin(), tail.begin() + 8, random.begin() + 8);
  BOOST_TEST(format_uuid(uuid_v7(1645557742000000, random)) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

BOOST_AUTO_TEST_CASE(version_and_variant_leave_the_other_bits_alone) {
  BOOST_TEST(format_uuid(uuid_v4(all(0xff))) == "ffffffff-ffff-4fff-bfff-ffffffffffff");
  BOOST_TEST(format_uuid(uuid_v4(all(0x00))) == "00000000-0000-4000-8000-000000000000");
  BOOST_TEST(format_uuid(uuid_v7(0, all(0xff))) == "00000000-0000-7fff-bfff-ffffffffffff");
  BOOST_TEST(format_uuid(uuid_v7(1999, all(0x00))) == "00000000-0001-7000-8000-000000000000");
}

BOOST_AUTO_TEST_CASE(a_clock_before_1970_counts_as_1970) {
  BOOST_TEST(format_uuid(uuid_v7(-1, all(0x00))) == "00000000-0000-7000-8000-000000000000");
}

BOOST_AUTO_TEST_SUITE_END()
