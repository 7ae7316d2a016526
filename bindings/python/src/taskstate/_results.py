"""What the engine gives beside tasks: pages of them, their events, and reports."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Iterator

from . import _records
from ._options import DURABILITIES, Durability
from ._task import STATUSES, Status, Task


class Event(_records.Record):
    """One entry of a task's history. Immutable, hashable, comparable, picklable."""

    __slots__ = ()
    _numbers = 7
    _layout = _records.layout(7, 9)

    @property
    def sequence(self) -> int:
        """Grows over the whole file, in the order of commits; never reused."""
        return self._number(0)

    @property
    def zone_id(self) -> str:
        """The task's zone."""
        return self._required(0)

    @property
    def id(self) -> str:
        """The task's id."""
        return self._required(1)

    @property
    def kind(self) -> str:
        """``created``, ``started`` (each attempt), ``annotated``, ``progress``, ``cancel_requested``, ``reprioritized``,
        ``released``, ``lost``, ``cancelled``, ``expired``, ``completed``, ``failed`` or ``external``; in the feed also ``purged``."""
        return self._required(2)

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
        return self._text(3)

    @property
    def request_id(self) -> str | None:
        """The call's request id."""
        return self._text(4)

    @property
    def traceparent(self) -> str | None:
        """The call's traceparent."""
        return self._text(5)

    @property
    def message(self) -> str | None:
        """The message of a failure."""
        return self._text(6)

    @property
    def detail(self) -> str | None:
        """The private detail of a failure."""
        return self._text(7)

    @property
    def position(self) -> str | None:
        """In the feed: where to go on after this event. None in a history."""
        return self._text(8)

    def __repr__(self) -> str:
        return (
            f"<Event {self.sequence} of {self.zone_id}/{self.id} kind={self.kind!r} "
            f"to_status={self.to_status.value!r} revision={self.revision}>"
        )


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


class _HistoryHead(_records.Record):
    __slots__ = ()
    _numbers = 0
    _layout = _records.layout(0, 1)


class History:
    """One page of a task's events, newest first. Immutable; iterates over them."""

    __slots__ = ("_head", "_events")

    def __init__(self, data: bytes) -> None:
        records = _records.split(data)
        self._head = _HistoryHead(next(records))
        self._events = tuple(Event(record) for record in records)

    @property
    def events(self) -> tuple[Event, ...]:
        """The events of this page."""
        return self._events

    @property
    def after_cursor(self) -> str | None:
        """What to pass as ``after`` for the next, older page; None on the last."""
        return self._head._text(0)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def __len__(self) -> int:
        return len(self._events)

    def __repr__(self) -> str:
        return f"<History of {len(self)} events>"


class _ChangesHead(_records.Record):
    __slots__ = ()
    _numbers = 1
    _layout = _records.layout(1, 1)


class ChangesBatch:
    """A part of the feed, in the order of commits. Immutable; iterates over its events."""

    __slots__ = ("_head", "_events")

    def __init__(self, data: bytes) -> None:
        records = _records.split(data)
        self._head = _ChangesHead(next(records))
        self._events = tuple(Event(record) for record in records)

    @property
    def events(self) -> tuple[Event, ...]:
        """The events; may be none."""
        return self._events

    @property
    def position(self) -> str:
        """What to pass as ``after`` for the next batch: opaque, printable ASCII, at most 128 bytes."""
        return self._head._required(0)

    @property
    def purged_through(self) -> int:
        """Sequence numbers that are missing up to it belong to purged tasks; above it none is missing."""
        return self._head._number(0)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def __len__(self) -> int:
        return len(self._events)

    def __repr__(self) -> str:
        return f"<ChangesBatch of {len(self)} events>"


@dataclass(frozen=True)
class StoredResult:
    """What a completed task has stored as its result. Immutable."""

    data: bytes = field(repr=False)  #: may be empty
    media_type: str


class _StoredResult(_records.Record):
    __slots__ = ()
    _numbers = 0
    _layout = _records.layout(0, 2)


def stored_result(data: bytes) -> StoredResult:
    """The stored result in a result."""
    record = _StoredResult(data)
    return StoredResult(record._bytes(0) or b"", record._required(1))


@dataclass(frozen=True)
class Count:
    """How many tasks of one zone and operation have a status."""

    zone_id: str
    operation: str
    status: Status
    count: int  #: 1 and up: a count of 0 is left out


@dataclass(frozen=True)
class Pause:
    """What pause() has paused: a zone or an operation; the other is None."""

    zone_id: str | None
    operation: str | None
    since_us: int  #: microseconds since 1970
    actor: str | None  #: of the call that paused it

    @property
    def since(self) -> datetime:
        """Since when."""
        return _records.to_datetime(self.since_us)


class _Following(_records.Record):
    __slots__ = ()
    _numbers = 2
    _layout = _records.layout(2, 0)


class _Pause(_records.Record):
    __slots__ = ()
    _numbers = 1
    _layout = _records.layout(1, 3)


@dataclass(frozen=True)
class Failures:
    """How many tasks failed, by kind, since the file was made."""

    failed: int  #: their worker said so
    cancelled: int  #: somebody cancelled them
    expired: int  #: nobody started them in time
    lost: int  #: their worker was gone, and no attempt was left


@dataclass(frozen=True)
class Histogram:
    """How often something took how long, since the file was made."""

    bounds_us: tuple[int, ...]  #: inclusive upper bounds of the buckets, ascending; the last bucket has none
    counts: tuple[int, ...]  #: of each bucket: one more than there are bounds
    count: int  #: of all buckets
    sum_us: int  #: of all that was measured


def _numbers(record: bytes) -> list[int]:
    """The numbers of a record without texts."""
    return memoryview(record).cast("q").tolist()[1:]


def _histogram(bounds: bytes, figures: bytes) -> Histogram:
    count, total, *counts = _numbers(figures)
    return Histogram(tuple(_numbers(bounds)), tuple(counts), count, total)


class _StatsHead(_records.Record):
    __slots__ = ()
    _numbers = 28
    _layout = _records.layout(28, 5)


class _Count(_records.Record):
    __slots__ = ()
    _numbers = 2
    _layout = _records.layout(2, 2)


@dataclass(frozen=True)
class Stats:
    """Figures of a file, and of the engine that read them since it was opened."""

    pending: int  #: tasks of all zones, as the next three
    running: int
    completed: int
    failed: int
    file_bytes: int  #: of the database file
    free_bytes: int  #: of these, unused: they are filled again before the file grows
    wal_bytes: int
    last_sequence: int  #: of the newest event
    commits: int  #: the engine's transactions
    changes: int  #: what they held: changes / commits is the mean size of a group
    largest_group: int
    checkpoints: int
    lock_waits: int  #: commits that had to wait for another process
    lock_wait_us: int  #: how long, in sum
    waiters: int  #: registrations of watches and waiting calls, now
    cache_hits: int  #: answers of decide() that were kept and current
    cache_misses: int  #: those that were read
    cache_entries: int  #: answers that are kept, now
    cache_bytes: int
    durability: Durability
    lease_clock: str  #: what leases are held in: ``boot``, ``wall`` or ``host``
    answer_proof: str  #: how kept answers are proven current: ``wal_index``, ``own_commits``, or ``none`` are kept
    sqlite_version: str
    locks: str  #: what keeps others out of the file: ``ofd``, ``posix`` (weaker) or, in memory, ``none``
    leases_incomparable: int  #: whose end cannot be told from here, by their clock or ours
    lease_clocks_incomparable: int  #: the clocks of these
    expiry_paused: bool  #: the wall clock has leapt, and nothing expires by it: clock_ok()
    leases_lost: int  #: leases that ended without their holder, by any process since the file was made
    failures: Failures
    waiting_time: Histogram  #: from a task's creation, or its ``not_before``, to its start
    running_time: Histogram  #: from the start of its latest attempt to its end
    counts: tuple[Count, ...]  #: by zone, operation and status: of all zones, or of the one that was asked for
    pauses: tuple[Pause, ...]  #: of the whole file: zones, then operations
    #: The same as OpenMetrics text 1.0.0: ``application/openmetrics-text; version=1.0.0; charset=utf-8``
    openmetrics: str = field(repr=False)


_FIGURES = [each.name for each in fields(Stats)[:19]]


def stats(data: bytes) -> Stats:
    """The figures in a result."""
    records = _records.split(data)
    head = _StatsHead(next(records))
    figures: dict[str, Any] = {name: head._number(index) for index, name in enumerate(_FIGURES)}
    first = len(_FIGURES) + 1
    waiting_time = _histogram(next(records), next(records))
    running_time = _histogram(next(records), next(records))
    following = _Following(next(records))
    counts = map(_Count, itertools.islice(records, following._number(0)))
    return Stats(
        **figures,
        durability=DURABILITIES[head._number(len(_FIGURES))],
        lease_clock=head._required(0),
        answer_proof=head._required(1),
        sqlite_version=head._required(2),
        locks=head._required(3),
        leases_incomparable=head._number(first),
        lease_clocks_incomparable=head._number(first + 1),
        expiry_paused=bool(head._number(first + 2)),
        leases_lost=head._number(first + 3),
        failures=Failures(*(head._number(first + 4 + kind) for kind in range(4))),
        waiting_time=waiting_time,
        running_time=running_time,
        counts=tuple(
            Count(one._required(0), one._required(1), STATUSES[one._number(0)], one._number(1)) for one in counts
        ),
        pauses=tuple(
            Pause(one._text(0), one._text(1), one._number(0), one._text(2)) for one in map(_Pause, records)
        ),
        openmetrics=head._required(4),
    )


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
