"""The engine: one open file, and every operation on it."""

from __future__ import annotations

import os
import weakref
from datetime import datetime
from typing import Any, Iterator, List

from . import _answer, _errors, _options, _records
from ._arguments import Json, Statuses, acceptable, array, number, octets, status_mask, text, time, trace
from ._calls import call, check
from ._native import ffi, lib
from ._options import Seconds
from ._task import Event, Page, Report, Task


def _close(engine: Any) -> None:
    """Closes without a word: what a finalizer can still do. The memory goes with the last reference."""
    error = ffi.new("tse_error **")
    if lib.tse_close(engine, error) != lib.TSE_OK:
        lib.tse_error_free(error[0])


class Engine:
    """One open file. Made by :func:`taskstate.open`; any number of threads may use one.

    Every operation raises a subclass of :class:`taskstate.Error`; after ``close()`` all raise
    :class:`taskstate.Closed`, in a forked child all raise :class:`taskstate.Forked` until
    ``reopen()``. Calls release the GIL and block for at most ``timeout`` (seconds or a timedelta; None:
    the engine's default), besides what the disk takes. A change is durable when its call returns.

    Three keywords go with every change into the task's history: ``request_id`` (1-128 visible ASCII
    characters), ``traceparent`` (W3C Trace Context) and ``actor`` (who acts, 1-256 bytes of UTF-8).
    """

    __slots__ = ("_path", "_options", "_engine", "_finalizer", "__weakref__")

    def __init__(self, path: str | os.PathLike[str], options: _options.Options) -> None:
        self._path = path
        self._options = options
        self._open()

    def _open(self) -> None:
        error = ffi.new("tse_error **")
        out = ffi.new("tse_engine **")
        path = _options.path_bytes(self._path)
        options = _options.native(self._options)
        check(lib.tse_open(path, len(path), options, out, error), error)
        # Freed when nobody refers to it any more: a thread inside a call refers to it.
        self._engine = ffi.gc(out[0], lib.tse_engine_free)
        self._finalizer = weakref.finalize(self, _close, self._engine)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes at once: waiting and later calls raise Closed; a change being committed ends first.

        Closing again does nothing.
        """
        error = ffi.new("tse_error **")
        check(lib.tse_close(self._engine, error), error)

    def reopen(self) -> None:
        """Opens the same path with the same options anew: after ``fork()``, ``close()``, IoError or Moved.

        Raises as :func:`taskstate.open`, and this engine is then closed. A ``:memory:`` file starts empty.
        """
        self._finalizer()
        self._open()

    def __repr__(self) -> str:
        return f"<taskstate.Engine {os.fspath(self._path)!r}>"

    # ---- Changes -----------------------------------------------------------------------------

    def create(
        self,
        zone_id: str,
        operation: str,
        *,
        id: str | None = None,
        install_id: str | None = None,
        package_id: str | None = None,
        package_slug: str | None = None,
        package_version: int | None = None,
        links: Json = None,
        warnings: Json = None,
        payload: bytes | bytearray | memoryview | None = None,
        timeout: Seconds | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
    ) -> Task:
        """Creates a pending task. Raises InvalidArgument, AlreadyExists, or what every change may.

        ``zone_id``, ``id``: 1-128 of ``A-Z a-z 0-9 - . _ ~``, not ``.`` or ``..``; no id: a UUIDv7.
        ``operation``: ``create``, ``delete`` (needs an install_id), or one that open() allowed.
        ``install_id``, ``package_id``, ``package_slug``: 1-512 bytes of UTF-8, no control characters.
        ``package_version``: 0 ... 2^53-1. ``links``: at most 64; ``warnings``: at most 256.
        ``payload``: bytes for the worker, at most 1 MiB, never on the wire.

        Every change may raise Busy, Closed, Forked, ReadOnly, DiskFull, IoError, Moved, Corrupt,
        SchemaTooNew, NoMemory and Internal.
        """
        return Task(
            call(
                lib.tspy_create,
                self._engine,
                *text("zone_id", zone_id),
                *text("id", id),
                *text("operation", operation),
                *text("install_id", install_id),
                *text("package_id", package_id),
                *text("package_slug", package_slug),
                number("package_version", package_version),
                *array("links", links),
                *array("warnings", warnings),
                *octets("payload", payload),
                _options.timeout_us(timeout),
                *trace(request_id, traceparent, actor),
            )
        )

    def start(
        self,
        zone_id: str,
        id: str,
        *,
        timeout: Seconds | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
    ) -> Task:
        """pending -> running. Raises NotFound, IllegalTransition, or what every change may."""
        timeout_us = _options.timeout_us(timeout)
        tracing = trace(request_id, traceparent, actor)
        return Task(
            call(lib.tspy_start, self._engine, *text("zone_id", zone_id), *text("id", id), timeout_us, *tracing)
        )

    def annotate(
        self,
        zone_id: str,
        id: str,
        *,
        install_id: str | None = None,
        package_id: str | None = None,
        package_slug: str | None = None,
        package_version: int | None = None,
        links: Json = None,
        warnings: Json = None,
        timeout: Seconds | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
    ) -> Task:
        """Adds to a pending or running task. What is already there is not added again.

        ``install_id``, ``package_id`` and ``package_slug`` are written once: another value than the task has
        is InvalidArgument. Raises NotFound, IllegalTransition, InvalidArgument, or what every change may.
        """
        return self._update(
            lib.TSPY_ANNOTATE,
            zone_id,
            id,
            (install_id, package_id, package_slug, package_version, links, warnings, None, None),
            (timeout, request_id, traceparent, actor),
        )

    def complete(
        self,
        zone_id: str,
        id: str,
        *,
        install_id: str | None = None,
        package_id: str | None = None,
        package_slug: str | None = None,
        package_version: int | None = None,
        links: Json = None,
        warnings: Json = None,
        timeout: Seconds | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
    ) -> Task:
        """running -> completed. The task must then have an install_id or one link ``rel="result"``.

        Repeating the very same outcome succeeds and changes nothing; another is IllegalTransition. Raises
        NotFound, IllegalTransition, InvalidArgument, or what every change may.
        """
        return self._update(
            lib.TSPY_COMPLETE,
            zone_id,
            id,
            (install_id, package_id, package_slug, package_version, links, warnings, None, None),
            (timeout, request_id, traceparent, actor),
        )

    def fail(
        self,
        zone_id: str,
        id: str,
        error_message: str,
        *,
        error_detail: str | None = None,
        install_id: str | None = None,
        package_id: str | None = None,
        package_slug: str | None = None,
        package_version: int | None = None,
        links: Json = None,
        warnings: Json = None,
        timeout: Seconds | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
    ) -> Task:
        """running -> failed. Repetition and errors as complete().

        ``error_message``: what the client reads, 1-16384 bytes of UTF-8 without NUL. ``error_detail``: private,
        for operators, at most 16384 bytes.
        """
        return self._update(
            lib.TSPY_FAIL,
            zone_id,
            id,
            (install_id, package_id, package_slug, package_version, links, warnings, error_message, error_detail),
            (timeout, request_id, traceparent, actor),
        )

    def _update(self, change: int, zone_id: str, id: str, update: tuple[Any, ...], context: tuple[Any, ...]) -> Task:
        install_id, package_id, package_slug, package_version, links, warnings, error_message, error_detail = update
        timeout, *tracing = context
        return Task(
            call(
                lib.tspy_update,
                self._engine,
                change,
                *text("zone_id", zone_id),
                *text("id", id),
                *text("install_id", install_id),
                *text("package_id", package_id),
                *text("package_slug", package_slug),
                number("package_version", package_version),
                *array("links", links),
                *array("warnings", warnings),
                *text("error_message", error_message),
                *text("error_detail", error_detail),
                _options.timeout_us(timeout),
                *trace(*tracing),
            )
        )

    # ---- Look-ups ----------------------------------------------------------------------------

    def get(self, zone_id: str, id: str, *, payload: bool = False, timeout: Seconds | None = None) -> Task | None:
        """The task as it is now; None if there is none, also for ids outside the grammar.

        ``payload``: fetch the payload too.
        """
        flags = lib.TSE_WITH_PAYLOAD if payload else 0
        timeout_us = _options.timeout_us(timeout)
        data = call(lib.tspy_get, self._engine, *text("zone_id", zone_id), *text("id", id), flags, timeout_us)
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
    ) -> Page:
        """One page of a zone's tasks, newest first, by (created_at, id).

        ``status``: one or several. ``created_from`` (inclusive), ``created_until`` (exclusive): aware
        datetimes or microseconds since 1970. ``limit``: 1-1000, 50 unless given. ``after``, ``before``: a cursor of
        another page of the same filter and file, not both. ``total``: also count all that match, which
        reads them all. Raises InvalidArgument for a value outside its rule or a foreign cursor.
        """
        data = call(
            lib.tspy_list,
            self._engine,
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
            _options.timeout_us(timeout),
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
            )
            yield from page
            after = page.after_cursor
            if after is None:
                return

    def history(self, zone_id: str, id: str, *, timeout: Seconds | None = None) -> List[Event]:
        """The task's events, oldest first; none for an unknown task."""
        timeout_us = _options.timeout_us(timeout)
        data = call(lib.tspy_history, self._engine, *text("zone_id", zone_id), *text("id", id), timeout_us)
        return [Event(record) for record in _records.split(data)]

    def verify(self, *, timeout: Seconds | None = None) -> Report:
        """Examines the whole file. What is wrong is the report's matter, not an exception."""
        data = call(lib.tspy_verify, self._engine, _options.timeout_us(timeout))
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
            self._engine,
            *text("zone_id", zone_id),
            *text("id", id),
            *text("method", method),
            *octets("headers", request_id),
            *octets("headers", if_none_match),
            *text("path", path),
            _options.completed_number(completed),
            _options.timeout_us(timeout),
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
            self._engine,
            *acceptable(outcome),
            *text("method", method),
            *octets("headers", request_id),
            *text("path", path),
        )
        return _answer.Answer(data)
