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
from ._callbacks import Clock, Ids, Log
from ._cancel import CancelToken
from ._engine import Engine
from ._errors import (
    AccessDenied,
    AlreadyExists,
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
    SchemaTooNew,
    SchemaTooOld,
    TaskFailed,
    Unavailable,
    Unsupported,
)
from ._lease import Lease
from ._native import ffi as _ffi
from ._native import lib as _lib
from ._options import Completed, LogLevel, Mode, Options
from ._results import Event, Page, Report
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
    adopt: bool = False,
    timeout: Seconds | None = None,
    operations: Iterable[str] = (),
    location: str | None = None,
    status_url: str | None = None,
    completed: Completed | None = None,
    retry_after: tuple[int, int] | None = None,
    ignore_bad_request_id: bool = False,
    any_filesystem: bool = False,
    log_level: LogLevel | None = None,
    log_file: str | os.PathLike[str] | None = None,
    log: Log | None = None,
    clock: Clock | None = None,
    ids: Ids | None = None,
    housekeeping: Seconds | None = None,
    running_limit: int | None = None,
    boot_id: str | None = None,
    reopen: bool = True,
) -> Engine:
    """Opens the file at ``path``, or ``":memory:"`` for a private database in memory.

    ``mode``: ``"create"`` (the default: a missing file is created, mode 0600), ``"read_write"`` (a missing
    file is an error) or ``"read_only"`` (changes raise ReadOnly).
    ``adopt``: an existing SQLite database of yours gets the tables, instead of NotATaskstateFile.
    ``timeout``: the default of all calls, in seconds or as a timedelta; 5 s unless given; 0 tries once.
    ``operations``: allowed beside ``create`` and ``delete``: ``[a-z][a-z0-9_]{0,31}``.
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
    ``boot_id``: names the boot of this machine, where the kernel does not tell it, and for tests.
    ``reopen``: a forked child opens the file anew at its first use; False: it raises Forked. A ``:memory:`` file is
    never opened anew by itself.

    ``log``, ``clock`` and ``ids`` may be called from any thread, several at once, and must not call
    taskstate. What they raise goes to ``threading.excepthook``; the clock then stands still, ids are random.

    Blocks up to the timeout; migrates an older file. Raises InvalidArgument, NotATaskstateFile,
    SchemaTooNew, Corrupt, AccessDenied, ReadOnly, Unsupported, Unavailable, Busy, DiskFull or IoError.
    """
    return Engine(
        path,
        Options(
            mode=mode,
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
        ),
        reopen,
    )


__all__ = [
    "AccessDenied",
    "AlreadyExists",
    "Answer",
    "Busy",
    "CancelToken",
    "Cancelled",
    "Clock",
    "Closed",
    "Completed",
    "Corrupt",
    "Detail",
    "DiskFull",
    "Engine",
    "Error",
    "Event",
    "Forked",
    "Headers",
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
    "Mode",
    "Moved",
    "NoMemory",
    "NotATaskstateFile",
    "NotFound",
    "Outcome",
    "Page",
    "ReadOnly",
    "Report",
    "SchemaTooNew",
    "SchemaTooOld",
    "Seconds",
    "Status",
    "Task",
    "TaskFailed",
    "Unavailable",
    "Unsupported",
    "Work",
    "can_transition",
    "open",
    "parse_task",
    "validate",
]
