"""What workers do: claim, wait, and the loop around it."""

from __future__ import annotations

from typing import Iterable, List, Union

from . import _host, _records
from ._arguments import Seconds, context, duration, names, number, seconds, text
from ._batch import Batches
from ._calls import call
from ._cancel import CancelToken
from ._changes import Changes
from ._errors import Cancelled
from ._lease import Lease
from ._leases import adopt, granted
from ._native import lib
from ._statements import Also, statements
from ._watch import Waiting, Watch
from ._work import Work

#: Zones or operations: one, several, or None for all.
Names = Union[str, Iterable[str], None]


CANCELLED_MESSAGE = "the caller cancelled while waiting for a task"


class Count(_records.Record):
    """How many tasks a call changed."""

    __slots__ = ()
    _numbers = 1
    _layout = _records.layout(1, 0)


class Wanted:
    """What a claim shall find, and on which terms."""

    __slots__ = ("filter", "_terms", "_timeout", "_tracing", "_also")

    def __init__(
        self,
        worker: str | None,
        lease: Seconds,
        zones: Names,
        operations: Names,
        timeout: Seconds | None,
        tracing: tuple[str | None, str | None, str | None],
        also: Also,
    ) -> None:
        self.filter = (*names("zones", zones), *names("operations", operations))
        self._terms = (*text("worker", worker), duration("lease", lease))
        self._timeout = timeout
        self._tracing = tracing
        self._also = statements(also)

    def watch(self, watch: Watch) -> None:
        """Has the watch tell when to look."""
        watch.claim(self.filter)

    def claim(self, engine: Changes, limit: int, *, cancel: CancelToken | None = None) -> list[Lease]:
        """One look, without waiting for a task."""
        rest = context(self._timeout, cancel, *self._tracing, self._also)
        return granted(engine, lib.tspy_claim, *self.filter, *self._terms, limit, rest)

    def wait_and_claim(self, engine: Changes, limit: int, wait: float, cancel: CancelToken | None) -> list[Lease]:
        """As many looks as it takes, for at most so many seconds."""
        deadline = _host.now() + wait
        leases = self.claim(engine, limit, cancel=cancel)
        if leases or wait <= 0:
            return leases
        with Waiting(engine, self.watch, cancel) as waiting:
            while not leases and waiting.until(deadline):
                if cancel is not None and cancel.cancelled:
                    raise Cancelled(CANCELLED_MESSAGE)
                leases = self.claim(engine, limit, cancel=cancel)
        return leases


class Workers(Batches):
    """The operations by which workers find their tasks."""

    __slots__ = ()

    def claim(
        self,
        worker: str | None = None,
        *,
        lease: Seconds = 30.0,
        zones: Names = None,
        operations: Names = None,
        wait: Seconds = 0.0,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Lease | None:
        """Takes one task that is pending or requeued; None if there is none, also after ``wait``.

        Within a zone the highest priority first, then the oldest; zones in turn. ``worker``: who claims, 1-256 bytes of
        UTF-8, for operators.
        ``lease``: how long it lasts without a heartbeat, 1 ms - 30 days. ``zones``, ``operations``: one, several
        or all. ``wait``: for a task to come, ``math.inf`` for ever; KeyboardInterrupt, ``cancel`` and ``close()`` end
        it at once. Leases that have ended are ended first. Raises InvalidArgument, Cancelled, or what
        every change may.
        """
        wanted = Wanted(worker, lease, zones, operations, timeout, (request_id, traceparent, actor), also)
        leases = wanted.wait_and_claim(self, 1, seconds("wait", wait), cancel)
        return leases[0] if leases else None

    def claim_many(
        self,
        limit: int,
        worker: str | None = None,
        *,
        lease: Seconds = 30.0,
        zones: Names = None,
        operations: Names = None,
        wait: Seconds = 0.0,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> List[Lease]:
        """Up to ``limit`` tasks (1-64) in one transaction, each under a lease of its own; waits as claim() for the
        first."""
        wanted = Wanted(worker, lease, zones, operations, timeout, (request_id, traceparent, actor), also)
        return wanted.wait_and_claim(self, number("limit", limit), seconds("wait", wait), cancel)

    def lease(self, token: str, *, timeout: Seconds | None = None, cancel: CancelToken | None = None) -> Lease:
        """The lease that a token names, from another process, say; prolongs it. Raises LeaseLost if it has ended."""
        return adopt(self, token, timeout, cancel)

    def work(
        self,
        worker: str | None = None,
        *,
        lease: Seconds = 30.0,
        zones: Names = None,
        operations: Names = None,
        signals: bool = True,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Work:
        """Claims one task after the other and waits in between, for ever: ``for lease in tasks.work(...)``.

        SIGTERM and SIGINT end the loop, and so do its ``stop()`` and ``cancel``: no new task is claimed, and the
        one at hand is released at once if another attempt is left, else let finish. A signal interrupts ``with lease:``
        for that. It sets handlers in the main thread only, not for signals that are ignored, and puts the former
        ones back; after a first signal SIGINT acts as before. ``signals=False`` leaves them alone. The rest is as
        for claim().
        """
        wanted = Wanted(worker, lease, zones, operations, timeout, (request_id, traceparent, actor), also)
        return Work(self, wanted, cancel, signals)

    def tick(self, *, timeout: Seconds | None = None, cancel: CancelToken | None = None) -> int:
        """What the housekeeper does once per interval, done now; how many tasks it changed.

        Leases whose time is over end, pending tasks that nobody started in time fail, and those whose
        ``not_before`` has come may be claimed.
        """
        return Count(call(lib.tspy_tick, self._native(), context(timeout, cancel)))._number(0)
