"""The engine for event loops."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, AsyncIterator, List, overload

from .. import _answer, _engine, _errors, _feed, _host, _lease, _options
from .._arguments import Seconds, Statuses, number, seconds, text
from .._cancel import CancelToken
from .._results import ChangesBatch
from .._statements import Also
from .._task import Task, has_moved
from .._workers import CANCELLED_MESSAGE, Names, Wanted
from . import _pool
from ._ends import ends
from ._feed import Feed, read
from ._lease import Lease
from ._mirror import documented, mirror
from ._moves import Moves
from ._wait import Groups
from ._work import Work


class Engine:
    """One open file, as :class:`taskstate.Engine`, with coroutines for methods. Made by :func:`taskstate.aio.open`.

    Each call takes a short turn in one of two small pools of threads that all engines share: what only reads has one
    of its own, so that it never waits behind changes. Waiting takes no thread: those that
    wait for the same tasks share one descriptor of the event loop's. A task that is cancelled ends its call: what
    had to wait certainly did not happen, what was being committed has happened, when CancelledError goes on.
    """

    __slots__ = ("_sync", "_groups", "_moves", "__weakref__")

    def __init__(self, sync: _engine.Engine) -> None:
        self._sync = sync
        self._groups = Groups(sync)
        self._moves = Moves(sync)

    async def __aenter__(self) -> Engine:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """As Engine.close(): what waits raises Closed."""
        await _pool.run_to_end(self._sync.close)

    async def reopen(self) -> None:
        """As Engine.reopen()."""
        await _pool.run_to_end(self._sync.reopen)

    def __repr__(self) -> str:
        return repr(self._sync).replace("taskstate.Engine", "taskstate.aio.Engine", 1)

    create = mirror(_engine.Engine.create)
    annotate = mirror(_engine.Engine.annotate)
    complete = mirror(_engine.Engine.complete)
    fail = mirror(_engine.Engine.fail)
    cancel = mirror(_engine.Engine.cancel)
    result = mirror(_engine.Engine.result)
    retry = mirror(_engine.Engine.retry)
    reprioritize = mirror(_engine.Engine.reprioritize)
    run = mirror(_engine.Engine.run)
    create_many = mirror(_engine.Engine.create_many)
    complete_many = mirror(_engine.Engine.complete_many)
    tick = mirror(_engine.Engine.tick)
    get = mirror(_engine.Engine.get, _pool.read)
    list = mirror(_engine.Engine.list, _pool.read)
    history = mirror(_engine.Engine.history, _pool.read)
    verify = mirror(_engine.Engine.verify)
    purge = mirror(_engine.Engine.purge)
    pause = mirror(_engine.Engine.pause)
    unpause = mirror(_engine.Engine.unpause)
    erase = mirror(_engine.Engine.erase)
    stats = mirror(_engine.Engine.stats, _pool.read)
    clock_ok = mirror(_engine.Engine.clock_ok)
    backup = mirror(_engine.Engine.backup)

    @documented(_engine.Engine.decide)
    async def decide(
        self,
        zone_id: str,
        id: str,
        *,
        headers: _answer.Headers = None,
        method: str | None = None,
        path: str | None = None,
        completed: _options.Completed | None = None,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
    ) -> _answer.Answer:
        relevant = _answer.relevant(headers)
        kept = self._sync._decide_kept(zone_id, id, method, relevant, completed)
        if kept is not None:
            return kept
        request = (zone_id, id, method, relevant, path, completed, timeout)

        async def look() -> _answer.Answer:
            return await _pool.read(self._sync._decide, *request, cancel=cancel, wait_elsewhere=True)

        answer = await look()
        deadline = _host.now() + answer._wait_s
        while answer._wait_s and _host.now() < deadline:
            try:
                await self.wait(zone_id, id, answer._revision, timeout=deadline - _host.now(), cancel=cancel)
            except _errors.Error:
                deadline = 0  # an answer must not fail: it is what the next look makes of it
            answer = await look()
        return answer

    async def accept(
        self,
        outcome: Task | _errors.Error,
        *,
        headers: _answer.Headers = None,
        method: str | None = None,
        path: str | None = None,
    ) -> _answer.Answer:
        """As Engine.accept(), which asks nobody and so needs no thread."""
        return self._sync.accept(outcome, headers=headers, method=method, path=path)

    @documented(_engine.Engine.iterate)
    async def iterate(
        self,
        zone_id: str | None,
        *,
        status: Statuses = None,
        operation: str | None = None,
        install_id: str | None = None,
        package_id: str | None = None,
        failure_kind: str | None = None,
        worker: str | None = None,
        ref: str | None = None,
        client_request_id: str | None = None,
        created_from: datetime | int | None = None,
        created_until: datetime | int | None = None,
        limit: int = 1000,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
    ) -> AsyncIterator[Task]:
        after = None
        while True:
            page = await self.list(
                zone_id,
                status=status,
                operation=operation,
                install_id=install_id,
                package_id=package_id,
                failure_kind=failure_kind,
                worker=worker,
                ref=ref,
                client_request_id=client_request_id,
                created_from=created_from,
                created_until=created_until,
                limit=limit,
                after=after,
                timeout=timeout,
                cancel=cancel,
            )
            for task in page:
                yield task
            after = page.after_cursor
            if after is None:
                return

    # ---- What happens ------------------------------------------------------------------------

    @documented(_engine.Engine.wait)
    async def wait(
        self,
        zone_id: str,
        id: str,
        revision: int | None = None,
        *,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
    ) -> Task | None:
        deadline = _host.now() + self._sync._seconds(timeout)
        key = (*text("zone_id", zone_id), *text("id", id))
        past = number("revision", revision)
        with ends(cancel) as ended:
            while True:
                await self._moves.wait(key, past, deadline - _host.now(), ended)
                task = await self.get(zone_id, id, cancel=cancel)
                if has_moved(task, revision):
                    return task
                if cancel is not None and cancel.cancelled:
                    raise _errors.Cancelled(CANCELLED_MESSAGE)
                if _host.now() >= deadline:
                    return task

    def changes(
        self,
        after: str | None = None,
        *,
        zone: str | None = None,
        wait: Seconds | None = None,
        limit: int | None = None,
        latest: bool = False,
        allow_gap: bool = False,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
    ) -> Feed:
        """The feed: ``async for event in tasks.changes(...)``. As Engine.changes(), but ``latest`` begins when the first
        event is asked for; ``(await read_changes(latest=True)).position`` is here and now."""
        wanted = _feed.Wanted(after, zone, limit, latest, allow_gap, timeout)
        return Feed(self._sync, wanted, seconds("wait", wait or 0.0), cancel)

    @documented(_engine.Engine.read_changes)
    async def read_changes(
        self,
        after: str | None = None,
        *,
        zone: str | None = None,
        wait: Seconds | None = None,
        limit: int | None = None,
        latest: bool = False,
        allow_gap: bool = False,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
    ) -> ChangesBatch:
        wanted = _feed.Wanted(after, zone, limit, latest, allow_gap, timeout)
        return await read(self._sync, wanted, seconds("wait", wait or 0.0), cancel)

    # ---- Workers -----------------------------------------------------------------------------

    @overload
    async def start(
        self,
        zone_id: str,
        id: str,
        *,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Task: ...

    @overload
    async def start(
        self,
        zone_id: str,
        id: str,
        *,
        lease: Seconds,
        worker: str | None = None,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Lease: ...

    @documented(_engine.Engine.start)
    async def start(self, *arguments: Any, **keywords: Any) -> Task | Lease:
        given: Any = await _pool.run(self._sync.start, *arguments, undo=_give_back, **keywords)
        return Lease(given) if isinstance(given, _lease.Lease) else given

    @documented(_engine.Engine.claim)
    async def claim(
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
        wanted = Wanted(worker, lease, zones, operations, timeout, (request_id, traceparent, actor), also)
        leases = await self._claim(wanted, 1, seconds("wait", wait), cancel)
        return leases[0] if leases else None

    @documented(_engine.Engine.claim_many)
    async def claim_many(
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
        wanted = Wanted(worker, lease, zones, operations, timeout, (request_id, traceparent, actor), also)
        return await self._claim(wanted, number("limit", limit), seconds("wait", wait), cancel)

    @documented(_engine.Engine.lease)
    async def lease(self, token: str, *, timeout: Seconds | None = None, cancel: CancelToken | None = None) -> Lease:
        return Lease(await _pool.run(self._sync.lease, token, timeout=timeout, cancel=cancel))

    def work(
        self,
        worker: str | None = None,
        *,
        lease: Seconds = 30.0,
        zones: Names = None,
        operations: Names = None,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Work:
        """Claims one task after the other and waits in between, for ever: ``async for lease in tasks.work(...)``.

        Cancelling the task ends the loop; so do ``stop()`` of what this gives and ``cancel``, which let a task at hand
        be finished that has no other attempt left. Signals are the host's:
        ``loop.add_signal_handler(signal.SIGTERM, work.stop)``.
        """
        wanted = Wanted(worker, lease, zones, operations, timeout, (request_id, traceparent, actor), also)
        return Work(self, wanted, cancel)

    async def _claim(
        self,
        wanted: Wanted,
        limit: int,
        wait: float,
        cancel: CancelToken | None,
        stop: asyncio.Future[None] | None = None,
    ) -> List[Lease]:
        async def look() -> List[_lease.Lease]:
            return await _pool.run(wanted.claim, self._sync, limit, cancel=cancel, undo=_give_back)

        with ends(cancel, stop) as ended:
            leases = await self._groups.claim(wanted.filter, look, wait, ended)
        if not leases and cancel is not None and cancel.cancelled:
            raise _errors.Cancelled(CANCELLED_MESSAGE)
        return [Lease(lease) for lease in leases]


def _give_back(granted: Any) -> None:
    """Leases that nobody is there to take."""
    for lease in granted if isinstance(granted, list) else [granted]:
        if isinstance(lease, _lease.Lease):
            lease._release_for_stop()
