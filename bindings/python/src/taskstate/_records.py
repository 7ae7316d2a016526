"""Records: how the C helpers hand over what a call gave. native/helpers.h describes the bytes."""

from __future__ import annotations

import struct
from datetime import datetime, timedelta, timezone
from typing import Any, Iterator

from ._native import lib

_SIZE = struct.Struct("=q")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NONE: int = lib.TSE_NONE


def split(data: bytes) -> Iterator[bytes]:
    """The records of a result, one after the other."""
    begin = 0
    while begin < len(data):
        (size,) = _SIZE.unpack_from(data, begin)
        yield data[begin : begin + size]
        begin += size


def layout(number_count: int, text_count: int) -> struct.Struct:
    """What stands before the texts' bytes in a record of so many numbers and texts."""
    return struct.Struct(f"={1 + number_count + 2 * text_count}q")


def to_datetime(us: int) -> datetime:
    """Microseconds since 1970 as an aware datetime in UTC, exactly."""
    return _EPOCH + timedelta(microseconds=us)


def to_optional_datetime(us: int | None) -> datetime | None:
    """The same for a time that may be absent."""
    return None if us is None else to_datetime(us)


def to_us(time: datetime) -> int:
    """An aware datetime as microseconds since 1970, exactly. ValueError for a naive one."""
    if time.utcoffset() is None:
        raise ValueError("a datetime must be aware: it has no time zone")
    return (time - _EPOCH) // timedelta(microseconds=1)


class Record:
    """An immutable value that is read straight from a record, field by field."""

    __slots__ = ("_data", "_head")
    _layout: struct.Struct
    _numbers: int

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._head = self._layout.unpack_from(data)

    def _number(self, index: int) -> int:
        return int(self._head[1 + index])

    def _optional_number(self, index: int) -> int | None:
        number = self._number(index)
        return None if number == _NONE else number

    def _bytes(self, index: int) -> bytes | None:
        at = 1 + self._numbers + 2 * index
        begin = self._head[at]
        return None if begin < 0 else self._data[begin : self._head[at + 1]]

    def _text(self, index: int) -> str | None:
        value = self._bytes(index)
        return None if value is None else value.decode()

    def _required(self, index: int) -> str:
        return self._text(index) or ""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self._data == other._data

    def __hash__(self) -> int:
        return hash(self._data)

    def __reduce__(self) -> Any:
        return type(self), (self._data,)
