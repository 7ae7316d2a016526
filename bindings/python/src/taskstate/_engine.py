"""The engine: one open file, and every operation on it."""

from __future__ import annotations

from datetime import datetime
from typing import Iterator

from . import _answer, _arguments, _errors, _feed, _host, _kept, _options
from ._arguments import (
    Seconds,
    Statuses,
    acceptable,
    context,
    duration,
    number,
    octets,
    seconds,
    status_mask,
    text,
)
from ._calls import call
from ._cancel import CancelToken
from ._feed import Feed
from ._native import lib
from ._results import ChangesBatch, History, Page, StoredResult, stored_result
from ._task import Task, has_moved
from ._upkeep import Upkeep
from ._watch import Waiting, waits_in_python
from ._workers import CANCELLED_MESSAGE

_DEFAULT_TIMEOUT_S = 5.0
_DEFAULT_POLICY: int = lib.TSE_COMPLETED_DEFAULT


class Engine(Upkeep):
    """One open file. Made by :func:`taskstate.open`; any number of threads may use one.

    Every operation raises a subclass of :class:`taskstate.Error`; after ``close()`` all raise
    :class:`taskstate.Closed`. A forked child opens the file again at its first use, by itself. Calls release the
    GIL and block for at most ``timeout`` (seconds or a timedelta; None: the engine's default), besides what the
    disk takes; ``cancel``, a :class:`taskstate.CancelToken`, ends those that wait. A change is durable when its
    call returns.

    Three keywords go with every change into the task's history: ``request_id`` (1-128 visible ASCII
    characters), ``traceparent`` (W3C Trace Context) and ``actor`` (who acts, 1-256 bytes of UTF-8). A fourth goes
    into its transaction: ``also``, up to 64 statements of the host's own on tables in the same file, each as SQL or as a
    pair of SQL and its parameters (a sequence, or a mapping in which ``at`` is the parameter ``:at``). All of it is done,
    or nothing is. They run with each change that is made to a task, never when nothing changes, and may use
    ``:taskstate_zone_id``, ``:taskstate_id`` and ``:taskstate_now`` (microseconds since 1970). SELECT, INSERT, UPDATE and
    DELETE on tables not named ``taskstate_*`` or ``sqlite_*``; what is refused or fails raises InvalidArgument with the
    field ``also[0]`` and so on.
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
        waits = context(timeout, cancel)
        data = call(lib.tspy_get, self._native(), *text("zone_id", zone_id), *text("id", id), flags, waits)
        return Task(data) if data else None

    def result(
        self,
        zone_id: str,
        id: str,
        *,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
    ) -> StoredResult:
        """What a completed task has stored as its result: its ``data`` and ``media_type``.

        Raises NotFound, whose message says why there is none: no such task, it is pending or running, it has failed, it
        stored none, or open()'s ``result_retention`` is over.
        """
        key = (*text("zone_id", zone_id), *text("id", id))
        return stored_result(call(lib.tspy_stored_result, self._native(), *key, context(timeout, cancel)))

    def list(
        self,
        zone_id: str | None,
        *,
        status: Statuses = None,
        operation: str | None = None,
        install_id: str | None = None,
        package_id: str | None = None,
        failure_kind: str | None = None,
        worker: str | None = None,
        ref: str | None = None,
        client_request_id: str | None = None,
        created_from: datetime | int | None = None,
        created_until: datetime | int | None = None,
        limit: int | None = None,
        after: str | None = None,
        before: str | None = None,
        total: bool = False,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
    ) -> Page:
        """One page of tasks, newest first: of one zone by (created_at, id); ``zone_id=None``: of all zones, in the order
        in which they were created. That is for operators: a client must never choose it.

        ``status``: one or several. ``worker``: who holds the task's lease. ``created_from`` (inclusive),
        ``created_until`` (exclusive): aware datetimes or microseconds since 1970. ``limit``: 1-1000, 50 unless given. ``after``, ``before``: a cursor of
        another page of the same filter and file, not both. ``total``: also count all that match, which
        reads them all. A page that is not full by the deadline comes as it is, perhaps empty, with the cursor that goes
        on: only a page without one is the last. Raises InvalidArgument for a value outside its rule or a foreign
        cursor.
        """
        data = call(
            lib.tspy_list,
            self._native(),
            *text("zone_id", zone_id),
            status_mask(status),
            *text("operation", operation),
            *text("install_id", install_id),
            *text("package_id", package_id),
            *text("failure_kind", failure_kind),
            *text("worker", worker),
            *text("ref", ref),
            *text("client_request_id", client_request_id),
            _arguments.time("created_from", created_from),
            _arguments.time("created_until", created_until),
            0 if limit is None else (number("limit", limit) or -1),  # 0 is no limit that a caller can mean
            *text("after", after),
            *text("before", before),
            int(total),
            context(timeout, cancel),
        )
        return Page(data)

    def iterate(
        self,
        zone_id: str | None,
        *,
        status: Statuses = None,
        operation: str | None = None,
        install_id: str | None = None,
        package_id: str | None = None,
        failure_kind: str | None = None,
        worker: str | None = None,
        ref: str | None = None,
        client_request_id: str | None = None,
        created_from: datetime | int | None = None,
        created_until: datetime | int | None = None,
        limit: int = 1000,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
    ) -> Iterator[Task]:
        """All tasks that match, newest first, read ``limit`` at a time as list() does.

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
                failure_kind=failure_kind,
                worker=worker,
                ref=ref,
                client_request_id=client_request_id,
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
        self,
        zone_id: str,
        id: str,
        *,
        limit: int | None = None,
        after: str | None = None,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
    ) -> History:
        """One page of the task's events, newest first; none for an unknown task.

        ``limit``: of the history, 1-1000, 50 unless given. ``after``: the ``after_cursor`` of the page before, of the
        same task and file. Raises InvalidArgument for a foreign cursor.
        """
        data = call(
            lib.tspy_history,
            self._native(),
            *text("zone_id", zone_id),
            *text("id", id),
            0 if limit is None else (number("limit", limit) or -1),  # 0 is no limit that a caller can mean
            *text("after", after),
            context(timeout, cancel),
        )
        return History(data)

    # ---- What happens ------------------------------------------------------------------------

    def wait(
        self,
        zone_id: str,
        id: str,
        revision: int | None = None,
        *,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
    ) -> Task | None:
        """Waits until the task has moved past ``revision``, or is completed or failed; None: until it is completed or
        failed. Then the task as it is by then, also when the time is over; None if there is none.

        ``timeout``: for how long, ``math.inf`` for ever. A change by any process ends the wait within milliseconds;
        KeyboardInterrupt, ``cancel`` and ``close()`` end it at once. Raises Cancelled, Closed, or what get() may.
        """
        wait = self._seconds(timeout)
        key = (*text("zone_id", zone_id), *text("id", id))
        past = number("revision", revision)
        if not waits_in_python():
            data = call(lib.tspy_wait, self._native(), *key, past, duration("timeout", wait), context(None, cancel))
            return Task(data) if data else None
        deadline = _host.now() + wait
        while True:
            with Waiting(self, lambda watch: watch.task(key, past, 0), cancel) as waiting:
                in_time = waiting.until(deadline)
            task = self.get(zone_id, id, cancel=cancel)
            if has_moved(task, revision):
                return task
            if cancel is not None and cancel.cancelled:
                raise _errors.Cancelled(CANCELLED_MESSAGE)
            if not in_time:
                return task

    def _seconds(self, timeout: Seconds | None) -> float:
        """A timeout of a call's own, or the engine's."""
        given = self._options.timeout if timeout is None else timeout
        return _DEFAULT_TIMEOUT_S if given is None else seconds("timeout", given)

    def changes(
        self,
        after: str | None = None,
        *,
        zone: str | None = None,
        wait: Seconds | None = None,
        limit: int | None = None,
        latest: bool = False,
        allow_gap: bool = False,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
    ) -> Feed:
        """The feed: all events of all tasks, in the order in which they were committed: ``for event in ...``.

        ``after``: a ``position`` to go on from; None: from the first event that is still there. ``latest``: begins here
        and now instead. ``zone``: of this one only. ``wait``: how long to wait for the next event, ``math.inf`` for
        ever; the loop ends when none came, or when ``stop()`` is called. ``limit``: how many are read at a time, 1-1000,
        100 unless given. A task that is purged takes its events along and leaves one, ``purged``, which is told for
        open()'s ``feed_retention``; ``allow_gap``: go on although purges behind ``after`` are no longer told.

        The loop raises Restored (the position is of another file: this one is a restored backup), Behind (purges after
        it are no longer told), InvalidArgument, Cancelled, or what get() may.
        """
        wanted = _feed.Wanted(after, zone, limit, latest, allow_gap, timeout)
        feed = Feed(self, wanted, seconds("wait", wait or 0.0), cancel)
        if latest:
            wanted.read(self, cancel=cancel)
        return feed

    def read_changes(
        self,
        after: str | None = None,
        *,
        zone: str | None = None,
        wait: Seconds | None = None,
        limit: int | None = None,
        latest: bool = False,
        allow_gap: bool = False,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
    ) -> ChangesBatch:
        """One batch of the feed: at most ``limit`` events, and the position behind them. The rest is as for
        changes()."""
        wanted = _feed.Wanted(after, zone, limit, latest, allow_gap, timeout)
        return wanted.wait_and_read(self, seconds("wait", wait or 0.0), cancel)

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

        ``headers``: the request's: a mapping, a framework's header object, or pairs; X-Client-Request-ID, If-None-Match
        and Prefer count, in any case. ``Prefer: wait=10`` waits as far as open()'s ``longest_wait`` allows: until
        If-None-Match no longer matches, or, without one, until the task is completed or failed. ``path``: of the
        request, for error bodies; the status URL unless given. ``completed``: ``"see_other"`` or ``"ok"`` instead of
        what open() was told.

        Raises only for arguments that are wrong in themselves, never for what a client sent.
        """
        relevant = _answer.NOTHING if headers is None else _answer.relevant(headers)
        kept = self._decide_kept(zone_id, id, method, relevant, completed)
        if kept is not None:
            return kept
        request = (zone_id, id, method, relevant, path, completed, timeout)
        if not waits_in_python():
            return self._decide(*request, cancel=cancel)
        answer = self._decide(*request, cancel=cancel, wait_elsewhere=True)
        deadline = _host.now() + answer._wait_s
        while answer._wait_s and _host.now() < deadline:
            try:
                self.wait(zone_id, id, answer._revision, timeout=max(deadline - _host.now(), 0), cancel=cancel)
            except _errors.Error:
                deadline = 0  # an answer must not fail: it is what the next look makes of it
            answer = self._decide(*request, cancel=cancel, wait_elsewhere=True)
        return answer

    def _decide_kept(
        self,
        zone_id: str,
        id: str,
        method: str | None,
        headers: _answer.Relevant,
        completed: _options.Completed | None,
    ) -> _answer.Answer | None:
        """The answer if the library keeps it in memory, which takes no time; an engine of before a fork keeps none."""
        client_request_id, if_none_match, prefer = headers
        if prefer is not None:
            return None
        policy = _DEFAULT_POLICY if completed is None else _options.completed_number(completed)
        asked = (zone_id, id, method, client_request_id, if_none_match, policy)
        return _kept.decide(_answer.Answer, self._opened.address, *asked)

    def _decide(
        self,
        zone_id: str,
        id: str,
        method: str | None,
        headers: _answer.Relevant,
        path: str | None,
        completed: _options.Completed | None,
        timeout: Seconds | None,
        *,
        cancel: CancelToken | None,
        wait_elsewhere: bool = False,
    ) -> _answer.Answer:
        """An answer; with wait_elsewhere it may be one that is to be waited for first."""
        return _answer.Answer(
            call(
                lib.tspy_decide,
                self._answering(),
                *text("zone_id", zone_id),
                *text("id", id),
                *text("method", method),
                *octets("headers", headers.client_request_id),
                *octets("headers", headers.if_none_match),
                *octets("headers", headers.prefer),
                *text("path", path),
                _options.completed_number(completed),
                int(wait_elsewhere),
                context(timeout, cancel),
            )
        )

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
        request_id = _answer.relevant(headers).client_request_id
        data = call(
            lib.tspy_accept,
            self._answering(),
            *acceptable(outcome),
            *text("method", method),
            *octets("headers", request_id),
            *text("path", path),
        )
        return _answer.Answer(data)
