"""Heartbeats in the background: one thread for all leases of an engine."""

from __future__ import annotations

import heapq
import itertools
import os
import queue
import threading
import time
from typing import TYPE_CHECKING, Any, Optional, Tuple

from . import _errors, _fork

if TYPE_CHECKING:
    from ._lease import Lease

#: What the thread is told: a word and the lease it is about; None ends it.
_Message = Optional[Tuple[str, "Lease"]]

# A heartbeat that failed for want of a turn, of room or the like is tried again after so many seconds.
_RETRY_S = 1.0


class Keeper:
    """Keeps leases alive. Any thread may call it, also a signal's handler: a SimpleQueue takes no lock that the
    interrupted code could hold."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._messages: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Makes sure that the thread runs. Not from a signal's handler."""
        if self._thread is not None:
            return
        with _fork.lock():
            if self._thread is None:
                thread = threading.Thread(target=_run, args=(self._messages,), name="taskstate-leases", daemon=True)
                thread.start()
                self._thread = thread

    def keep(self, lease: Lease) -> None:
        """Heartbeats from now on."""
        self.start()
        self._messages.put(("keep", lease))

    def drop(self, lease: Lease) -> None:
        """No heartbeats any more."""
        self._messages.put(("drop", lease))

    def release(self, lease: Lease) -> None:
        """Releases the lease at once, whatever its holder is doing. start() must have been called."""
        self._messages.put(("release", lease))

    def end(self) -> None:
        """Ends the thread."""
        self._messages.put(None)


def _run(messages: Any) -> None:
    # Referred to by nobody but this thread, so nothing here needs a lock; and between leases it refers to none,
    # so that an engine that is dropped goes.
    schedule = _Schedule()
    while True:
        try:
            message = messages.get(timeout=schedule.pause())
        except queue.Empty:
            schedule.beat()
            continue
        if message is None:
            return
        word, lease = message
        if word == "keep":
            schedule.add(lease)
        else:
            schedule.remove(lease)
            if word == "release":
                lease._release_for_stop()
        del message, lease


class _Schedule:
    """Leases by when their next heartbeat is due."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._due: list[tuple[float, int]] = []
        self._leases: dict[int, Lease] = {}

    def add(self, lease: Lease) -> None:
        number = next(self._numbers)
        self._leases[number] = lease
        self._push(number, lease._rhythm_s())

    def remove(self, lease: Lease) -> None:
        # What is left of it in the heap is passed over once it is due, or here if that becomes too much.
        self._leases = {number: each for number, each in self._leases.items() if each is not lease}
        if len(self._due) > 2 * len(self._leases) + 64:
            self._due = [entry for entry in self._due if entry[1] in self._leases]
            heapq.heapify(self._due)

    def pause(self) -> float | None:
        """How long until somebody is due, in seconds; None: nobody will be."""
        while self._due and self._due[0][1] not in self._leases:
            heapq.heappop(self._due)
        if not self._due:
            return None
        return min(max(self._due[0][0] - time.monotonic(), 0.0), threading.TIMEOUT_MAX)

    def beat(self) -> None:
        """One heartbeat of the lease that is due."""
        if not self._due or self._due[0][0] > time.monotonic():
            return
        _, number = heapq.heappop(self._due)
        lease = self._leases.get(number)
        if lease is None:
            return
        rhythm = lease._rhythm_s()
        try:
            lease._beat(rhythm)
        except (_errors.LeaseLost, _errors.Closed):
            del self._leases[number]
            return
        except Exception:
            rhythm = min(rhythm, _RETRY_S)
        self._push(number, rhythm)

    def _push(self, number: int, seconds: float) -> None:
        heapq.heappush(self._due, (time.monotonic() + seconds, number))
