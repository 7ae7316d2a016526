"""What keeps a file small, sound and safe, and shows how it is."""

from __future__ import annotations

import os
from typing import Any

from . import _options, _results
from ._arguments import Seconds, context, duration, number, text
from ._calls import call, direct
from ._cancel import CancelToken
from ._native import lib
from ._statements import Also
from ._workers import Count, Workers


class Upkeep(Workers):
    """The operations on the file as a whole."""

    __slots__ = ()

    def purge(
        self,
        older_than: Seconds,
        *,
        zone: str | None = None,
        limit: int | None = None,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
        actor: str | None = None,
        also: Also = (),
    ) -> int:
        """Removes tasks that were completed or failed at least so long ago (0 - 100 years), with their payloads and
        histories; how many it removed.

        ``zone``: of this one only. ``limit``: at most so many. It takes a few tasks at a time, so others are not kept
        waiting. A task whose idempotency key is still kept stays. If its turn does not come in time, or it is
        cancelled, after some were removed, it gives their number. Raises InvalidArgument, or what every change may.
        """
        data = call(
            lib.tspy_purge,
            self._native(),
            *text("zone", zone),
            duration("older_than", older_than),
            0 if limit is None else (number("limit", limit) or -1),  # 0 is no limit that a caller can mean
            context(timeout, cancel, request_id, traceparent, actor, also),
        )
        return Count(data)._number(0)

    def erase(
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
    ) -> bool:
        """Erases one completed or failed task, whatever its age and idempotency key; False if there is no such task.

        When it returns, neither the file nor its ``-wal`` holds a byte of the task but its key, in the feed's
        ``purged`` event and the tombstone. Raises IllegalTransition (pending or running: cancel it first),
        Unavailable with ``outcome`` UNKNOWN (it is gone, but a reader did not let the ``-wal`` be emptied in time: call
        again), or what every change may.
        """
        key = (*text("zone_id", zone_id), *text("id", id))
        carried = context(timeout, cancel, request_id, traceparent, actor, also)
        return bool(Count(call(lib.tspy_erase, self._native(), *key, carried))._number(0))

    def pause(
        self,
        *,
        zone: str | None = None,
        operation: str | None = None,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
        actor: str | None = None,
    ) -> bool:
        """From now on claims of every process pass over the zone or the operation, of which exactly one is given, until
        unpause(); False if it was paused already.

        It is kept in the file, and stats() tells it with the ``actor``. Tasks are created, and leases go on, as before,
        and a task that nobody starts in time still fails. What is named, as by start(), is not held up. Raises
        InvalidArgument, or what every change may.
        """
        return self._set_paused(True, zone, operation, context(timeout, cancel, None, None, actor))

    def unpause(
        self,
        *,
        zone: str | None = None,
        operation: str | None = None,
        timeout: Seconds | None = None,
        cancel: CancelToken | None = None,
    ) -> bool:
        """Ends a pause, and wakes the claims that wait, in every process; False if it was not paused."""
        return self._set_paused(False, zone, operation, context(timeout, cancel))

    def _set_paused(self, paused: bool, zone: str | None, operation: str | None, carried: Any) -> bool:
        what = (*text("zone", zone), *text("operation", operation))
        return bool(Count(call(lib.tspy_set_paused, self._native(), int(paused), *what, carried))._number(0))

    def stats(
        self, zone: str | None = None, *, timeout: Seconds | None = None, cancel: CancelToken | None = None
    ) -> _results.Stats:
        """Figures of the file and of this engine, with counts of all zones or of one. They are kept with every change,
        so reading them costs the same however many tasks there are."""
        return _results.stats(call(lib.tspy_stats, self._native(), *text("zone", zone), context(timeout, cancel)))

    def clock_ok(self, *, timeout: Seconds | None = None, cancel: CancelToken | None = None) -> None:
        """Says that the wall clock is right, for all processes on the file.

        When it gains more than an hour on the boot clock within one boot, nothing expires by it until this call or
        until 24 hours have passed: see ``stats().expiry_paused``.
        """
        direct(lib.tse_clock_ok, self._native(), context(timeout, cancel))

    def backup(
        self, path: str | os.PathLike[str], *, timeout: Seconds | None = None, cancel: CancelToken | None = None
    ) -> None:
        """Copies the file as it is at one moment, while others go on writing: first into a temporary file beside
        ``path``, which reaches the disk and then takes the name. An earlier backup there, or an empty file, is
        replaced; nothing else is.

        The copy opens as any other file; leases, cursors and positions of the original are none of its own. Raises
        AlreadyExists (at ``path`` stands anything else, or a -wal, -shm or -journal lies there), InvalidArgument
        (``path`` is the file itself, a companion of it or of another, or no regular file), Busy or Cancelled (nothing
        is left behind), AccessDenied, DiskFull, IoError or Unavailable.
        """
        raw = _options.path_bytes(path)
        direct(lib.tse_backup, self._native(), raw, len(raw), context(timeout, cancel))

    def verify(self, *, timeout: Seconds | None = None, cancel: CancelToken | None = None) -> _results.Report:
        """Examines the whole file. What is wrong is the report's matter, not an exception."""
        data = call(lib.tspy_verify, self._native(), context(timeout, cancel))
        return _results.Report(data)
