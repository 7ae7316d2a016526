// Settings as the file holds them: asked at open, written whole, and found to be others by every transaction.
#include "unit/store/support.hpp"

using namespace store_test;
using core::StoredSettings;

BOOST_AUTO_TEST_SUITE(store_settings)

namespace {

struct Fixture {
  TempDirectory directory;
  StoredSettings found;

  std::unique_ptr<Store> open_with(StoredSettings to_write, Mode mode = Mode::create) {
    Options options;
    options.path = directory.path();
    options.mode = mode;
    options.settle = [this, to_write = std::move(to_write)](const StoredSettings& stored) {
      found = stored;
      return to_write;
    };
    return store::sqlite::open(std::move(options), in());
  }
  static StoredSettings of(Store& store) {
    StoredSettings stored;
    store.view([&](store::View& view) { stored = view.settings(); }, in());
    return stored;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(they_are_asked_for_and_written_at_open, Fixture) {
  auto store = open_with({{"retention", "7"}, {"location", "/a"}});
  BOOST_TEST(found.empty());
  BOOST_TEST(of(*store).size() == 3U);
  BOOST_TEST(of(*store).at("retention") == "7");
  BOOST_TEST(core::stamp_of(of(*store)) != 0);
  BOOST_TEST(store->settings_stamp() == core::stamp_of(of(*store)));
  const std::int64_t before = store->settings_stamp();
  store = open_with({});
  BOOST_TEST(found.at("location") == "/a");
  BOOST_TEST(store->settings_stamp() == before);  // nothing was written
}

BOOST_FIXTURE_TEST_CASE(others_find_them_changed_in_their_next_transaction, Fixture) {
  const auto store = open_with({{"retention", "7"}});
  create(*store, "z", "a");
  const std::int64_t before = store->settings_stamp();
  const auto other = open_with({{"retention", "8"}});
  BOOST_TEST(other->settings_stamp() != before);
  BOOST_TEST(store->settings_stamp() == before);
  const auto follows = [&](const std::function<void()>& look) {
    const std::int64_t known = store->settings_stamp();
    const auto writer = open_with({{"retention", std::to_string(known % 1000)}});
    look();
    BOOST_TEST(store->settings_stamp() != known);
    BOOST_TEST(store->settings_stamp() == writer->settings_stamp());
  };
  follows([&] { create(*store, "z", "b"); });
  follows([&] { (void)store->read({"z", "a"}, in()); });
  follows([&] { (void)store->answer({"z", "a"}, {}, in()); });
  follows([&] {
    const std::int64_t told = store->news({}, 1, in()).settings;
    BOOST_TEST(told == store->settings_stamp());
  });
}

BOOST_FIXTURE_TEST_CASE(a_refusal_leaves_the_file_as_it_was, Fixture) {
  open_with({{"retention", "7"}});
  const std::string before = shell(directory.path(), "SELECT group_concat(name || value) FROM taskstate_settings");
  Options options;
  options.path = directory.path();
  options.settle = [](const StoredSettings&) -> StoredSettings {
    throw core::Failure(core::invalid("retention", "is another"));
  };
  BOOST_TEST((code_of([&] { (void)store::sqlite::open(options, in()); }) == core::Code::invalid_argument));
  options.mode = Mode::read_only;
  BOOST_TEST((code_of([&] { (void)store::sqlite::open(options, in()); }) == core::Code::invalid_argument));
  BOOST_TEST(shell(directory.path(), "SELECT group_concat(name || value) FROM taskstate_settings") == before);
  BOOST_TEST(of(*open_with({})).at("retention") == "7");
}

BOOST_FIXTURE_TEST_CASE(who_only_reads_writes_nothing, Fixture) {
  open_with({{"retention", "7"}});
  const auto reader = open_with({{"retention", "8"}}, Mode::read_only);
  BOOST_TEST(found.at("retention") == "7");
  BOOST_TEST(of(*reader).at("retention") == "7");
}

BOOST_AUTO_TEST_SUITE_END()
