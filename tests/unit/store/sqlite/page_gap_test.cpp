#include "store/sqlite/page_gap.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <string>
#include <vector>

using namespace tse::store::sqlite;

BOOST_AUTO_TEST_SUITE(store_page_gap)

namespace {

struct Page {
  std::vector<std::byte> bytes = std::vector<std::byte>(512, std::byte{'x'});
  Page& set(std::size_t at, const std::vector<int>& values) {
    for (const int value : values) bytes.at(at++) = static_cast<std::byte>(value);
    return *this;
  }
  [[nodiscard]] bool is(std::size_t from, std::size_t to, char content) const {
    for (std::size_t at = from; at < to; ++at)
      if (bytes.at(at) != static_cast<std::byte>(content)) return false;
    return true;
  }
};

PageLayout layout_of(int reserved = 0, bool maps = false) {
  return {512, static_cast<std::size_t>(512 - reserved), maps};
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_lies_between_pointers_and_cells_is_cleared) {
  for (const int kind : {2, 5, 10, 13}) {
    const std::size_t end = (kind < 8 ? 12U : 8U) + 4;
    Page page;
    page.set(0, {kind, 0, 0, 0, 2, 1, 0, 0});  // two cells, the content begins at 256
    clear_gap(page.bytes, 7, layout_of());
    BOOST_TEST((page.is(8, end, 'x') && page.is(end, 256, 0) && page.is(256, 512, 'x')), kind);
  }
}

BOOST_AUTO_TEST_CASE(the_first_page_begins_behind_the_files_header) {
  Page page;
  page.set(100, {13, 0, 0, 0, 1, 1, 0, 0});
  clear_gap(page.bytes, 1, layout_of());
  BOOST_TEST((page.is(0, 100, 'x') && page.is(108, 110, 'x') && page.is(110, 256, 0) && page.is(256, 512, 'x')));
}

BOOST_AUTO_TEST_CASE(an_empty_page_is_cleared_up_to_what_is_reserved) {
  Page page;
  page.set(0, {13, 0, 0, 0, 0, 1, 240, 0});
  clear_gap(page.bytes, 2, layout_of(16));
  BOOST_TEST((page.is(8, 496, 0) && page.is(496, 512, 'x')));
}

BOOST_AUTO_TEST_CASE(free_blocks_are_cleared_but_for_their_headers) {
  Page page;
  page.set(0, {13, 1, 16, 0, 0, 1, 0, 0}).set(272, {1, 64, 0, 20}).set(320, {0, 0, 0, 4});
  clear_gap(page.bytes, 2, layout_of());
  BOOST_TEST((page.is(256, 272, 'x') && page.is(276, 292, 0) && page.is(292, 320, 'x') && page.is(324, 512, 'x')));
}

BOOST_AUTO_TEST_CASE(what_is_no_sound_page_of_a_tree_is_left_alone) {
  const std::vector<std::vector<int>> strange{{0, 0, 0, 0, 0, 1, 0, 0},    // an overflow page, the last of its chain
                                              {1, 0, 0, 0, 0, 1, 0, 0},    // or not
                                              {13, 0, 0, 1, 0, 1, 0, 0},   // more pointers than there is room for
                                              {13, 0, 0, 0, 0, 2, 1, 0},   // content behind the page's end
                                              {13, 0, 0, 0, 0, 0, 0, 0}};  // 65536, on a page of 512 bytes
  for (const auto& begin : strange) {
    Page page;
    page.set(0, begin);
    const auto before = page.bytes;
    clear_gap(page.bytes, 2, layout_of());
    BOOST_TEST((page.bytes == before));
  }
  Page loop;
  loop.set(0, {13, 1, 16, 0, 0, 1, 0, 0}).set(272, {1, 16, 0, 20});
  clear_gap(loop.bytes, 2, layout_of());  // ends
  Page beyond;
  beyond.set(0, {13, 1, 16, 0, 0, 1, 0, 0}).set(272, {0, 0, 255, 255});
  clear_gap(beyond.bytes, 2, layout_of());
  BOOST_TEST(beyond.is(276, 512, 'x'));
}

BOOST_AUTO_TEST_CASE(pages_of_pointer_maps_are_left_alone) {
  const std::size_t each = 512 / 5 + 1;
  for (const std::int64_t number : {std::int64_t{2}, static_cast<std::int64_t>(2 + each)}) {
    Page page;
    page.set(0, {5, 0, 0, 0, 0, 1, 0, 0});
    const auto before = page.bytes;
    clear_gap(page.bytes, number, layout_of(0, true));
    BOOST_TEST((page.bytes == before));
    clear_gap(page.bytes, number + 1, layout_of(0, true));
    BOOST_TEST((page.bytes != before));
  }
}

BOOST_AUTO_TEST_CASE(the_layout_is_what_the_header_says) {
  std::array<std::byte, 100> header{};
  header[16] = std::byte{16};
  header[20] = std::byte{8};
  auto layout = PageLayout::read(header);
  BOOST_REQUIRE(layout);
  BOOST_TEST((layout->size == 4096 && layout->usable == 4088 && !layout->has_pointer_maps));
  header[55] = std::byte{1};
  BOOST_TEST(PageLayout::read(header)->has_pointer_maps);
  header[28] = std::byte{2};  // so many pages that the number of the next one may begin like a page of a tree
  BOOST_TEST(!PageLayout::read(header));
  header[28] = std::byte{0};
  header[16] = std::byte{0};
  header[17] = std::byte{1};
  BOOST_TEST(PageLayout::read(header)->size == 65536U);
  header[17] = std::byte{3};
  BOOST_TEST(!PageLayout::read(header));
  BOOST_TEST(!PageLayout::read(std::span(header).first(99)));
}

BOOST_AUTO_TEST_SUITE_END()
