"""HTTP: which of a request's headers an answer depends on, and the answer."""

from __future__ import annotations

from typing import Iterable, NamedTuple, Protocol, Tuple, Union

from . import _kept, _records
from ._native import ffi, lib

Text = Union[str, bytes]


class HasItems(Protocol):
    """A mapping, or what looks like one: the headers of ``http.server`` and of web frameworks."""

    def items(self) -> Iterable[Tuple[Text, Text]]: ...


#: Names and values of a request's headers. Names in any case; text or, as ASGI has them, bytes;
#: several lines of one name are joined.
Headers = Union[HasItems, Iterable[Tuple[Text, Text]], None]

_CLIENT_REQUEST_ID = b"x-client-request-id"
_IF_NONE_MATCH = b"if-none-match"
_PREFER = b"prefer"
_RELEVANT = (_CLIENT_REQUEST_ID, _IF_NONE_MATCH, _PREFER)
_LENGTHS = tuple(map(len, _RELEVANT))


def _octets(text: Text) -> bytes:
    """A header's octets: frameworks decode them as Latin-1, and nothing else is promised to be valid."""
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


class Relevant(NamedTuple):
    """Of a request's headers, those that count; None where one is absent."""

    client_request_id: bytes | None = None
    if_none_match: bytes | None = None
    prefer: bytes | None = None


NOTHING = Relevant()


def relevant(headers: Headers) -> Relevant:
    """What of them counts."""
    if headers is None:
        return NOTHING
    pairs: Iterable[tuple[Text, Text]] = headers.items() if hasattr(headers, "items") else headers
    found: dict[bytes, list[bytes]] = {}
    for name, value in pairs:
        if len(name) not in _LENGTHS:
            continue
        key = _octets(name).lower()
        if key in _RELEVANT:
            found.setdefault(key, []).append(_octets(value))
    return Relevant(*(_joined(found.get(key)) for key in _RELEVANT))


def _joined(lines: list[bytes] | None) -> bytes | None:
    return None if lines is None else b", ".join(lines)


class _Head(_records.Record):
    __slots__ = ()
    _numbers = 3
    _layout = _records.layout(3, 1)


class _Header(_records.Record):
    __slots__ = ()
    _numbers = 0
    _layout = _records.layout(0, 2)


class Answer:
    """An HTTP answer, to be sent as it is. Immutable."""

    __slots__ = ("_parts",)
    #: Status, headers, body, microseconds to wait, revision. Set here or by taskstate._kept.
    _parts: tuple[int, tuple[tuple[str, str], ...], bytes | None, int, int]

    def __init__(self, data: bytes) -> None:
        records = _records.split(data)
        head = _Head(next(records))
        headers = tuple((pair._required(0), pair._required(1)) for pair in map(_Header, records))
        self._parts = (head._number(0), headers, head._bytes(0), head._number(1), head._number(2))

    @property
    def status(self) -> int:
        """200, 202, 303, 304, 400, 404, 409, 410, 429, 500 or 503."""
        return self._parts[0]

    @property
    def headers(self) -> list[tuple[str, str]]:
        """All headers in order, to be copied as they are. A new list at each access."""
        return list(self._parts[1])

    @property
    def body(self) -> bytes | None:
        """The body, or None if there is none: 304, and every answer to HEAD."""
        return self._parts[2]

    @property
    def _wait_s(self) -> float:
        """How long to wait for the task to move past the revision and decide again; 0: this is the answer."""
        return self._parts[3] / 1_000_000

    @property
    def _revision(self) -> int:
        """Of the task in the answer."""
        return self._parts[4]

    def __repr__(self) -> str:
        return f"<Answer {self.status}>"


def _address(function: str) -> int:
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, function)))


_kept.use(*map(_address, ("tse_decide", "tse_answer_new", "tse_answer_get", "tse_answer_free")))
