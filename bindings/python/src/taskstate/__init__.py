"""The tasks table behind your status URL: an embedded task-state engine over one SQLite file.

with taskstate.open("catalog.db") as tasks:
    task = tasks.create("z1", "create", package_id="pkg_1", payload=b"...")
    for lease in tasks.work(worker="w1", lease=30):                # waits; stops cleanly on SIGTERM
        with lease:                                                # heartbeats; an exception fails it
            lease.complete(install_id=install(lease.payload))
    answer = tasks.decide("z1", task.id, headers=request.headers)  # .status .headers .body
"""

from __future__ import annotations

import os
from typing import Iterable

from ._answer import Answer, Headers
from ._arguments import Seconds
from ._batch import Batch, Completion, NewTask, Result
from ._callbacks import Clock, Ids, Log
from ._cancel import CancelToken
from ._engine import Engine
from ._errors import (
    AccessDenied,
    AlreadyExists,
    Behind,
    Busy,
    Cancelled,
    Closed,
    Corrupt,
    Detail,
    DiskFull,
    Error,
    Forked,
    IdempotencyMismatch,
    IllegalTransition,
    Internal,
    InvalidArgument,
    IoError,
    LeaseLost,
    LimitExceeded,
    Moved,
    NoMemory,
    NotATaskstateFile,
    NotFound,
    Outcome,
    ReadOnly,
    Restored,
    SchemaTooNew,
    SchemaTooOld,
    TaskFailed,
    Unavailable,
    Unsupported,
)
from ._feed import Feed
from ._lease import Lease
from ._migrate import Migration, migrate
from ._native import ffi as _ffi
from ._native import lib as _lib
from ._options import Completed, Durability, LogLevel, Migrate, Mode, Options
from ._results import (
    ChangesBatch,
    Count,
    Event,
    Failures,
    Histogram,
    History,
    Page,
    Pause,
    Report,
    Stats,
    StoredResult,
)
from ._statements import Also, Parameters, Statement, Value
from ._task import Status, Task, can_transition
from ._wire import parse_task, validate
from ._work import Work


def _require_abi(linked: int) -> None:
    if linked != _lib.TSE_ABI:
        raise ImportError(f"taskstate was built for ABI {_lib.TSE_ABI}, but the library has {linked}")


_require_abi(_lib.tse_abi())
__version__: str = _ffi.string(_lib.tse_version()).decode()


def open(
    path: str | os.PathLike[str],
    *,
    mode: Mode | None = None,
    reconfigure: bool = False,
    adopt: bool = False,
    timeout: Seconds | None = None,
    operations: Iterable[str] = (),
    location: str | None = None,
    status_url: str | None = None,
    completed: Completed | None = None,
    retry_after: tuple[int, int] | None = None,
    ignore_bad_request_id: bool | None = None,
    any_filesystem: bool = False,
    log_level: LogLevel | None = None,
    log_file: str | os.PathLike[str] | None = None,
    log: Log | None = None,
    clock: Clock | None = None,
    ids: Ids | None = None,
    housekeeping: Seconds | None = None,
    running_limit: int | None = None,
    boot_id: str | None = None,
    boot_clock: Clock | None = None,
    pending_limit: int | None = None,
    idempotency_retention: Seconds | None = None,
    adopt_request_id: bool | None = None,
    longest_wait: Seconds | None = None,
    retention: Seconds | None = None,
    result_retention: Seconds | None = None,
    tombstones: Seconds | None = None,
    feed_retention: Seconds | None = None,
    durability: Durability | None = None,
    max_bytes: int | None = None,
    checkpoint_bytes: int | None = None,
    answer_cache_bytes: int | None = None,
    file_mode: int | None = None,
    migrate: Migrate | None = None,
    reopen: bool = True,
) -> Engine:
    """Opens the file at ``path``, or ``":memory:"`` for a private database in memory.

    What clients and other processes see is stored in the file, so that all who have it open agree: ``operations``,
    ``location``, ``status_url``, ``completed``, ``retry_after``, ``ignore_bad_request_id``, ``adopt_request_id``, the
    two limits, ``idempotency_retention``, ``retention``, ``result_retention``, ``tombstones`` and ``feed_retention``.
    Of these, what is not given is the file's, and the default in a new one; what differs from the file's raises
    InvalidArgument, which names it and both values. ``reconfigure``: it is written instead, and holds for every engine
    from its next look at the file on.

    ``mode``: ``"create"`` (the default: a missing file is created, mode 0600), ``"read_write"`` (a missing
    file is an error) or ``"read_only"`` (changes raise ReadOnly).
    ``adopt``: an existing SQLite database of yours gets the tables, instead of NotATaskstateFile.
    ``timeout``: the default of all calls, in seconds or as a timedelta; 5 s unless given; 0 tries once.
    ``operations``: allowed beside ``create`` and ``delete``: ``[a-z][a-z0-9_]{0,31}``; ``["create"]``: none of them.
    ``location``: where a completed task leads: an absolute path whose segments may be ``{zone_id}``,
    ``{task_id}`` or ``{install_id}``; ``/zones/{zone_id}/installs/{install_id}`` unless given.
    ``status_url``: likewise; ``/zones/{zone_id}/catalog_tasks/{task_id}`` unless given.
    ``completed``: ``"see_other"`` (the default: 303 with Location) or ``"ok"`` (200 with a Link).
    ``retry_after``: least and most whole seconds, 0 ... 86400; (1, 30) unless given.
    ``ignore_bad_request_id``: an X-Client-Request-ID that is no UUID is ignored instead of answered with 400.
    ``any_filesystem``: also on network, FUSE, virtiofs and 9p file systems, whose locks are not to be trusted.
    ``log_level``: the least that is logged; ``"warn"`` unless given. Lines go to ``log``, a callable of
    level name and line or a ``logging.Logger``; else to ``log_file``, appended; else to stderr.
    ``clock``: gives the time, microseconds since 1970 or an aware datetime; for tests. Leases are held in it, too,
    and no housekeeper runs unless ``housekeeping`` asks for it: call ``tick()``.
    ``ids``: given ``"task"`` or ``"request"``, gives a ``uuid.UUID``; for tests.
    ``housekeeping``: how often a thread of the engine's looks for leases that have ended and the like, 10 ms - 1 h;
    every second unless given; 0: never, call ``tick()``.
    ``running_limit``: how many tasks of one zone may run at once: claim() passes over a zone that has as many.
    ``boot_id``: names the boot of this machine, where the kernel does not tell it, and for tests. A lease taken under
    another has ended, unless a process that uses that one has the file open: give it to all processes or to none.
    ``boot_clock``: microseconds that run evenly whatever ``clock`` tells, for tests; leases are held in them.
    ``pending_limit``: how many tasks of one zone may be pending: create() raises LimitExceeded in a zone that has as
    many.
    ``idempotency_retention``: how long an idempotency key is kept, 1 s - 10 years; 24 h unless given.
    ``adopt_request_id``: create() without an idempotency key takes its request_id as one if that is a UUID.
    ``longest_wait``: the longest that decide() may wait by a Prefer header, up to 1 h; not at all unless given.
    ``retention``: how long after its end a task is kept before the housekeeping purges it, 1 s - 100 years; for good
    unless given.
    ``result_retention``: how long a completed task's stored result is kept, 1 s - 100 years; as long as the task unless
    given.
    ``tombstones``: how long a purged task leaves a tombstone, 1 s - 100 years: decide() answers 410 and its id is not
    used again; none unless given.
    ``feed_retention``: how long the feed tells of a purge, 1 s - 100 years; 7 days unless given.
    ``durability``: ``"full"`` (the default: a change is on the disk when its call returns) or ``"relaxed"`` (it outlives
    the process at once, a power cut only some moments later).
    ``max_bytes``: how large the file may become by this engine's changes, 64 KiB and up: DiskFull beyond it; no limit
    unless given.
    ``checkpoint_bytes``: the size of the ``-wal`` from which on a change moves it into the file, 64 KiB - 1 GiB; 4 MiB
    unless given.
    ``answer_cache_bytes``: memory for rendered answers of decide(), which are as current as if they were read, 0 -
    64 GiB; 64 MiB unless given, 0: none are kept.
    ``file_mode``: of new files: ``0o600`` (the default) with any of ``0o066`` added.
    ``migrate``: what becomes of a file of an older schema: ``"auto"`` (the default: opening it for writing migrates it, as
    :func:`migrate` does, within the timeout), ``"manual"`` (it is SchemaTooOld; only :func:`migrate` migrates it) or
    ``"refuse"`` (it stays as it is, also for :func:`migrate`).
    ``reopen``: a forked child opens the file again at its first use; False: it raises Forked. A ``:memory:`` file is
    never opened again by itself.

    ``log``, ``clock``, ``boot_clock`` and ``ids`` may be called from any thread, several at once, and must not call
    taskstate. What they raise goes to ``threading.excepthook``; the clock then stands still, ids are random.

    Blocks up to the timeout. Raises InvalidArgument, NotATaskstateFile,
    SchemaTooNew, SchemaTooOld, Corrupt, AccessDenied, ReadOnly, Unsupported, Unavailable, Busy, DiskFull or IoError.
    """
    return Engine(
        path,
        Options(
            mode=mode,
            reconfigure=reconfigure,
            adopt=adopt,
            timeout=timeout,
            operations=tuple(operations),
            location=location,
            status_url=status_url,
            completed=completed,
            retry_after=retry_after,
            ignore_bad_request_id=ignore_bad_request_id,
            any_filesystem=any_filesystem,
            log_level=log_level,
            log_file=log_file,
            log=log,
            clock=clock,
            ids=ids,
            housekeeping=housekeeping,
            running_limit=running_limit,
            boot_id=boot_id,
            boot_clock=boot_clock,
            pending_limit=pending_limit,
            idempotency_retention=idempotency_retention,
            adopt_request_id=adopt_request_id,
            longest_wait=longest_wait,
            retention=retention,
            result_retention=result_retention,
            tombstones=tombstones,
            feed_retention=feed_retention,
            durability=durability,
            max_bytes=max_bytes,
            checkpoint_bytes=checkpoint_bytes,
            answer_cache_bytes=answer_cache_bytes,
            file_mode=file_mode,
            migrate=migrate,
        ),
        reopen,
    )


__all__ = [
    "AccessDenied",
    "AlreadyExists",
    "Also",
    "Answer",
    "Batch",
    "Behind",
    "Busy",
    "CancelToken",
    "Cancelled",
    "ChangesBatch",
    "Clock",
    "Closed",
    "Completed",
    "Completion",
    "Corrupt",
    "Count",
    "Detail",
    "DiskFull",
    "Durability",
    "Engine",
    "Error",
    "Event",
    "Failures",
    "Feed",
    "Forked",
    "Headers",
    "Histogram",
    "History",
    "IdempotencyMismatch",
    "Ids",
    "IllegalTransition",
    "Internal",
    "InvalidArgument",
    "IoError",
    "Lease",
    "LeaseLost",
    "LimitExceeded",
    "Log",
    "LogLevel",
    "Migrate",
    "Migration",
    "Mode",
    "Moved",
    "NewTask",
    "NoMemory",
    "NotATaskstateFile",
    "NotFound",
    "Outcome",
    "Page",
    "Parameters",
    "Pause",
    "ReadOnly",
    "Report",
    "Restored",
    "Result",
    "SchemaTooNew",
    "SchemaTooOld",
    "Seconds",
    "Statement",
    "Stats",
    "Status",
    "StoredResult",
    "Task",
    "TaskFailed",
    "Unavailable",
    "Unsupported",
    "Value",
    "Work",
    "can_transition",
    "migrate",
    "open",
    "parse_task",
    "validate",
]
