"""What ends a coroutine's wait early."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Iterator

from .._cancel import CancelToken


def resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


@contextlib.contextmanager
def ends(cancel: CancelToken | None, stop: asyncio.Future[None] | None = None) -> Iterator[asyncio.Future[None] | None]:
    """That future, or one for the token."""
    if stop is not None or cancel is None:
        yield stop
        return
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        loop.call_soon_threadsafe(resolve, ended)

    cancel._on_cancel(wake)
    try:
        yield ended
    finally:
        cancel._forget(wake)
