"""For the tests of hosts: time, ids and leases that do what the test says.

clock = ManualClock()
with open_for_tests(clock=clock) as tasks:
    tasks.create("z1", "create")
    lease = tasks.claim("w1", lease=30)
    clock.advance(31)
    tasks.tick()                                # the lease has ended; no time has passed
"""

from __future__ import annotations

import itertools
import os
import threading
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

import taskstate

from ._records import to_datetime, to_us

#: When a ManualClock begins.
START = datetime(2020, 1, 1, tzinfo=timezone.utc)


class ManualClock:
    """A clock that stands still until it is moved, also for leases. Any thread may move it."""

    def __init__(self, start: datetime = START) -> None:
        self._lock = threading.Lock()
        self._us = to_us(start)

    def __call__(self) -> int:
        """Microseconds since 1970: what ``open(clock=...)`` wants."""
        return self._us

    @property
    def now(self) -> datetime:
        """The time."""
        return to_datetime(self._us)

    def advance(self, by: float | timedelta) -> None:
        """Moves it by seconds or a timedelta; below 0 sets it back."""
        step = by if isinstance(by, timedelta) else timedelta(seconds=by)
        with self._lock:
            self._us += step // timedelta(microseconds=1)

    def set(self, to: datetime) -> None:
        """Moves it to an aware datetime."""
        with self._lock:
            self._us = to_us(to)

    def __repr__(self) -> str:
        return f"<ManualClock {self.now.isoformat()}>"


class SequentialIds:
    """Ids in order: 00000000-0000-0000-0000-000000000001 and so on, tasks and requests counted apart.

    Those of requests begin with ``ffffffff``.
    """

    def __init__(self) -> None:
        self._counts = {"task": itertools.count(1), "request": itertools.count((0xFFFFFFFF << 96) + 1)}

    def __call__(self, kind: str) -> uuid.UUID:
        """What ``open(ids=...)`` wants."""
        return uuid.UUID(int=next(self._counts[kind]))


def open_for_tests(
    path: str | os.PathLike[str] = ":memory:",
    *,
    clock: ManualClock | None = None,
    ids: SequentialIds | None = None,
    **options: Any,
) -> taskstate.Engine:
    """An engine of its own that does nothing by itself: its time is the clock's, its ids are in order, and what the
    housekeeper does is done by ``tick()``. ``options`` are those of :func:`taskstate.open`."""
    return taskstate.open(path, clock=clock or ManualClock(), ids=ids or SequentialIds(), **options)


__all__ = ["START", "ManualClock", "SequentialIds", "open_for_tests"]
