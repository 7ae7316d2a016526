"""What the engine gives beside tasks: pages of them, their events, and reports."""

from __future__ import annotations

from datetime import datetime
from typing import Iterator

from . import _records
from ._task import STATUSES, Status, Task


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
        """``created``, ``started`` (each attempt), ``annotated``, ``progress``, ``cancel_requested``, ``released``,
        ``lost``, ``cancelled``, ``expired``, ``completed``, ``failed`` or ``external``."""
        return self._required(0)

    @property
    def from_status(self) -> Status | None:
        """Where the task was; None for its first event."""
        return STATUSES.get(self._number(1))

    @property
    def to_status(self) -> Status:
        """Where the task was afterwards."""
        return STATUSES[self._number(2)]

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
        """The call's actor, or the holder of the lease."""
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
