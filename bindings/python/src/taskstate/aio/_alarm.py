"""Deadlines in an event loop by the system's clock: the loop's own stands still where a test has frozen Python's."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import math
import os
from typing import Dict, Iterator

from .. import _host
from .._cancel import no_descriptor
from .._errors import Unavailable
from ._ends import resolve

_numbers = itertools.count()


class _Clock:
    """All deadlines of one loop, behind one descriptor."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due: list[tuple[float, int, asyncio.Future[None]]] = []
        self.members = 0
        try:
            self._timer = _host.timer()
        except OSError as error:
            raise Unavailable(f"a wait needs a file descriptor: {no_descriptor(error)}") from None
        loop.add_reader(self._timer, self._ring)

    def add(self, at: float) -> asyncio.Future[None]:
        if len(self._due) > 2 * self.members + 64:  # most of them are over
            self._due = [each for each in self._due if not each[2].done()]
            heapq.heapify(self._due)
        over: asyncio.Future[None] = self._loop.create_future()
        heapq.heappush(self._due, (at, next(_numbers), over))
        if self._due[0][2] is over:
            _host.arm(self._timer, at)
        return over

    def close(self) -> None:
        if not self._loop.is_closed():
            self._loop.remove_reader(self._timer)
        os.close(self._timer)

    def _ring(self) -> None:
        now = _host.now()
        while self._due and (self._due[0][0] <= now or self._due[0][2].done()):
            resolve(heapq.heappop(self._due)[2])
        # In the past, too: then it rings at once.
        _host.arm(self._timer, self._due[0][0] if self._due else math.inf)


_clocks: Dict[asyncio.AbstractEventLoop, _Clock] = {}


def _forget() -> None:
    # A child has none of the parent's loops; their descriptors are closed by nobody but exec() or its end.
    _clocks.clear()


os.register_at_fork(after_in_child=_forget)


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[asyncio.Future[None] | None]:
    """A future that is done when so much time is over; None: never."""
    if seconds == math.inf:
        yield None
        return
    loop = asyncio.get_running_loop()
    clock = _clocks.get(loop)
    if clock is None:
        clock = _clocks[loop] = _Clock(loop)
    clock.members += 1
    over = clock.add(_host.now() + max(seconds, 0.0))
    try:
        yield over
    finally:
        over.cancel()
        clock.members -= 1
        if clock.members == 0:
            del _clocks[loop]
            clock.close()


async def first(*futures: asyncio.Future[None] | None, seconds: float) -> None:
    """Until one of them is done, or the time is over."""
    with alarm(seconds) as over:
        there = [future for future in (*futures, over) if future is not None]
        await asyncio.wait(there, return_when=asyncio.FIRST_COMPLETED)
