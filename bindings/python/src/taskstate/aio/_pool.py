"""Short operations beside the event loop."""

from __future__ import annotations

import asyncio
import functools
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, TypeVar

from .. import _fork
from .._cancel import CancelToken

R = TypeVar("R")

# Operations that wait for the same fsync share it, so a few more threads than processors pay.
_THREADS = 8

_pool: ThreadPoolExecutor | None = None


def _executor() -> ThreadPoolExecutor:
    global _pool
    with _fork.lock():
        if _pool is None:
            _pool = ThreadPoolExecutor(_THREADS, "taskstate-aio")
        return _pool


def _forget() -> None:
    # A child has none of the parent's threads.
    global _pool
    _pool = None


os.register_at_fork(after_in_child=_forget)


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
    token = CancelToken()
    work = functools.partial(function, *arguments, cancel=token, **keywords)
    future = asyncio.get_running_loop().run_in_executor(_executor(), work)
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
    future = asyncio.get_running_loop().run_in_executor(_executor(), functools.partial(function, *arguments))
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await settle(future)
        raise
