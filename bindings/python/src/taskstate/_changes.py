"""Every change of a task by its key."""

from __future__ import annotations

from datetime import datetime
from typing import Any, overload

from ._arguments import Json, Seconds, change, context, duration, new_task, number, text
from ._calls import call
from ._cancel import CancelToken
from ._handle import Handle
from ._lease import Lease
from ._leases import granted
from ._native import ffi, lib
from ._statements import Also
from ._task import Task


class Changes(Handle):
    """The operations that name the task they change."""

    __slots__ = ()

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
        not_before: datetime | int | None = None,
        start_within: Seconds | None = None,
        max_attempts: int = 1,
        idempotency_key: str | None = None,
        retry_of: str | None = None,
        priority: int = 0,
        ref: str | None = None,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Task:
        """Creates a pending task. Raises InvalidArgument, AlreadyExists, LimitExceeded, or what every change may.

        ``zone_id``, ``id``: 1-128 of ``A-Z a-z 0-9 - . _ ~``, not ``.`` or ``..``; no id: a UUIDv7.
        ``operation``: ``create``, ``delete`` (needs an install_id), or one that open() allowed.
        ``install_id``, ``package_id``, ``package_slug``: 1-512 bytes of UTF-8, no control characters.
        ``package_version``: 0 ... 2^53-1. ``links``: at most 64; ``warnings``: at most 256.
        ``payload``: bytes for the worker, at most 1 MiB, never on the wire.
        ``not_before``: claim() passes over the task until then: an aware datetime or microseconds since 1970.
        ``start_within``: the task fails, kind ``expired``, unless started within this time of its creation, or of
        ``not_before`` if that is later; 1 ms - 10 years.
        ``max_attempts``: 1-1000; above 1, a lease that is released or runs out leaves the task running, and
        claim() offers it again.
        ``idempotency_key``: 1-512 bytes of UTF-8 without control characters, per zone, kept for open()'s
        ``idempotency_retention``. The same key again with the same content gives the first task as it is by then,
        ``replayed``, and makes nothing; with other content it raises IdempotencyMismatch. Content is
        operation, install_id, the package's fields, payload and ``retry_of``.
        ``retry_of``: the id of a failed task of the zone that this one tries again: it gets a link
        ``rel="predecessor"`` to that one. Raises NotFound or IllegalTransition if it is unknown or has not failed.
        ``priority``: -100 ... 100: of a zone's tasks claim() takes those of a higher one first, and of the same the
        oldest. ``ref``: private, what you call it, such as an order number; a ref has 1-256 bytes of UTF-8 without NUL.

        Every change may raise Busy, Cancelled, Closed, Forked, ReadOnly, DiskFull, IoError, Moved, Corrupt,
        SchemaTooNew, NoMemory and Internal.
        """
        return Task(
            call(
                lib.tspy_create,
                self._native(),
                ffi.NULL,
                *new_task(
                    zone_id,
                    operation,
                    id,
                    install_id,
                    package_id,
                    package_slug,
                    package_version,
                    links,
                    warnings,
                    payload,
                    not_before,
                    start_within,
                    max_attempts,
                    idempotency_key,
                    retry_of,
                    priority,
                    ref,
                ),
                context(timeout, cancel, request_id, traceparent, actor, also),
            )
        )

    @overload
    def start(
        self,
        zone_id: str,
        id: str,
        *,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Task: ...

    @overload
    def start(
        self,
        zone_id: str,
        id: str,
        *,
        lease: Seconds,
        worker: str | None = None,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Lease: ...

    def start(
        self,
        zone_id: str,
        id: str,
        *,
        lease: Seconds | None = None,
        worker: str | None = None,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Task | Lease:
        """pending -> running. Raises NotFound, IllegalTransition, or what every change may.

        ``lease``: under a lease of that duration, which is then what it gives; so it also takes a task that is
        requeued. ``worker``: who holds it, as for claim(). A pending task is taken also before its not_before.
        """
        tracing = context(timeout, cancel, request_id, traceparent, actor, also)
        key = (*text("zone_id", zone_id), *text("id", id))
        if lease is None:
            if worker is not None:
                raise TypeError("worker: goes with lease=; actor= says who starts a task without one")
            return Task(call(lib.tspy_start, self._native(), ffi.NULL, *key, tracing))
        terms = (*text("worker", worker), duration("lease", lease))
        return granted(self, lib.tspy_start_leased, *key, *terms, tracing)[0]

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
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Task:
        """Adds to a pending or running task. What is already there is not added again.

        ``install_id``, ``package_id`` and ``package_slug`` are written once: another value than the task has
        is InvalidArgument. Raises NotFound, IllegalTransition, InvalidArgument, or what every change may.
        """
        return self._update(
            lib.TSPY_ANNOTATE,
            (zone_id, id),
            None,
            (install_id, package_id, package_slug, package_version, links, warnings, None, None),
            context(timeout, cancel, request_id, traceparent, actor, also),
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
        result: bytes | bytearray | memoryview | None = None,
        media_type: str | None = None,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Task:
        """running -> completed. The task must then have a result: a link ``rel="result"``, an install_id, or bytes.

        ``result``: what it produced, opaque bytes, at most 1 MiB, may be empty, never on the wire: see Engine.result().
        ``media_type``: of the result, which must have one: type/subtype with any parameters (RFC 9110, section 8.3.1);
        a media type has 3-256 bytes of printable ASCII; alone, the result is empty. The task leads to the first that it
        has of link, install and stored result, to the last at its status URL with ``/result`` behind the path.

        Repeating the very same outcome succeeds and changes nothing; another is IllegalTransition. A task that
        was started under a lease is ended by its holder only: LeaseLost here, see Lease.complete(). Raises
        NotFound, IllegalTransition, InvalidArgument, or what every change may.
        """
        return self._update(
            lib.TSPY_COMPLETE,
            (zone_id, id),
            None,
            (install_id, package_id, package_slug, package_version, links, warnings, None, None),
            context(timeout, cancel, request_id, traceparent, actor, also),
            (result, media_type),
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
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Task:
        """running -> failed. Repetition and errors as complete().

        ``error_message``: what the client reads, 1-16384 bytes of UTF-8 without NUL. ``error_detail``: private,
        for operators, at most 16384 bytes.
        """
        return self._update(
            lib.TSPY_FAIL,
            (zone_id, id),
            None,
            (install_id, package_id, package_slug, package_version, links, warnings, error_message, error_detail),
            context(timeout, cancel, request_id, traceparent, actor, also),
        )

    def cancel(
        self,
        zone_id: str,
        id: str,
        *,
        force: bool = False,
        reason: str | None = None,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Task:
        """Cancels a task. Again: nothing changes. Raises NotFound, IllegalTransition, or what every change may.

        A pending task fails, kind ``cancelled``, and so does one that waits for another attempt. A running one is
        marked: its worker hears of it with the next heartbeat, and its outcome stands. ``force``: its lease ends at
        once and it fails. ``reason``: the message that the client reads, "The task was cancelled." unless given.
        """
        return Task(
            call(
                lib.tspy_cancel,
                self._native(),
                *text("zone_id", zone_id),
                *text("id", id),
                lib.TSE_CANCEL_FORCE if force else 0,
                *text("reason", reason),
                context(timeout, cancel, request_id, traceparent, actor, also),
            )
        )

    def reprioritize(
        self,
        zone_id: str,
        id: str,
        priority: int,
        *,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Task:
        """Gives a task another priority, -100 ... 100, while nobody holds it: it is pending, or it is requeued.

        The history tells it as ``reprioritized``, with the detail "0 → 50"; the priority that the task has changes
        nothing. Raises NotFound, InvalidArgument, IllegalTransition for a task that somebody holds (release or cancel
        it first) or that has ended, or what every change may.
        """
        return Task(
            call(
                lib.tspy_reprioritize,
                self._native(),
                *text("zone_id", zone_id),
                *text("id", id),
                number("priority", priority),
                context(timeout, cancel, request_id, traceparent, actor, also),
            )
        )

    def retry(
        self,
        zone_id: str,
        id: str,
        *,
        again: bool = False,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> Task:
        """A new task like one that failed, of whatever kind, which it returns.

        It takes over operation, install_id, package fields, payload, priority, max_attempts and ref, and has as long to
        be started in as the failed one had from its creation; not links, warnings, idempotency key, not_before and
        tracing. A link ``rel="predecessor"`` leads to the failed one, as with create()'s ``retry_of``, which counts as
        a retry, too. ``again``: also where another task retries it already; else that is AlreadyExists, which names it.
        Raises NotFound, IllegalTransition (it did not fail), LimitExceeded, or what every change may.
        """
        return Task(
            call(
                lib.tspy_retry,
                self._native(),
                *text("zone_id", zone_id),
                *text("id", id),
                lib.TSE_RETRY_AGAIN if again else 0,
                context(timeout, cancel, request_id, traceparent, actor, also),
            )
        )

    def _update(
        self,
        kind: int,
        key: tuple[str, str] | None,
        token: str | None,
        update: tuple[Any, ...],
        tracing: tuple[Any, ...],
        stored: tuple[Any, ...] = (None, None),
    ) -> Task:
        """annotate(), complete() or fail(), by key or by the token of a lease."""
        arguments = change(kind, key, token, update, stored)
        return Task(call(lib.tspy_update, self._native(), ffi.NULL, *arguments, tracing))
