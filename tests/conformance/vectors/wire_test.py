#!/usr/bin/env python3
"""Checks the oracle's own building blocks against values known from elsewhere."""

import unittest
from datetime import datetime, timedelta, timezone

import wire
from oracle import Oracle


class Wire(unittest.TestCase):
    def test_xxh64_of_known_texts(self) -> None:
        known = {
            b"": 0xEF46DB3751D8E999,
            b"a": 0xD24EC4F1A98C6E5B,
            b"abc": 0x44BC2CF5AD770999,
            b"Nobody inspects the spammish repetition": 0xFBCEA83C8A378BF1,
        }
        for data, digest in known.items():
            self.assertEqual(wire.xxh64(data), digest)

    def test_times_agree_with_the_calendar(self) -> None:
        self.assertEqual(wire.time(1_577_470_279_117_999), "2019-12-27T18:11:19.117Z")
        self.assertEqual(wire.time(-1), "1969-12-31T23:59:59.999Z")
        self.assertEqual(wire.time(-62_167_219_200_000_000), "0000-01-01T00:00:00.000Z")
        start = datetime(1890, 1, 1, tzinfo=timezone.utc)
        for days in range(0, 90_000, 7):
            day = start + timedelta(days=days, milliseconds=days)
            us = (day - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)
            self.assertEqual(wire.time(us), day.isoformat(timespec="milliseconds").replace("+00:00", "Z"))

    def test_strings_escape_what_must_be_and_no_more(self) -> None:
        self.assertEqual(wire.string('"\\/\n\x00\x1f\x7f\u2028\u00e9'), '"\\"\\\\/\\n\\u0000\\u001f\x7f\u2028\u00e9"')

    def test_percent_encoding(self) -> None:
        self.assertEqual(wire.percent_encoded("aZ9-._~ /?#%\u00e9"), "aZ9-._~%20%2F%3F%23%25%C3%A9")


class Preconditions(unittest.TestCase):
    def test_an_entry_that_is_no_tag_ends_the_list(self) -> None:
        fields = {'"a"': True, 'W/"a"': True, '"b","a"': True, "*": True, 'x,"a"': False, '"a': False}
        for field, matches in fields.items():
            self.assertEqual(Oracle._matches_tag(field, '"a"'), matches, field)


if __name__ == "__main__":
    unittest.main()
