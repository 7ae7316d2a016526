#include "core/validate.hpp"

#include <boost/test/unit_test.hpp>

using namespace tse::core;

BOOST_AUTO_TEST_SUITE(core_language_tag)

BOOST_AUTO_TEST_CASE(well_formed_tags_are_accepted) {
  // RFC 5646, appendix A, and the grandfathered irregular tags of section 2.1.
  for (const char* tag : {"de",
                          "fr",
                          "ja",
                          "i-enochian",
                          "zh-Hant",
                          "zh-Hans",
                          "sr-Cyrl",
                          "sr-Latn",
                          "zh-cmn-Hans-CN",
                          "cmn-Hans-CN",
                          "zh-yue-HK",
                          "yue-HK",
                          "zh-Hans-CN",
                          "sr-Latn-RS",
                          "sl-rozaj",
                          "sl-rozaj-biske",
                          "sl-nedis",
                          "de-CH-1901",
                          "sl-IT-nedis",
                          "hy-Latn-IT-arevela",
                          "de-DE",
                          "en-US",
                          "es-419",
                          "de-CH-x-phonebk",
                          "az-Arab-x-AZE-derbend",
                          "x-whatever",
                          "qaa-Qaaa-QM-x-southern",
                          "de-Qaaa",
                          "sr-Latn-QM",
                          "en-US-u-islamcal",
                          "zh-CN-a-myext-x-private",
                          "en-a-myext-b-another",
                          "en-a-bb-ccc-dddd",
                          "foo",
                          "EN",
                          "abcd",
                          "abcdefgh",
                          "en-GB-oed",
                          "EN-gb-OED",
                          "sgn-BE-FR",
                          "zh-min-nan",
                          "sgn-ase",
                          "x-a",
                          "x-12345678",
                          "zh-aaa-bbb-ccc",
                          "de-1996",
                          "en-0-ab"})
    BOOST_TEST(is_language_tag(tag), tag);
}

BOOST_AUTO_TEST_CASE(what_breaks_the_grammar_is_refused) {
  for (const char* tag : {"",
                          "a",
                          "-",
                          "en-",
                          "-en",
                          "en--US",
                          "x",
                          "x-",
                          "x-123456789",
                          "i-foo",
                          "abcdefghi",
                          "e1",
                          "12",
                          "en_US",
                          "en-US-",
                          "en-a",
                          "en-a-x",
                          "en-u",
                          "en-x",
                          "de-419-DE",
                          "zh-aaa-bbb-ccc-ddd",
                          "abcd-efg",
                          "en-abc1",
                          "en US",
                          "\xc3\xa4",
                          "en\n",
                          "a-DE",
                          "1-ab",
                          "en-Latn-Cyrl",
                          "en-a-b-cc",
                          "en-!-bb",
                          "en-{a",
                          "en-abcdefghi"})
    BOOST_TEST(!is_language_tag(tag), tag);
}

BOOST_AUTO_TEST_SUITE_END()
