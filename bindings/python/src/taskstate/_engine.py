"""The engine: one open file, and every operation on it."""

from __future__ import annotations

from datetime import datetime
from typing import Iterator, List

from . import _answer, _errors, _options, _records
from ._arguments import Seconds, Statuses, acceptable, number, octets, status_mask, text, time, waiting
from ._calls import call
from ._cancel import CancelToken
from ._native import lib
from ._results import Event, Page, Report
from ._task import Task
from ._workers import Workers


class Engine(Workers):
    """One open file. Made by :func:`taskstate.open`; any number of threads may use one.

    Every operation raises a subclass of :class:`taskstate.Error`; after ``close()`` all raise
    :class:`taskstate.Closed`. A forked child opens the file anew at its first use, by itself. Calls release the
    GIL and block for at most ``timeout`` (seconds or a timedelta; None: the engine's default), besides what the
    disk takes; ``cancel``, a :class:`taskstate.CancelToken`, ends those that wait. A change is durable when its
    call returns.

    Three keywords go with every change into the task's history: ``request_id`` (1-128 visible ASCII
    characters), ``traceparent`` (W3C Trace Context) and ``actor`` (who acts, 1-256 bytes of UTF-8).
    """

    __slots__ = ()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # ---- Look-ups ----------------------------------------------------------------------------

    def get(
        self,
        zone_id: str,
        id: str,
        *,
        payload: bool = False,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
    ) -> Task | None:
        """The task as it is now; None if there is none, also for ids outside the grammar.

        ``payload``: fetch the payload too.
        """
        flags = lib.TSE_WITH_PAYLOAD if payload else 0
        waits = waiting(timeout, cancel)
        data = call(lib.tspy_get, self._native(), *text("zone_id", zone_id), *text("id", id), flags, *waits)
        return Task(data) if data else None

    def list(
        self,
        zone_id: str,
        *,
        status: Statuses = None,
        operation: str | None = None,
        install_id: str | None = None,
        package_id: str | None = None,
        created_from: datetime | int | None = None,
        created_until: datetime | int | None = None,
        limit: int | None = None,
        after: str | None = None,
        before: str | None = None,
        total: bool = False,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
    ) -> Page:
        """One page of a zone's tasks, newest first, by (created_at, id).

        ``status``: one or several. ``created_from`` (inclusive), ``created_until`` (exclusive): aware
        datetimes or microseconds since 1970. ``limit``: 1-1000, 50 unless given. ``after``, ``before``: a cursor of
        another page of the same filter and file, not both. ``total``: also count all that match, which
        reads them all. Raises InvalidArgument for a value outside its rule or a foreign cursor.
        """
        data = call(
            lib.tspy_list,
            self._native(),
            *text("zone_id", zone_id),
            status_mask(status),
            *text("operation", operation),
            *text("install_id", install_id),
            *text("package_id", package_id),
            time("created_from", created_from),
            time("created_until", created_until),
            0 if limit is None else (number("limit", limit) or -1),  # 0 is no limit that a caller can mean
            *text("after", after),
            *text("before", before),
            int(total),
            *waiting(timeout, cancel),
        )
        return Page(data)

    def iterate(
        self,
        zone_id: str,
        *,
        status: Statuses = None,
        operation: str | None = None,
        install_id: str | None = None,
        package_id: str | None = None,
        created_from: datetime | int | None = None,
        created_until: datetime | int | None = None,
        limit: int = 1000,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
    ) -> Iterator[Task]:
        """All of a zone's tasks that match, newest first, read ``limit`` at a time as list() does.

        Tasks created meanwhile do not appear; none appears twice. The timeout holds for each page.
        """
        after = None
        while True:
            page = self.list(
                zone_id,
                status=status,
                operation=operation,
                install_id=install_id,
                package_id=package_id,
                created_from=created_from,
                created_until=created_until,
                limit=limit,
                after=after,
                timeout=timeout,
                cancel=cancel,
            )
            yield from page
            after = page.after_cursor
            if after is None:
                return

    def history(
        self, zone_id: str, id: str, *, timeout: Seconds | None = None, cancel: CancelToken | None = None
    ) -> List[Event]:
        """The task's events, oldest first; none for an unknown task."""
        waits = waiting(timeout, cancel)
        data = call(lib.tspy_history, self._native(), *text("zone_id", zone_id), *text("id", id), *waits)
        return [Event(record) for record in _records.split(data)]

    def verify(self, *, timeout: Seconds | None = None, cancel: CancelToken | None = None) -> Report:
        """Examines the whole file. What is wrong is the report's matter, not an exception."""
        data = call(lib.tspy_verify, self._native(), *waiting(timeout, cancel))
        return Report(data)

    # ---- HTTP --------------------------------------------------------------------------------

    def decide(
        self,
        zone_id: str,
        id: str,
        *,
        headers: _answer.Headers = None,
        method: str | None = None,
        path: str | None = None,
        completed: _options.Completed | None = None,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
    ) -> _answer.Answer:
        """The answer to ``GET`` or ``HEAD`` of the task's status URL. Every failure is an answer too.

        ``headers``: the request's: a mapping, a framework's header object, or pairs; X-Client-Request-ID
        and If-None-Match count, in any case. ``path``: of the request, for error bodies; the status URL
        unless given. ``completed``: ``"see_other"`` or ``"ok"`` instead of what open() was told.

        Raises only for arguments that are wrong in themselves, never for what a client sent.
        """
        request_id, if_none_match = _answer.relevant(headers)
        data = call(
            lib.tspy_decide,
            self._answering(),
            *text("zone_id", zone_id),
            *text("id", id),
            *text("method", method),
            *octets("headers", request_id),
            *octets("headers", if_none_match),
            *text("path", path),
            _options.completed_number(completed),
            *waiting(timeout, cancel),
        )
        return _answer.Answer(data)

    def accept(
        self,
        outcome: Task | _errors.Error,
        *,
        headers: _answer.Headers = None,
        method: str | None = None,
        path: str | None = None,
    ) -> _answer.Answer:
        """The answer to the request that created a task: 202, or what the error of create() means.

        ``outcome``: a task, wherever it comes from (a call, a page, a pickle), or the exception that a call
        raised. The body is the task as the value holds it, also if it has moved on since. ValueError for a task
        without a zone, as parse_task() gives, and for an exception that was unpickled or made by hand.
        """
        request_id, _ = _answer.relevant(headers)
        data = call(
            lib.tspy_accept,
            self._answering(),
            *acceptable(outcome),
            *text("method", method),
            *octets("headers", request_id),
            *text("path", path),
        )
        return _answer.Answer(data)
