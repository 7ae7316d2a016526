"""Many changes in one call, each on its own."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Iterable, Iterator, TypedDict, Union

from . import _records
from ._arguments import Json, Seconds, change, context, new_task, text
from ._calls import call, direct, exception
from ._cancel import CancelToken
from ._changes import Changes
from ._errors import Error, LeaseLost
from ._lease import Lease
from ._native import ffi, lib
from ._statements import Also
from ._task import Task

if TYPE_CHECKING:
    from . import aio

#: A lease, or its token.
Held = Union[str, Lease, "aio.Lease"]


class _NewTask(TypedDict):
    zone_id: str
    operation: str


class NewTask(_NewTask, total=False):
    """The arguments of create(), for create_many(): ``zone_id`` and ``operation``, and any of the others."""

    id: str | None
    install_id: str | None
    package_id: str | None
    package_slug: str | None
    package_version: int | None
    links: Json
    warnings: Json
    payload: bytes | bytearray | memoryview | None
    not_before: datetime | int | None
    start_within: Seconds | None
    max_attempts: int
    idempotency_key: str | None
    retry_of: str | None
    priority: int
    ref: str | None


class _Completion(TypedDict):
    zone_id: str
    id: str


class Completion(_Completion, total=False):
    """The arguments of complete(), for complete_many(): ``zone_id`` and ``id``, and any of the others."""

    install_id: str | None
    package_id: str | None
    package_slug: str | None
    package_version: int | None
    links: Json
    warnings: Json
    result: bytes | bytearray | memoryview | None
    media_type: str | None


@dataclass(frozen=True)
class Result:
    """What became of one change of a batch. Immutable, picklable."""

    task: Task | None  #: as it is after the change; None if that was refused
    error: Error | None  #: why it was refused, not raised; None if it was not

    @property
    def ok(self) -> bool:
        """The change is made, or had been already."""
        return self.error is None

    def value(self) -> Task:
        """The task. Raises the error if there is one."""
        if self.task is None:
            assert self.error is not None
            raise self.error
        return self.task


class Batch:
    """Changes for Engine.run(), at most 10,000: ``Batch().create("z1", "create").start("z1", "t1")``.

    Each method adds one change, means what Engine's or Lease's of the same name does, copies what it is given, and
    returns the batch. JSON that cannot be read raises InvalidArgument at once and is not added; one more than 10,000
    raises LimitExceeded. Every rule of a task is judged when the batch runs, and is that change's own result.

    It belongs to no engine and may be run again, by any number of threads at once; an id that create() was not given
    is another in each run. Any thread may add to it, but not while it runs: RuntimeError.
    """

    __slots__ = ("_native", "_leases", "_lock", "_runs", "__weakref__")

    def __init__(self) -> None:
        out = ffi.new("tse_batch **")
        direct(lib.tse_batch_new, out)
        self._native: Any = ffi.gc(out[0], lib.tse_batch_free)
        self._leases: list[tuple[int, Lease]] = []
        # Calls into the library release the GIL, and it has one thread at a time add.
        self._lock = threading.Lock()
        self._runs = 0

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
    ) -> Batch:
        """Adds an Engine.create()."""
        spec = new_task(
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
        )
        return self._add(None, lib.tspy_create, *spec)

    def start(self, zone_id: str, id: str) -> Batch:
        """Adds an Engine.start() without a lease."""
        return self._add(None, lib.tspy_start, *text("zone_id", zone_id), *text("id", id))

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
    ) -> Batch:
        """Adds an Engine.annotate()."""
        update = (install_id, package_id, package_slug, package_version, links, warnings, None, None)
        return self._add(None, lib.tspy_update, *change(lib.TSPY_ANNOTATE, (zone_id, id), None, update))

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
    ) -> Batch:
        """Adds an Engine.complete()."""
        update = (install_id, package_id, package_slug, package_version, links, warnings, None, None)
        stored = (result, media_type)
        return self._add(None, lib.tspy_update, *change(lib.TSPY_COMPLETE, (zone_id, id), None, update, stored))

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
    ) -> Batch:
        """Adds an Engine.fail()."""
        described = (install_id, package_id, package_slug, package_version, links, warnings)
        update = (*described, error_message, error_detail)
        return self._add(None, lib.tspy_update, *change(lib.TSPY_FAIL, (zone_id, id), None, update))

    def complete_leased(
        self,
        lease: Held,
        *,
        install_id: str | None = None,
        package_id: str | None = None,
        package_slug: str | None = None,
        package_version: int | None = None,
        links: Json = None,
        warnings: Json = None,
        result: bytes | bytearray | memoryview | None = None,
        media_type: str | None = None,
    ) -> Batch:
        """Adds a Lease.complete(). ``lease``: the Lease, which ends as by its own call, or only its token."""
        update = (install_id, package_id, package_slug, package_version, links, warnings, None, None)
        token, held = _held(lease)
        stored = (result, media_type)
        return self._add(held, lib.tspy_update, *change(lib.TSPY_COMPLETE, None, token, update, stored))

    def fail_leased(
        self,
        lease: Held,
        message: str,
        detail: str | None = None,
        *,
        install_id: str | None = None,
        package_id: str | None = None,
        package_slug: str | None = None,
        package_version: int | None = None,
        links: Json = None,
        warnings: Json = None,
    ) -> Batch:
        """Adds a Lease.fail(). ``lease``: as for complete_leased()."""
        update = (install_id, package_id, package_slug, package_version, links, warnings, message, detail)
        token, held = _held(lease)
        return self._add(held, lib.tspy_update, *change(lib.TSPY_FAIL, None, token, update))

    def clear(self) -> None:
        """Empties it."""
        with self._alone():
            direct(lib.tse_batch_clear, self._native)
            self._leases = []

    def __len__(self) -> int:
        with self._lock:
            return int(lib.tse_batch_count(self._native))

    def __repr__(self) -> str:
        return f"<Batch of {len(self)} changes>"

    def _add(self, lease: Lease | None, function: Any, *arguments: Any) -> Batch:
        with self._alone():
            call(function, ffi.NULL, self._native, *arguments, ffi.NULL)
            if lease is not None:
                self._leases.append((lib.tse_batch_count(self._native) - 1, lease))
        return self

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else changes or runs it."""
        with self._lock:
            if self._runs:
                raise RuntimeError("the batch runs: nothing can be added or cleared meanwhile")
            yield

    @contextmanager
    def _running(self) -> Iterator[Any]:
        """Nobody changes it: the native batch."""
        with self._lock:
            self._runs += 1
        try:
            yield self._native
        finally:
            with self._lock:
                self._runs -= 1


def _held(lease: Held) -> tuple[str, Lease | None]:
    """The token, and the lease if there is one to tell."""
    if isinstance(lease, str):
        return lease, None
    blocking = getattr(lease, "_sync", lease)  # what a lease of taskstate.aio stands on
    if not isinstance(blocking, Lease):
        raise TypeError(f"lease: must be a Lease or its token, not {type(lease).__name__}")
    return blocking.token, blocking


class _Head(_records.Record):
    """How one change ended."""

    __slots__ = ()
    _numbers = 1
    _layout = _records.layout(1, 0)


def _results(data: bytes, native: Any) -> list[Result]:
    results: list[Result] = []
    records = _records.split(data)
    for record in records:
        if _Head(record)._number(0) == lib.TSE_OK:
            results.append(Result(Task(next(records)), None))
        else:
            error = ffi.new("tse_error **")
            lib.tse_results_get(native, len(results), ffi.NULL, error)
            results.append(Result(None, exception(error[0])))
    return results


@contextmanager
def _within(place: str) -> Iterator[None]:
    """Says of what is refused where in the input it stands."""
    try:
        yield
    except Error as error:
        error.field = place if error.field is None else f"{place}.{error.field}"
        raise


class Batches(Changes):
    """The operations that make many changes."""

    __slots__ = ()

    def run(
        self,
        batch: Batch,
        *,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> list[Result]:
        """Carries out a batch's changes in order, for a fraction of what they cost one by one: they share transactions.
        What became of each, in the same order.

        Each is on its own: one that is refused leaves the others alone and raises nothing, its ``error`` tells; each
        that is made is durable when this returns. ``also`` runs with each. Other callers' changes come in between. When
        the timeout passes, ``cancel`` is cancelled or the engine closed, each that was not begun has Busy, Cancelled or
        Closed for its result. A Lease that a change ended needs no more: leaving its ``with`` does nothing.

        Raises only if nothing was begun: InvalidArgument, Closed, Forked or NoMemory; NoMemory with ``outcome`` UNKNOWN
        if there was none for the results.
        """
        if not isinstance(batch, Batch):
            raise TypeError(f"batch: must be a taskstate.Batch, not {type(batch).__name__}")
        native, carried = self._native(), context(timeout, cancel, request_id, traceparent, actor, also)
        out = ffi.new("tse_results **")
        with batch._running() as changes:
            leases = tuple(batch._leases)
            data = call(lib.tspy_run, native, changes, carried, out)
        results = _results(data, ffi.gc(out[0], lib.tse_results_free))
        for index, lease in leases:
            lease._ended_by(results[index].task, isinstance(results[index].error, LeaseLost))
        return results

    def create_many(
        self,
        specs: Iterable[NewTask],
        *,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> list[Result]:
        """create() of each as one batch, at most 10,000; see run().

        ``specs``: create()'s arguments, each a dict: ``{"zone_id": "z1", "operation": "create", "package_id": "p"}``.
        JSON that cannot be read raises InvalidArgument, and one too many LimitExceeded, before anything is created, with
        ``field`` ``specs[7].links``, say. Raises what run() may.
        """
        batch = Batch()
        for index, spec in enumerate(specs):
            with _within(f"specs[{index}]"):
                batch.create(**spec)
        return self.run(
            batch,
            timeout=timeout,
            cancel=cancel,
            request_id=request_id,
            traceparent=traceparent,
            actor=actor,
            also=also,
        )

    def complete_many(
        self,
        completions: Iterable[Completion],
        *,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> list[Result]:
        """complete() of each as one batch, at most 10,000; see run().

        ``completions``: complete()'s arguments, each a dict: ``{"zone_id": "z1", "id": "t1", "install_id": "i"}``. Raises
        as create_many().
        """
        batch = Batch()
        for index, completion in enumerate(completions):
            with _within(f"completions[{index}]"):
                batch.complete(**completion)
        return self.run(
            batch,
            timeout=timeout,
            cancel=cancel,
            request_id=request_id,
            traceparent=traceparent,
            actor=actor,
            also=also,
        )
