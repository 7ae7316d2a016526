// How long a call waits for its turn, and what ends the waiting.
#include "unit/store/support.hpp"

using namespace store_test;
using core::Code;
using store::Patience;

BOOST_AUTO_TEST_SUITE(store_patience)

BOOST_AUTO_TEST_CASE(there_is_patience_until_the_deadline_and_no_cancel) {
  const Patience patient = in();
  BOOST_CHECK_NO_THROW(patient.require("busy"));
  BOOST_TEST((code_of([] { Patience(in(std::chrono::milliseconds(0))).require("why"); }) == Code::busy));
  BOOST_TEST(error_of([] { Patience(in(std::chrono::milliseconds(0))).require("why"); }).message == "why");
}

BOOST_AUTO_TEST_CASE(a_cancel_comes_before_the_deadline) {
  bool is_cancelled = false;
  Patience patience = in(std::chrono::milliseconds(0));
  patience.cancelled = [&] { return is_cancelled; };
  BOOST_TEST((code_of([&] { patience.require("why"); }) == Code::busy));
  is_cancelled = true;
  BOOST_TEST((code_of([&] { patience.require("why"); }) == Code::cancelled));
}

BOOST_AUTO_TEST_CASE(only_a_wait_that_can_be_cancelled_looks_up_in_between) {
  Patience patience = in();
  BOOST_TEST((patience.next_look() == patience.until));
  patience.cancelled = [] { return false; };
  BOOST_TEST((patience.next_look() < patience.until));
  patience.until = std::chrono::steady_clock::now();
  BOOST_TEST((patience.next_look() == patience.until));
}

BOOST_AUTO_TEST_SUITE_END()
