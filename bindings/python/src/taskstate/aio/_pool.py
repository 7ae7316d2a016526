"""Short operations beside the event loop."""

from __future__ import annotations

import asyncio
import functools
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, TypeVar

from .. import _fork
from .._cancel import CancelToken

R = TypeVar("R")

# Operations that wait for the same fsync share it, so a few more threads than processors pay.
_THREADS = 8

_pools: Dict[str, ThreadPoolExecutor] = {}


def _executor(name: str) -> ThreadPoolExecutor:
    with _fork.lock():
        pool = _pools.get(name)
        if pool is None:
            pool = _pools[name] = ThreadPoolExecutor(_THREADS, name)
        return pool


# A child has none of the parent's threads.
os.register_at_fork(after_in_child=_pools.clear)

# Changes wait for each other and for the disk; a reader waits for neither.
_CHANGES = "taskstate-aio"
_READS = "taskstate-aio-read"


async def settle(future: asyncio.Future[Any]) -> None:
    """Until it is done, however often the task that waits is cancelled meanwhile."""
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError:
            continue


async def run(
    function: Callable[..., R],
    *arguments: Any,
    cancel: CancelToken | None = None,
    undo: Callable[[R], object] | None = None,
    **keywords: Any,
) -> R:
    """The call in a thread. If the task is cancelled, so is the call, and it has ended when CancelledError goes on;
    ``undo`` is then given what it brought all the same."""
    return await _run(_CHANGES, functools.partial(function, *arguments, **keywords), cancel, undo)


async def read(function: Callable[..., R], *arguments: Any, cancel: CancelToken | None = None, **keywords: Any) -> R:
    """As run(), for what changes nothing."""
    return await _run(_READS, functools.partial(function, *arguments, **keywords), cancel, None)


async def _run(
    pool: str, work: Callable[..., R], cancel: CancelToken | None, undo: Callable[[R], object] | None
) -> R:
    token = CancelToken()
    future = asyncio.get_running_loop().run_in_executor(_executor(pool), functools.partial(work, cancel=token))
    if cancel is not None:
        cancel._on_cancel(token.cancel)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        token.cancel()
        await settle(future)
        if future.exception() is None and undo is not None:
            await run_to_end(undo, future.result())
        raise
    finally:
        if cancel is not None:
            cancel._forget(token.cancel)


async def run_to_end(function: Callable[..., R], *arguments: Any) -> R:
    """The call in a thread, to its end; a cancellation that comes meanwhile is raised after it."""
    return await _to_end(_CHANGES, functools.partial(function, *arguments))


async def read_to_end(function: Callable[..., R], *arguments: Any) -> R:
    """As run_to_end(), for what changes nothing."""
    return await _to_end(_READS, functools.partial(function, *arguments))


async def _to_end(pool: str, work: Callable[[], R]) -> R:
    future = asyncio.get_running_loop().run_in_executor(_executor(pool), work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await settle(future)
        raise
