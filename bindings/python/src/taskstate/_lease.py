"""A task in a worker's hands."""

from __future__ import annotations

import logging
import os
import threading
import traceback
from typing import TYPE_CHECKING, Any, Mapping

from . import _errors, _records
from ._arguments import Json, Seconds, context, duration, link, text
from ._calls import call
from ._cancel import CancelToken
from ._native import lib
from ._statements import Also
from ._task import Task

if TYPE_CHECKING:
    from ._changes import Changes

FAILED_MESSAGE = "The task failed."
_DETAIL_BYTES = 16384
# What `with` does when it is left waits no longer than this for its turn.
_LEAVING_S = 5.0
_HEARTBEAT_S = 5.0
# A clock that was set since could say anything about how long a lease from elsewhere lasts.
_SHORTEST_RHYTHM_S = 0.001

log = logging.getLogger("taskstate")


class Stopped(BaseException):
    """Raised by a signal's handler into `with lease:`, which releases the lease and ends it."""


class Grant(_records.Record):
    """The terms of a lease."""

    __slots__ = ()
    _numbers = 4
    _layout = _records.layout(4, 1)


class Heartbeat(_records.Record):
    """What a heartbeat tells."""

    __slots__ = ()
    _numbers = 2
    _layout = _records.layout(2, 0)


class Lease:
    """A claimed task: the right to change it until the lease ends. Any thread may use it.

    Made by ``claim()``, ``claim_many()``, ``work()``, ``start(lease=...)`` and ``lease(token)``. In ``with lease:``
    it is kept alive in the background, by one thread for all of an engine's leases. How the block is left decides
    what becomes of a task that has no outcome yet:

    - an exception fails it with the public message "The task failed."; the traceback becomes the private detail;
    - :class:`taskstate.TaskFailed` fails it with its own public message, and goes no further;
    - KeyboardInterrupt, SystemExit, GeneratorExit, asyncio's CancelledError, taskstate's Cancelled release it;
    - no exception releases it, too.

    Other exceptions go on, but those of a lease of ``work()`` end here: logged by their type, so that the loop goes
    on to the next task. Leaving never waits for longer than a call does, and raises nothing of its own: a lease that
    cannot be given back ends by itself.

    A forked child may use a lease, but leaving ``with`` there does nothing: the lease is the parent's.
    """

    __slots__ = (
        "_engine", "_token", "_task", "_epoch", "_attempt", "_duration_us", "_expires_at_us", "_payload", "_pid",
        "_ended", "_lost", "_cancel_requested", "_in_loop", "_inside", "__weakref__",
    )  # fmt: skip

    def __init__(self, engine: Changes, grant: tuple[str, int, int, int, int], task: Task) -> None:
        self._engine = engine
        self._token, self._epoch, self._attempt, self._duration_us, self._expires_at_us = grant
        self._task = task
        self._payload = task.payload
        self._pid = os.getpid()
        self._ended = False
        self._lost = False
        self._cancel_requested = task.cancel_requested
        self._in_loop = False
        self._inside: int | None = None  # the thread that is inside `with`

    @property
    def task(self) -> Task:
        """The task as the last call under this lease gave it."""
        return self._task

    @property
    def payload(self) -> bytes | None:
        """What create() was given for the worker."""
        return self._payload

    @property
    def token(self) -> str:
        """Names the lease in every process that has the file open: see ``lease()``. Printable ASCII, opaque."""
        return self._token

    @property
    def epoch(self) -> int:
        """Never repeats for a task."""
        return self._epoch

    @property
    def attempt(self) -> int:
        """1 for the first."""
        return self._attempt

    @property
    def cancel_requested(self) -> bool:
        """Somebody asked for the task to be cancelled, as far as the last heartbeat knew: better stop.

        What the worker reports all the same stands; a failure then has the kind ``cancelled``.
        """
        return self._cancel_requested

    @property
    def lost(self) -> bool:
        """The lease has ended without an outcome of its holder, as far as the last call knew: stop, another may
        be at it."""
        return self._lost and not self._ended

    def __repr__(self) -> str:
        return f"<Lease of {self._task.zone_id}/{self._task.id} epoch={self._epoch} attempt={self._attempt}>"

    # ---- What the holder does ----------------------------------------------------------------

    def heartbeat(
        self,
        progress: Mapping[str, Any] | str | None = None,
        *,
        lease: Seconds | None = None,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> bool:
        """Moves the lease's end to ``lease`` from now (None: what it was granted for). True: cancelling was asked for.

        ``progress``: a link whose rel is ``progress``, as a dict or JSON; replaces the task's link of that rel, at
        most once a second. In ``with lease:`` only progress needs this call. Raises LeaseLost, InvalidArgument,
        or what every change may.
        """
        tracing = context(timeout, cancel, request_id, traceparent, actor, also)
        head = Heartbeat(self._call(lib.tspy_heartbeat, duration("lease", lease), *link("progress", progress), tracing))
        self._cancel_requested = bool(head._number(0))
        self._expires_at_us = head._number(1)
        return self._cancel_requested

    def annotate(
        self,
        *,
        install_id: str | None = None,
        package_id: str | None = None,
        package_slug: str | None = None,
        package_version: int | None = None,
        links: Json = None,
        warnings: Json = None,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Task:
        """Adds to the task, as Engine.annotate(). Raises LeaseLost, too, as all of these."""
        return self._update(
            lib.TSPY_ANNOTATE,
            (install_id, package_id, package_slug, package_version, links, warnings, None, None),
            context(timeout, cancel, request_id, traceparent, actor, also),
        )

    def complete(
        self,
        *,
        install_id: str | None = None,
        package_id: str | None = None,
        package_slug: str | None = None,
        package_version: int | None = None,
        links: Json = None,
        warnings: Json = None,
        result: bytes | bytearray | memoryview | None = None,
        media_type: str | None = None,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Task:
        """running -> completed, and the lease ends. Repeating the very same outcome succeeds; see Engine.complete()."""
        return self._end(
            lib.TSPY_COMPLETE,
            (install_id, package_id, package_slug, package_version, links, warnings, None, None),
            context(timeout, cancel, request_id, traceparent, actor, also),
            (result, media_type),
        )

    def fail(
        self,
        message: str,
        detail: str | None = None,
        *,
        install_id: str | None = None,
        package_id: str | None = None,
        package_slug: str | None = None,
        package_version: int | None = None,
        links: Json = None,
        warnings: Json = None,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Task:
        """running -> failed, whatever attempts are left, and the lease ends.

        ``message``: what the client reads, 1-16384 bytes of UTF-8. ``detail``: private, for operators.
        """
        return self._end(
            lib.TSPY_FAIL,
            (install_id, package_id, package_slug, package_version, links, warnings, message, detail),
            context(timeout, cancel, request_id, traceparent, actor, also),
        )

    def release(
        self,
        delay: Seconds = 0,
        *,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Task:
        """Gives the task back: requeued after ``delay`` if an attempt is left, else failed, kind ``lost``
        (``cancelled`` if that was asked for)."""
        tracing = context(timeout, cancel, request_id, traceparent, actor, also)
        self._task = Task(self._call(lib.tspy_release, duration("delay", delay), tracing))
        self._ended = True
        return self._task

    def _update(
        self, change: int, update: tuple[Any, ...], tracing: tuple[Any, ...], stored: tuple[Any, ...] = (None, None)
    ) -> Task:
        try:
            self._task = self._engine._update(change, None, self._token, update, tracing, stored)
        except _errors.LeaseLost:
            self._lost = True
            raise
        return self._task

    def _end(
        self, change: int, update: tuple[Any, ...], tracing: tuple[Any, ...], stored: tuple[Any, ...] = (None, None)
    ) -> Task:
        task = self._update(change, update, tracing, stored)
        self._ended = True
        return task

    def _ended_by(self, task: Task | None, lost: bool) -> None:
        """A batch completed or failed the task, or found the lease lost; neither: it was refused."""
        if task is not None:
            self._task = task
            self._ended = True
        elif lost:
            self._lost = True

    def _call(self, function: Any, *arguments: Any) -> bytes:
        try:
            return call(function, self._engine._native(), *text("token", self._token), *arguments)
        except _errors.LeaseLost:
            self._lost = True
            raise

    # ---- In the background -------------------------------------------------------------------

    def _rhythm_s(self) -> float:
        """How many seconds there are between two heartbeats."""
        return max(self._duration_us / 3_000_000, _SHORTEST_RHYTHM_S)

    def _beat(self, at_most_s: float) -> None:
        self.heartbeat(timeout=min(at_most_s, _HEARTBEAT_S))

    @property
    def _is_open(self) -> bool:
        return not (self._ended or self._lost)

    @property
    def _may_be_handed_on(self) -> bool:
        """Releasing it leads to another attempt, not to a failed task."""
        return self._is_open and self._attempt < self._task.max_attempts

    def _release_for_stop(self) -> None:
        """By another thread than the holder's, which shall see that the lease is lost."""
        try:
            call(
                lib.tspy_release,
                self._engine._native(),
                *text("token", self._token),
                0,
                context(_LEAVING_S, None),
            )
        except _errors.Error as error:
            if not isinstance(error, _errors.LeaseLost):
                self._say("could not be released", error)
                return
        self._lost = True

    # ---- with --------------------------------------------------------------------------------

    def __enter__(self) -> Lease:
        self._inside = threading.get_ident()
        self._engine._keeper().keep(self)
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        self._inside = None
        return self._leave(error)

    def _leave(self, error: BaseException | None) -> bool:
        """What leaving `with` means. Whether the exception ends here."""
        if self._pid != os.getpid():
            return isinstance(error, Stopped)
        self._engine._keeper().drop(self)
        if self._is_open:
            self._conclude(error)
        if isinstance(error, (Stopped, _errors.TaskFailed)):
            return True
        if not self._in_loop or not isinstance(error, Exception):
            return False
        self._say("failed", error)
        return True

    def _conclude(self, error: BaseException | None) -> None:
        try:
            if not isinstance(error, Exception) or isinstance(error, _errors.Cancelled):
                self.release(timeout=_LEAVING_S)
            else:
                self._fail_with(error)
        except _errors.LeaseLost:
            pass
        except _errors.Error as problem:
            self._say("could not be given back", problem)

    def _fail_with(self, error: Exception) -> None:
        message, detail = FAILED_MESSAGE, None
        if isinstance(error, _errors.TaskFailed):
            message, detail = error.message, error.detail
        try:
            self.fail(message, _detail_of(error) if detail is None else _cut(detail), timeout=_LEAVING_S)
        except (_errors.InvalidArgument, TypeError):
            # A message that no client may get must not keep the task running.
            self.fail(FAILED_MESSAGE, _detail_of(error), timeout=_LEAVING_S)

    def _say(self, what: str, error: BaseException) -> None:
        # The text of an exception may hold what no log should; it is in the task's history.
        log.error("task %s/%s %s: %s", self._task.zone_id, self._task.id, what, type(error).__name__)


def _detail_of(error: BaseException) -> str:
    try:
        lines = traceback.format_exception(type(error), error, error.__traceback__)
    except Exception:  # by a hostile __str__ or __cause__, say
        lines = [type(error).__name__]
    return _cut("".join(lines))


def _cut(text: str) -> str:
    """The end of a text, where the cause stands, as far as a detail may be long."""
    data = text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace")
    if len(data) <= _DETAIL_BYTES:
        return data.decode()
    mark = "...\n"
    return mark + data[-(_DETAIL_BYTES - len(mark)) :].decode("utf-8", "ignore")
