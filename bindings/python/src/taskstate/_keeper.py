"""Heartbeats in the background: one thread for all leases of an engine.

It is the system's thread and the system's clock whatever the host made of Python's: a greenlet would stand still while
the host computes, and a frozen clock would never let a heartbeat be due.
"""

from __future__ import annotations

import atexit
import heapq
import itertools
import os
import threading
from _queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Optional, Tuple

from . import _errors, _fork, _host

if TYPE_CHECKING:
    from ._lease import Lease

#: What the thread is told: a word and the lease it is about; None ends it.
_Message = Optional[Tuple[str, "Lease"]]

# After how many seconds a heartbeat is tried again that failed as busy, with a full disk or the like.
_RETRY_S = 1.0
# How long the interpreter's end waits for what a thread is in the middle of.
_ENDING_S = 10.0

# Threads that may still run, and what tells them to end. A (sub-)interpreter must not end before its threads have.
_threads: list[tuple[_host.Thread, SimpleQueue[_Message]]] = []


class Keeper:
    """Keeps leases alive. Any thread may call it, also a signal's handler: a SimpleQueue takes no lock that the
    interrupted code could hold."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._messages: SimpleQueue[_Message] = SimpleQueue()
        self._thread: _host.Thread | None = None
        self._kept = 0  # only counted in a sub-interpreter

    def start(self) -> None:
        """Makes sure that the thread runs. Not from a signal's handler."""
        if self._thread is not None:
            return
        with _fork.lock():
            if self._thread is None:
                messages = self._messages
                try:
                    self._thread = _host.Thread(lambda: _run(messages))
                except RuntimeError as error:
                    raise _errors.Unavailable(f"the system gives no thread for heartbeats: {error}") from None
                _threads[:] = [each for each in _threads if not each[0].join(0)]
                _threads.append((self._thread, messages))

    def keep(self, lease: Lease) -> None:
        """Heartbeats from now on."""
        self.start()
        self._messages.put(("keep", lease))
        if not _host.is_main():
            with _fork.lock():
                self._kept += 1

    def drop(self, lease: Lease) -> None:
        """No heartbeats any more."""
        self._messages.put(("drop", lease))
        if not _host.is_main():
            self._rest()

    def _rest(self) -> None:
        """Ends the thread when no lease is kept: a sub-interpreter may end at any moment, and to do so with a thread
        aborts the process."""
        with _fork.lock():
            self._kept -= 1
            if self._kept > 0 or self._thread is None:
                return
            thread, self._thread = self._thread, None
            messages, self._messages = self._messages, SimpleQueue()
        messages.put(None)
        thread.join(_ENDING_S)

    def release(self, lease: Lease) -> None:
        """Releases the lease at once, whatever its holder is doing. start() must have been called."""
        self._messages.put(("release", lease))

    def end(self) -> None:
        """Ends the thread."""
        self._messages.put(None)


def _join() -> None:
    """At the interpreter's end, when no thread holds a lease that is not a daemon."""
    for _, messages in _threads:
        messages.put(None)
    for thread, _ in _threads:
        thread.join(_ENDING_S)


def _forget() -> None:
    # A child has none of the parent's threads.
    _threads.clear()


os.register_at_fork(after_in_child=_forget)
atexit.register(_join)


def _run(messages: Any) -> None:
    # Referred to by nobody but this thread, so nothing here needs a lock; and between leases it refers to none,
    # so that an engine that is dropped goes.
    schedule = _Schedule()
    while True:
        try:
            message = messages.get(timeout=schedule.pause())
        except Empty:
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
        return min(max(self._due[0][0] - _host.now(), 0.0), threading.TIMEOUT_MAX)

    def beat(self) -> None:
        """One heartbeat of the lease that is due."""
        if not self._due or self._due[0][0] > _host.now():
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
        heapq.heappush(self._due, (_host.now() + seconds, number))
