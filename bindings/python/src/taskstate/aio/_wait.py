"""Who waits for something to claim in an event loop: one descriptor for all that want the same."""

from __future__ import annotations

import asyncio
import collections
from typing import Any, Callable, Coroutine, Deque, Dict, List, Tuple

from .. import _host
from .._engine import Engine
from .._lease import Lease
from .._watch import Watch
from ._alarm import first

Claim = Callable[[], Coroutine[Any, Any, List[Lease]]]
_Key = Tuple[asyncio.AbstractEventLoop, Any]


class Groups:
    """An engine's waiters, by event loop and by what they want."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._groups: Dict[_Key, _Group] = {}

    async def claim(
        self, filter: tuple[Any, ...], claim: Claim, wait: float, stop: asyncio.Future[None] | None = None
    ) -> list[Lease]:
        """Claims until it brings something, the time (in seconds) is over, or ``stop`` is done."""
        leases = await claim()
        if leases or wait <= 0:
            return leases
        loop = asyncio.get_running_loop()
        deadline = _host.now() + wait
        while not (stop is not None and stop.done()):
            left = deadline - _host.now()
            if left <= 0:
                break
            group = self._enter(loop, filter)
            try:
                leases = await group.claim(claim, left, stop)
            finally:
                self._leave(loop, filter, group)
            if leases:
                break
        return leases

    def _enter(self, loop: asyncio.AbstractEventLoop, filter: tuple[Any, ...]) -> _Group:
        key = (loop, filter)
        group = self._groups.get(key)
        if group is None or not group.is_alive():
            group = self._groups[key] = _Group(self._engine, loop, filter)
        group.members += 1
        return group

    def _leave(self, loop: asyncio.AbstractEventLoop, filter: tuple[Any, ...], group: _Group) -> None:
        group.members -= 1
        if group.members == 0:
            group.close()
            if self._groups.get((loop, filter)) is group:
                del self._groups[(loop, filter)]


class _Group:
    """Waiters that want the same. When the descriptor is readable, one of them looks; what it finds, or fails to
    look for, lets the next one look. So none sleeps while there is something, and they never all look at once."""

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop, filter: tuple[Any, ...]) -> None:
        self.members = 0
        self._engine = engine
        self._loop = loop
        self._turns: Deque[asyncio.Future[None]] = collections.deque()
        self._signalled = False
        self._watch = Watch(engine)
        self._watch.claim(filter)
        self._reading = True
        loop.add_reader(self._watch.fileno(), self._on_readable)

    def is_alive(self) -> bool:
        return self._watch.is_of(self._engine)

    async def claim(self, claim: Claim, seconds: float, stop: asyncio.Future[None] | None) -> list[Lease]:
        """One wait and one look; nothing if the time is over."""
        # What came before this group had a member has made its descriptor readable, too.
        turn = self._queue()
        try:
            await first(turn, stop, seconds=seconds)
            if not turn.done() or (stop is not None and stop.done()):
                return []
            turn = self._loop.create_future()  # what it stood for is being looked at
            try:
                leases = await claim()
            except BaseException:
                self._next()
                raise
            if leases:
                self._next()
            return leases
        finally:
            self._give_up(turn)

    def close(self) -> None:
        self._stop_reading()
        self._watch.close()

    def _queue(self) -> asyncio.Future[None]:
        turn: asyncio.Future[None] = self._loop.create_future()
        if self._signalled:
            self._signalled = False
            turn.set_result(None)
        else:
            self._turns.append(turn)
        return turn

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        """Nobody looks when this turn comes; if it has come, it is the next one's."""
        if turn.done():
            self._next()
        elif turn in self._turns:
            self._turns.remove(turn)

    def _next(self) -> None:
        if self._turns:
            self._turns.popleft().set_result(None)
        else:
            self._signalled = True

    def _on_readable(self) -> None:
        if self.is_alive():
            self._watch.reset()
            self._next()
            return
        # Closed, or opened again: readable for good, so everybody has to see for himself.
        self._stop_reading()
        while self._turns:
            self._next()

    def _stop_reading(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._watch.fileno())
