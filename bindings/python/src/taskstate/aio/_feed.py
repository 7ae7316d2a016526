"""The feed in an event loop."""

from __future__ import annotations

import asyncio
import functools

from .. import _feed, _host
from .._cancel import CancelToken
from .._engine import Engine
from .._errors import Cancelled, Closed
from .._results import ChangesBatch, Event
from .._watch import Watch
from . import _pool
from ._alarm import first
from ._ends import ends, resolve


class Feed:
    """Events one after the other, in the order of commits: see ``changes()``. One coroutine iterates.

    A loop over it ends when nothing more came in time, or when it is stopped; another one goes on behind that.
    """

    __slots__ = ("_engine", "_wanted", "_wait", "_cancel", "_stopped")

    def __init__(self, engine: Engine, wanted: _feed.Wanted, wait: float, cancel: CancelToken | None) -> None:
        self._engine = engine
        self._wanted = wanted
        self._wait = wait
        self._cancel = cancel
        self._stopped = CancelToken()

    @property
    def position(self) -> str | None:
        """As :attr:`taskstate.Feed.position`."""
        return self._wanted.position

    @property
    def purged_through(self) -> int:
        """As :attr:`taskstate.Feed.purged_through`."""
        return self._wanted.purged_through

    def __aiter__(self) -> Feed:
        return self

    async def __anext__(self) -> Event:
        if self._stopped.cancelled:
            raise StopAsyncIteration
        event = self._wanted.next_event()
        if event is None:
            with _feed.linked(self._cancel, self._stopped):
                try:
                    await read(self._engine, self._wanted, self._wait, self._stopped)
                except Cancelled:
                    if self._cancel is not None and self._cancel.cancelled:
                        raise
                    raise StopAsyncIteration from None
            event = self._wanted.next_event()
        if event is None:
            raise StopAsyncIteration
        return event

    def stop(self) -> None:
        """Ends it for good, also a wait. Any thread; ``loop.add_signal_handler()`` may call it."""
        self._stopped.cancel()

    close = stop


async def read(engine: Engine, wanted: _feed.Wanted, wait: float, cancel: CancelToken | None) -> ChangesBatch:
    """The next batch: as many looks as it takes, for at most so many seconds."""
    deadline = _host.now() + wait
    look = functools.partial(_pool.read, wanted.read, engine, cancel=cancel)
    batch: ChangesBatch = await look()
    if batch.events or wait <= 0:
        return batch
    news = _News(engine, wanted)
    try:
        with ends(cancel) as ended:
            while not batch.events and _host.now() < deadline:
                await news.wait(deadline - _host.now(), ended)
                if cancel is not None and cancel.cancelled:
                    raise Cancelled(_feed.CANCELLED_MESSAGE)
                batch = await look()
    finally:
        news.close()
    return batch


class _News:
    """One reader's descriptor."""

    def __init__(self, engine: Engine, wanted: _feed.Wanted) -> None:
        self._engine = engine
        self._wanted = wanted
        self._watch: Watch | None = None

    async def wait(self, seconds: float, stop: asyncio.Future[None] | None) -> None:
        """Until there may be something, the time is over, or ``stop`` is done."""
        if self._watch is None or not self._watch.is_of(self._engine):
            self.close()
            try:
                self._watch = await _pool.read_to_end(self._begin)
            except Closed:
                return  # the file may have been opened again: who looks finds out
        loop = asyncio.get_running_loop()
        readable: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._watch.fileno(), resolve, readable)
        try:
            await first(readable, stop, seconds=seconds)
        finally:
            loop.remove_reader(self._watch.fileno())
        self._watch.reset()

    def close(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()

    def _begin(self) -> Watch:
        watch = Watch(self._engine)
        self._wanted.watch(watch)
        return watch
