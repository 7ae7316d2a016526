"""The loop of a worker in an event loop."""

from __future__ import annotations

import asyncio
import math
import weakref
from typing import TYPE_CHECKING, Any, Callable

from .. import _errors
from .._cancel import CancelToken
from .._workers import Wanted
from . import _pool
from ._alarm import first
from ._ends import resolve
from ._lease import Lease

if TYPE_CHECKING:
    from ._engine import Engine

# After Busy, for an engine whose timeout is 0.
_BREATH_S = 0.05


class Work:
    """The leases of a worker, one at a time, for ever: see ``work()``. One coroutine iterates."""

    def __init__(self, engine: Engine, wanted: Wanted, cancel: CancelToken | None) -> None:
        self._engine = engine
        self._wanted = wanted
        self._cancel = cancel
        self._loop = asyncio.get_running_loop()
        self._stopped: asyncio.Future[None] = self._loop.create_future()
        self._current: Lease | None = None
        if cancel is not None:
            me = weakref.ref(self)
            cancel._on_cancel(lambda: _stop(me))

    def __aiter__(self) -> Work:
        return self

    async def __anext__(self) -> Lease:
        self._current = None
        while not self._stopped.done():
            try:
                found = await self._engine._claim(self._wanted, 1, math.inf, self._cancel, self._stopped)
            except _errors.Busy:
                await first(seconds=_BREATH_S)
                continue
            except _errors.Cancelled:
                break
            if not found:
                continue
            lease = found[0]
            if self._stopped.done() and lease._sync._may_be_handed_on:
                await _pool.run_to_end(lease._sync._release_for_stop)
                break
            lease._sync._in_loop = True
            self._engine._sync._keeper().start()
            self._current = lease
            return lease
        raise StopAsyncIteration

    def stop(self) -> None:
        """Ends the loop: no new task; the one at hand is released at once if another attempt is left, and its
        lease is then ``lost``; else it is let finish. Any thread; ``loop.add_signal_handler()`` may call it."""
        lease = self._current
        if lease is not None and lease._sync._may_be_handed_on:
            lease._sync._engine._keeper().release(lease._sync)
        try:
            self._loop.call_soon_threadsafe(resolve, self._stopped)
        except RuntimeError:
            pass  # the event loop is closed, so nobody iterates


def _stop(me: Callable[[], Any]) -> None:
    work = me()
    if work is not None:
        work.stop()
