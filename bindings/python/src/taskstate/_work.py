"""The loop of a worker."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Callable

from . import _errors
from ._cancel import CancelToken, Waker
from ._lease import Lease, Stopped
from ._watch import Waiting

if TYPE_CHECKING:
    from ._changes import Changes
    from ._workers import Wanted

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_PACKAGE = __name__.rpartition(".")[0]
# After Busy, for an engine whose timeout is 0.
_BREATH_S = 0.05


class Work:
    """The leases of a worker, one at a time, for ever: see ``work()``. One thread iterates."""

    def __init__(self, engine: Changes, wanted: Wanted, cancel: CancelToken | None, signals: bool) -> None:
        self._engine = engine
        self._wanted = wanted
        self._cancel = cancel
        self._waker = Waker()
        self._stopping = False
        self._closed = False
        self._current: Lease | None = None
        # Neither a signal's handler nor a token may keep the loop from being dropped.
        me = weakref.ref(self)
        self._handlers = _Handlers(lambda number, frame: _act(me, number, frame)) if signals else None
        self._pid = os.getpid()
        self._on_cancel: Callable[[], object] = lambda: _stop(me)

    def __iter__(self) -> Work:
        return self

    def __next__(self) -> Lease:
        self._current = None
        if self._closed:
            raise StopIteration
        try:
            self._listen()
            lease = self._next()
        except BaseException:
            self.close()
            raise
        if lease is None:
            self.close()
            raise StopIteration
        return lease

    def stop(self) -> None:
        """Ends the loop: no new task; the one at hand is released at once if another attempt is left, and its
        lease is then ``lost``; else it is let finish. Any thread, also a signal's Python handler."""
        self._stopping = True
        self._waker.wake()
        lease = self._current
        if lease is not None and lease._may_be_handed_on:
            lease._engine._keeper().release(lease)

    def close(self) -> None:
        """Ends the loop without a word to the task at hand, and puts the signals' handlers back. Done by itself
        when the loop ends or is dropped."""
        if self._closed:
            return
        self._closed = True
        if self._handlers is not None:
            self._handlers.put_back()
        if self._cancel is not None:
            self._cancel._forget(self._on_cancel)
        self._waker.close()

    def __del__(self) -> None:
        if hasattr(self, "_current"):
            self.close()

    def _listen(self) -> None:
        if self._handlers is not None:
            self._handlers.set()
        if self._cancel is not None:
            self._cancel._on_cancel(self._on_cancel)

    def _next(self) -> Lease | None:
        lease = self._try()
        if lease is None and not self._stopping:
            with Waiting(self._engine, self._wanted.watch, None, self._waker) as waiting:
                while lease is None and not self._stopping:
                    waiting.until(math.inf)
                    lease = self._try()
        if lease is None:
            return None
        if self._stopping and lease._may_be_handed_on:
            lease._release_for_stop()
            return None
        lease._in_loop = True
        # stop() may have to release it without starting a thread, for it may come from a signal's handler.
        self._engine._keeper().start()
        self._current = lease
        return lease

    def _try(self) -> Lease | None:
        """One look. A busy file is looked at again: what woke this loop, and no other, has not been seen yet."""
        while not self._stopping:
            try:
                leases = self._wanted.claim(self._engine, 1, cancel=self._cancel)
            except _errors.Busy:
                time.sleep(_BREATH_S)
                continue
            except _errors.Cancelled:
                self._stopping = True
                break
            return leases[0] if leases else None
        return None


class _Handlers:
    """This loop's signal handlers, and those that were there before."""

    def __init__(self, handler: Callable[[int, Any], object]) -> None:
        self._handler = handler
        self._previous: dict[signal.Signals, Any] = {}
        self.are_set = False

    def set(self) -> None:
        if self.are_set or threading.current_thread() is not threading.main_thread():
            return
        self.are_set = True
        for number in _SIGNALS:
            previous = signal.getsignal(number)
            # One that is ignored stays so (nohup); one that C code handles could not be put back.
            if previous not in (signal.SIG_IGN, None):
                self._previous[number] = previous
                signal.signal(number, self._handler)

    def put_back(self, *numbers: signal.Signals) -> None:
        """Those that are still ours."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in numbers or _SIGNALS:
            previous = self._previous.pop(number, None)
            if previous is not None and signal.getsignal(number) is self._handler:
                signal.signal(number, previous)


def _stop(me: Callable[[], Work | None]) -> None:
    work = me()
    if work is not None:
        work.stop()


def _act(me: Callable[[], Work | None], number: int, frame: Any) -> None:
    """What a signal does, in the main thread, wherever that is."""
    work = me()
    if work is None or work._handlers is None:
        return
    if work._pid != os.getpid():
        # A child of a task's own: neither the loop nor the lease is its.
        work._handlers.put_back()
        os.kill(os.getpid(), number)
        return
    work._handlers.put_back(signal.SIGINT)
    lease = work._current
    inside = lease is not None and lease._may_be_handed_on and lease._inside == threading.get_ident()
    if inside and not _is_ours(frame):
        work._stopping = True
        raise Stopped
    work.stop()


def _is_ours(frame: Any) -> bool:
    """Whether the signal came while a call of this package was running, which an exception must not tear."""
    while frame is not None:
        if frame.f_globals.get("__package__") == _PACKAGE:
            return True
        frame = frame.f_back
    return False
