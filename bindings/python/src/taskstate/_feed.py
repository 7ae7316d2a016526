"""The feed: every event of every task, in the order of commits."""

from __future__ import annotations

import contextlib
from typing import Iterator

from . import _host
from ._arguments import Seconds, context, number, text
from ._calls import call
from ._cancel import CancelToken
from ._errors import Cancelled
from ._handle import Handle
from ._native import lib
from ._results import ChangesBatch, Event
from ._watch import Waiting, Watch

CANCELLED_MESSAGE = "the caller cancelled while waiting for an event"


class Wanted:
    """Which part of the feed is wanted, and how far it has been given."""

    __slots__ = ("position", "purged_through", "_zone", "_flags", "_limit", "_timeout", "_read_through", "_events")

    def __init__(
        self,
        after: str | None,
        zone: str | None,
        limit: int | None,
        latest: bool,
        allow_gap: bool,
        timeout: Seconds | None,
    ) -> None:
        self.position = self._read_through = after
        self.purged_through = 0
        self._zone = zone
        self._limit = 0 if limit is None else (number("limit", limit) or -1)  # 0 is no limit that a caller can mean
        self._flags = (lib.TSE_CHANGES_LATEST if latest else 0) | (lib.TSE_CHANGES_ALLOW_GAP if allow_gap else 0)
        self._timeout = timeout
        self._events: list[Event] = []  # the next one last

    def watch(self, watch: Watch) -> None:
        """Has the watch tell when to read."""
        watch.changes(self._zone)

    def read(self, engine: Handle, *, cancel: CancelToken | None = None) -> ChangesBatch:
        """The next batch, without waiting for it."""
        batch = ChangesBatch(
            call(
                lib.tspy_changes,
                engine._native(),
                *text("zone", self._zone),
                *text("after", self._read_through),
                self._flags,
                self._limit,
                context(self._timeout, cancel),
            )
        )
        self._flags &= ~lib.TSE_CHANGES_LATEST
        self._read_through = batch.position
        self.purged_through = batch.purged_through
        self._events = list(reversed(batch.events))
        if not batch.events:
            self.position = batch.position
        return batch

    def wait_and_read(self, engine: Handle, wait: float, cancel: CancelToken | None) -> ChangesBatch:
        """As many looks as it takes, for at most so many seconds."""
        deadline = _host.now() + wait
        batch = self.read(engine, cancel=cancel)
        if batch.events or wait <= 0:
            return batch
        with Waiting(engine, self.watch, cancel) as waiting:
            while not batch.events and waiting.until(deadline):
                if cancel is not None and cancel.cancelled:
                    raise Cancelled(CANCELLED_MESSAGE)
                batch = self.read(engine, cancel=cancel)
        return batch

    def next_event(self) -> Event | None:
        """The next one of the batch that was read last; None: read another."""
        if not self._events:
            return None
        event = self._events.pop()
        # Where the batch ends may lie behind its last event.
        self.position = event.position if self._events else self._read_through
        return event


class Feed:
    """Events one after the other, in the order of commits: see ``changes()``. One thread iterates.

    A loop over it ends when nothing more came in time, or when it is stopped; another one goes on behind that.
    """

    __slots__ = ("_engine", "_wanted", "_wait", "_cancel", "_stopped")

    def __init__(self, engine: Handle, wanted: Wanted, wait: float, cancel: CancelToken | None) -> None:
        self._engine = engine
        self._wanted = wanted
        self._wait = wait
        self._cancel = cancel
        self._stopped = CancelToken()

    @property
    def position(self) -> str | None:
        """Where to go on after the events that it has given: as ``after`` of another feed. None: from the first event
        that is still there."""
        return self._wanted.position

    @property
    def purged_through(self) -> int:
        """Sequence numbers that are missing up to it belong to purged tasks; above it none is missing."""
        return self._wanted.purged_through

    def __iter__(self) -> Feed:
        return self

    def __next__(self) -> Event:
        if self._stopped.cancelled:
            raise StopIteration
        event = self._wanted.next_event()
        if event is None:
            with linked(self._cancel, self._stopped):
                try:
                    self._wanted.wait_and_read(self._engine, self._wait, self._stopped)
                except Cancelled:
                    if self._cancel is not None and self._cancel.cancelled:
                        raise
                    raise StopIteration from None
            event = self._wanted.next_event()
        if event is None:
            raise StopIteration
        return event

    def stop(self) -> None:
        """Ends it for good, also a wait. Any thread, also a signal's Python handler."""
        self._stopped.cancel()

    close = stop


@contextlib.contextmanager
def linked(cancel: CancelToken | None, other: CancelToken) -> Iterator[None]:
    """Meanwhile, what cancels the one cancels the other, too."""
    if cancel is None:
        yield
        return
    cancel._on_cancel(other.cancel)
    try:
        yield
    finally:
        cancel._forget(other.cancel)
