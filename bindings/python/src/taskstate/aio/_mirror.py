"""Makes a coroutine of each blocking method, under its own signature."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Callable, Coroutine, TypeVar

from . import _pool

if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec

    P = ParamSpec("P")

F = TypeVar("F", bound=Callable[..., Any])
R = TypeVar("R")


def mirror(
    method: Callable[Concatenate[Any, P], R], run: Callable[..., Coroutine[Any, Any, Any]] = _pool.run
) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]:
    """The method of the object's ``_sync`` in a thread."""

    async def mirrored(self: Any, *arguments: Any, **keywords: Any) -> R:
        given: R = await run(method, self._sync, *arguments, **keywords)
        return given

    wrapped: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]] = functools.wraps(method)(mirrored)  # type: ignore[assignment]
    return wrapped


def documented(method: Callable[..., Any]) -> Callable[[F], F]:
    """Says of a coroutine what the method that it stands for says."""

    def document(coroutine: F) -> F:
        coroutine.__doc__ = method.__doc__
        return coroutine

    return document
