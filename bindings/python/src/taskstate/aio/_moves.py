"""Who waits for a task to move in an event loop: one descriptor for all of them."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any, Callable, Dict, TypeVar

from .._engine import Engine
from .._errors import Closed
from .._watch import Watch
from . import _pool
from ._alarm import first
from ._ends import resolve

R = TypeVar("R")


class Moves:
    """An engine's waiters, by event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._boards: Dict[asyncio.AbstractEventLoop, _Board] = {}

    async def wait(
        self, key: tuple[Any, ...], revision: int, seconds: float, stop: asyncio.Future[None] | None
    ) -> None:
        """Until the task has moved past the revision or ended, the time is over, or ``stop`` is done. Look which."""
        loop = asyncio.get_running_loop()
        board = self._boards.get(loop)
        if board is None or not board.is_alive():
            board = self._boards[loop] = _Board(self._engine, loop)
        board.members += 1
        try:
            await board.wait(key, revision, seconds, stop)
        finally:
            board.members -= 1
            if board.members == 0:
                board.close()
                if self._boards.get(loop) is board:
                    del self._boards[loop]


class _Board:
    """Waiters behind one watch. It is used by one thread at a time, and never by the event loop's own, since
    registering reads the file."""

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
        self.members = 0
        self._engine = engine
        self._loop = loop
        self._tags = itertools.count()
        self._moved: Dict[int, asyncio.Future[None]] = {}
        self._turn = asyncio.Lock()
        self._collecting: asyncio.Future[None] | None = None
        self._closed = False
        self._watch = Watch(engine)
        self._reading = False
        self._read()

    def is_alive(self) -> bool:
        return self._watch.is_of(self._engine)

    async def wait(
        self, key: tuple[Any, ...], revision: int, seconds: float, stop: asyncio.Future[None] | None
    ) -> None:
        tag = next(self._tags)
        moved: asyncio.Future[None] = self._loop.create_future()
        self._moved[tag] = moved
        try:
            await self._ask(self._watch.task, key, revision, tag)
            await first(moved, stop, seconds=seconds)
        except Closed:
            pass  # the file may have been opened again: who looks finds out
        finally:
            if self._moved.pop(tag, None) is not None:
                await self._ask(self._watch.forget, key, tag)

    def close(self) -> None:
        """The watch itself goes when no thread is using it any more."""
        self._closed = True
        self._pause()

    async def _ask(self, function: Callable[..., R], *arguments: Any) -> R:
        async with self._turn:
            return await _pool.read_to_end(function, *arguments)

    def _on_readable(self) -> None:
        self._pause()
        self._collecting = asyncio.ensure_future(self._collect())

    async def _collect(self) -> None:
        # Closed, or opened again: readable for good, so everybody has to see for himself.
        tags = await self._ask(self._watch.take) if self.is_alive() else list(self._moved)
        for tag in tags:
            moved = self._moved.pop(tag, None)
            if moved is not None:
                resolve(moved)
        if self.is_alive() and not self._closed:
            self._read()
        elif self._moved:
            self._on_readable()

    def _read(self) -> None:
        self._reading = True
        self._loop.add_reader(self._watch.fileno(), self._on_readable)

    def _pause(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._watch.fileno())
