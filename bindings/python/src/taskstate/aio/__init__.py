"""taskstate for event loops: the same operations as coroutines.

async with taskstate.aio.open("catalog.db") as tasks:
    task = await tasks.create("z1", "create", package_id="pkg_1")
    async for lease in tasks.work(worker="w1", lease=30):
        async with lease:
            await lease.complete(install_id=await install(lease.payload))
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Callable, Generator

import taskstate

from . import _pool
from ._engine import Engine
from ._feed import Feed
from ._lease import Lease
from ._work import Work

if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    P = ParamSpec("P")


class Opening:
    """An engine about to be opened: ``async with`` it, or ``await`` it and close it yourself."""

    __slots__ = ("_open", "_opened")

    def __init__(self, open: Callable[[], taskstate.Engine]) -> None:
        self._open = open
        self._opened: Engine | None = None

    async def _enter(self) -> Engine:
        self._opened = Engine(await _pool.run_to_end(self._open))
        return self._opened

    def __await__(self) -> Generator[Any, Any, Engine]:
        return self._enter().__await__()

    async def __aenter__(self) -> Engine:
        return await self._enter()

    async def __aexit__(self, *exception: object) -> None:
        if self._opened is not None:
            await self._opened.close()


def _opens(open: Callable[P, taskstate.Engine]) -> Callable[P, Opening]:
    @functools.wraps(open)
    def opens(*arguments: P.args, **keywords: P.kwargs) -> Opening:
        return Opening(functools.partial(open, *arguments, **keywords))

    return opens


#: As :func:`taskstate.open`, with the same options: ``async with taskstate.aio.open(path) as tasks``.
open = _opens(taskstate.open)

__all__ = ["Engine", "Feed", "Lease", "Opening", "Work", "open"]
