"""A task in the hands of a coroutine."""

from __future__ import annotations

from .. import _lease
from .._task import Task
from . import _pool
from ._mirror import mirror


class Lease:
    """A claimed task, as :class:`taskstate.Lease`, with coroutines for methods.

    ``async with lease`` keeps it alive in the background, and leaving the block means what it means there: an exception
    fails the task, TaskFailed with its own message, CancelledError releases it and goes on.
    """

    __slots__ = ("_sync", "__weakref__")

    def __init__(self, sync: _lease.Lease) -> None:
        self._sync = sync

    @property
    def task(self) -> Task:
        """The task as the last call under this lease gave it."""
        return self._sync.task

    @property
    def payload(self) -> bytes | None:
        """What create() was given for the worker."""
        return self._sync.payload

    @property
    def token(self) -> str:
        """Names the lease in every process that has the file open: see ``lease()``."""
        return self._sync.token

    @property
    def epoch(self) -> int:
        """Never repeats for a task."""
        return self._sync.epoch

    @property
    def attempt(self) -> int:
        """1 for the first."""
        return self._sync.attempt

    @property
    def cancel_requested(self) -> bool:
        """Somebody asked for the task to be cancelled, as far as the last heartbeat knew: better stop."""
        return self._sync.cancel_requested

    @property
    def lost(self) -> bool:
        """The lease has ended without an outcome of its holder, as far as the last call knew: stop."""
        return self._sync.lost

    heartbeat = mirror(_lease.Lease.heartbeat)
    annotate = mirror(_lease.Lease.annotate)
    complete = mirror(_lease.Lease.complete)
    fail = mirror(_lease.Lease.fail)
    release = mirror(_lease.Lease.release)

    async def __aenter__(self) -> Lease:
        self._sync._engine._keeper().keep(self._sync)
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        return await _pool.run_to_end(self._sync._leave, error)

    def __repr__(self) -> str:
        return repr(self._sync)
