"""The values that the engine gives: tasks, pages of them, their events, and reports."""

from __future__ import annotations

import enum
import json
from datetime import datetime
from decimal import Decimal
from typing import Any, Iterator, Union

from . import _records
from ._native import ffi, lib


class Status(str, enum.Enum):
    """Where a task is. Equal to its text on the wire: ``task.status == "completed"``."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


_STATUSES = {number: Status(ffi.string(lib.tse_status_name(number)).decode()) for number in range(len(Status))}
STATUS_NUMBERS = {status: number for number, status in _STATUSES.items()}


def can_transition(a: Union[Status, str], b: Union[Status, str]) -> bool:
    """Whether a task may move from status a to status b. ValueError for a text that is no status."""
    return bool(lib.tse_can_transition(STATUS_NUMBERS[Status(a)], STATUS_NUMBERS[Status(b)]))


def _integer(text: str) -> Union[int, Decimal]:
    # Python refuses to make an int of more than 4300 digits; JSON has no such limit.
    return int(text) if len(text) <= 4000 else Decimal(text)


def _array(text: str | None) -> list[dict[str, Any]]:
    value: list[dict[str, Any]] = [] if text is None else json.loads(text, parse_int=_integer)
    return value


class Task(_records.Record):
    """A task as it was when a call gave it. Immutable, hashable, comparable, picklable.

    Times are aware datetimes in UTC; the ``_us`` fields are the same in microseconds since 1970.
    """

    __slots__ = ()
    _numbers = 5
    _layout = _records.layout(5, 15)

    @property
    def zone_id(self) -> str | None:
        """The zone; None for a task of :func:`parse_task`, since the wire form has none."""
        return self._text(0)

    @property
    def id(self) -> str:
        """The id, unique in its zone."""
        return self._required(1)

    @property
    def created_at(self) -> datetime:
        """When it was created."""
        return _records.to_datetime(self._number(0))

    @property
    def created_at_us(self) -> int:
        """When it was created, microseconds since 1970."""
        return self._number(0)

    @property
    def operation(self) -> str:
        """``create``, ``delete``, or one that the host allowed at open."""
        return self._required(2)

    @property
    def status(self) -> Status:
        """Where it is."""
        return _STATUSES[self._number(2)]

    @property
    def updated_at(self) -> datetime:
        """When it last changed; never before created_at."""
        return _records.to_datetime(self._number(1))

    @property
    def updated_at_us(self) -> int:
        """When it last changed, microseconds since 1970."""
        return self._number(1)

    @property
    def error_message(self) -> str | None:
        """What the client may read; present exactly when failed."""
        return self._text(3)

    @property
    def install_id(self) -> str | None:
        """The install that a completed task leads to, unless a link ``rel="result"`` says otherwise."""
        return self._text(4)

    @property
    def links(self) -> list[dict[str, Any]]:
        """The links, parsed anew at each access, so change the list as you like.

        Integers come as int, other numbers as float; ``links_json`` and ``json`` keep their spelling.
        """
        return _array(self._text(5))

    @property
    def links_json(self) -> str | None:
        """The links as a JSON array, numbers spelled as they came; None if there are none."""
        return self._text(5)

    @property
    def package_id(self) -> str | None:
        """The package."""
        return self._text(6)

    @property
    def package_slug(self) -> str | None:
        """The package's readable name."""
        return self._text(7)

    @property
    def package_version(self) -> int | None:
        """0 ... 2^53-1, or None."""
        return self._optional_number(3)

    @property
    def warnings(self) -> list[dict[str, Any]]:
        """The warnings, parsed anew at each access."""
        return _array(self._text(8))

    @property
    def warnings_json(self) -> str | None:
        """The warnings as a JSON array; None if there are none."""
        return self._text(8)

    @property
    def json(self) -> bytes:
        """The wire form, byte for byte what an answer's body holds."""
        return self._bytes(9) or b""

    @property
    def revision(self) -> int:
        """1 and up; grows by one with each change that the wire shows. 0 after :func:`parse_task`."""
        return self._number(4)

    @property
    def error_detail(self) -> str | None:
        """Why it failed, for operators; never on the wire."""
        return self._text(10)

    @property
    def failure_kind(self) -> str | None:
        """``failed``, ``cancelled``, ``expired`` or ``lost``; None unless failed. Never on the wire."""
        return self._text(11)

    @property
    def client_request_id(self) -> str | None:
        """The request id that create() was given. Never on the wire."""
        return self._text(12)

    @property
    def traceparent(self) -> str | None:
        """The traceparent that create() was given. Never on the wire."""
        return self._text(13)

    @property
    def payload(self) -> bytes | None:
        """What create() was given for the worker; None unless get() was asked for it. Never on the wire."""
        return self._bytes(14)

    def __repr__(self) -> str:
        return (
            f"<Task {self.id!r} zone_id={self.zone_id!r} operation={self.operation!r} "
            f"status={self.status.value!r} revision={self.revision}>"
        )


class Event(_records.Record):
    """One entry of a task's history. Immutable, hashable, comparable, picklable."""

    __slots__ = ()
    _numbers = 7
    _layout = _records.layout(7, 6)

    @property
    def sequence(self) -> int:
        """Grows over the whole file; never reused."""
        return self._number(0)

    @property
    def kind(self) -> str:
        """``created``, ``started``, ``annotated``, ``completed``, ``failed``, ``external`` ..."""
        return self._required(0)

    @property
    def from_status(self) -> Status | None:
        """Where the task was; None for its first event."""
        return _STATUSES.get(self._number(1))

    @property
    def to_status(self) -> Status:
        """Where the task was afterwards."""
        return _STATUSES[self._number(2)]

    @property
    def at(self) -> datetime:
        """When."""
        return _records.to_datetime(self._number(3))

    @property
    def at_us(self) -> int:
        """When, microseconds since 1970."""
        return self._number(3)

    @property
    def revision(self) -> int:
        """The task's revision afterwards."""
        return self._number(4)

    @property
    def attempt(self) -> int:
        """Which run of the task."""
        return self._number(5)

    @property
    def epoch(self) -> int:
        """The lease's epoch; 0: none."""
        return self._number(6)

    @property
    def worker(self) -> str | None:
        """The call's actor."""
        return self._text(1)

    @property
    def request_id(self) -> str | None:
        """The call's request id."""
        return self._text(2)

    @property
    def traceparent(self) -> str | None:
        """The call's traceparent."""
        return self._text(3)

    @property
    def message(self) -> str | None:
        """The message of a failure."""
        return self._text(4)

    @property
    def detail(self) -> str | None:
        """The private detail of a failure."""
        return self._text(5)

    def __repr__(self) -> str:
        return f"<Event {self.sequence} kind={self.kind!r} to_status={self.to_status.value!r} revision={self.revision}>"


class _PageHead(_records.Record):
    __slots__ = ()
    _numbers = 1
    _layout = _records.layout(1, 2)


class Page:
    """One page of a list, newest task first. Immutable; iterates over its tasks."""

    __slots__ = ("_head", "_items")

    def __init__(self, data: bytes) -> None:
        records = _records.split(data)
        self._head = _PageHead(next(records))
        self._items = tuple(Task(record) for record in records)

    @property
    def items(self) -> tuple[Task, ...]:
        """The tasks of this page."""
        return self._items

    @property
    def after_cursor(self) -> str | None:
        """What to pass as ``after`` for the next, older page; None on the last."""
        return self._head._text(0)

    @property
    def before_cursor(self) -> str | None:
        """What to pass as ``before`` for the previous, newer page; None on the first."""
        return self._head._text(1)

    @property
    def total_count(self) -> int | None:
        """How many tasks match the filter; None unless asked for."""
        return self._head._optional_number(0)

    def __iter__(self) -> Iterator[Task]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"<Page of {len(self)} tasks>"


class _ReportHead(_records.Record):
    __slots__ = ()
    _numbers = 3
    _layout = _records.layout(3, 1)


class _Problem(_records.Record):
    __slots__ = ()
    _numbers = 0
    _layout = _records.layout(0, 1)


class Report:
    """What verify() found. Immutable."""

    __slots__ = ("_head", "_problems")

    def __init__(self, data: bytes) -> None:
        records = _records.split(data)
        self._head = _ReportHead(next(records))
        self._problems = tuple(_Problem(record)._required(0) for record in records)

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return bool(self._head._number(0))

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, a sentence each."""
        return self._problems

    @property
    def task_count(self) -> int:
        """How many tasks were examined."""
        return self._head._number(1)

    @property
    def event_count(self) -> int:
        """How many events were examined."""
        return self._head._number(2)

    @property
    def text(self) -> str:
        """The whole report for a person, several lines."""
        return self._head._required(0)

    def __repr__(self) -> str:
        return f"<Report {'ok' if self.ok else 'not ok'}: {self.task_count} tasks, {len(self.problems)} problems>"
