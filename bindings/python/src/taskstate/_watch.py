"""Waiting until there may be something to see, without holding the interpreter."""

from __future__ import annotations

import math
import os
import select
import signal
import threading
import types
from typing import Any, Callable

from . import _handle, _host
from ._arguments import text
from ._calls import call, direct
from ._cancel import CancelToken, Waker
from ._native import ffi, lib

# poll() takes no more.
_LONGEST_S = 2**31 / 1000 - 1
_TAGS = 256


class Watch:
    """A descriptor that is readable when there may be something of what it is told to watch. One thread at a time."""

    __slots__ = ("_opened", "_native", "_pid")

    def __init__(self, handle: _handle.Handle) -> None:
        self._native = ffi.NULL
        engine = handle._native()
        out = ffi.new("tse_watch **")
        direct(lib.tse_watch_new, engine, out)
        self._opened = handle._opened
        self._native = out[0]
        self._pid = os.getpid()

    def is_of(self, handle: _handle.Handle) -> bool:
        """The file has not been closed or opened again since; else it is readable for good."""
        return self._opened is handle._opened and not handle._closed

    def claim(self, filter: tuple[Any, ...]) -> None:
        """What a claim might find. Only who is about to claim may have one: of all that wait for the same task only
        one is woken."""
        call(lib.tspy_watch_claim, self._native, *filter)

    def task(self, key: tuple[Any, ...], revision: int, tag: int) -> None:
        """A task that moves past the revision or ends; take() then tells the tag. At once if that is so."""
        direct(lib.tse_watch_task, self._native, *key, revision, tag)

    def forget(self, key: tuple[Any, ...], tag: int) -> None:
        """The task of this tag no more."""
        direct(lib.tse_watch_forget, self._native, *key, tag)

    def take(self) -> list[int]:
        """Makes it unreadable, and gives the tags of the tasks that have moved."""
        self.reset()
        tags, count = ffi.new("int64_t[]", _TAGS), ffi.new("size_t *")
        taken: list[int] = []
        while True:
            direct(lib.tse_watch_take, self._native, tags, _TAGS, count)
            taken += ffi.unpack(tags, count[0]) if count[0] else []
            if count[0] < _TAGS:
                return taken

    def changes(self, zone: str | None) -> None:
        """The feed."""
        direct(lib.tse_watch_changes, self._native, *text("zone", zone))

    def fileno(self) -> int:
        return int(lib.tse_watch_descriptor(self._native))

    def reset(self) -> None:
        """Makes it unreadable. Look afterwards: what happens in between makes it readable again."""
        direct(lib.tse_watch_reset, self._native)

    def close(self) -> None:
        native, self._native = self._native, ffi.NULL
        if not native:
            return
        # A forked child has no use for the parent's, and no way to free what another thread may have locked.
        if self._pid == os.getpid():
            lib.tse_watch_free(native)

    __del__ = close


def hears_signals() -> bool:
    """Signals' handlers run in the thread that asks."""
    return threading.current_thread() is threading.main_thread() and _host.is_main()


def _is_green() -> bool:
    """gevent or eventlet put their own in the place of select, so that others work while one waits."""
    return not isinstance(getattr(select, "poll", None), types.BuiltinFunctionType)


def waits_in_python() -> bool:
    """A wait inside the library would keep a signal's handler, or every other greenlet, from running."""
    return hears_signals() or _is_green()


class Waiting:
    """One wait of one thread: for what a watch is told to watch, a cancel token, or whoever wakes it."""

    def __init__(
        self,
        handle: _handle.Handle,
        tell: Callable[[Watch], object],
        cancel: CancelToken | None = None,
        waker: Waker | None = None,
    ) -> None:
        self._handle = handle
        self._tell = tell
        self._cancel = cancel
        self._hears_signals = hears_signals()
        self._own: Waker | None = Waker() if waker is None and (cancel or self._hears_signals) else None
        self._waker = waker or self._own
        self._watch: Watch | None = None

    def __enter__(self) -> Waiting:
        if self._cancel is not None and self._own is not None:
            self._cancel._on_cancel(self._own.wake)
        return self

    def __exit__(self, *exception: object) -> None:
        self._drop()
        if self._own is not None:
            if self._cancel is not None:
                self._cancel._forget(self._own.wake)
            self._own.close()

    def until(self, deadline: float) -> bool:
        """Waits. False: the deadline passed. Otherwise look what it is; it may be nothing."""
        if self._watch is None or not self._watch.is_of(self._handle):
            self._drop()
            self._watch = Watch(self._handle)
            self._tell(self._watch)
        left = deadline - _host.now()
        if left <= 0:
            return False
        self._poll(self._watch, min(left, _LONGEST_S))
        if self._waker is not None:
            self._waker.drain()
        self._watch.reset()
        return True

    def _poll(self, watch: Watch, seconds: float) -> None:
        if self._waker is None:
            _until_readable([watch.fileno()], seconds)
            return
        descriptors = [watch.fileno(), self._waker.fileno()]
        # A signal's Python handler only runs once poll() has returned, and one that comes just before poll() does not
        # end it; so the signal itself must wake it.
        hears, previous = self._hears_signals, -1
        if hears:
            previous = signal.set_wakeup_fd(self._waker.write_fileno(), warn_on_full_buffer=False)
        try:
            _until_readable(descriptors, seconds)
        finally:
            if hears:
                signal.set_wakeup_fd(previous)

    def _drop(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()


def _until_readable(descriptors: list[int], seconds: float) -> None:
    if not hasattr(select, "poll"):
        # eventlet takes poll() away. Its select() knows no limit of descriptors and lets other greenlets work.
        select.select(descriptors, [], [], seconds)
        return
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    poll.poll(math.ceil(seconds * 1000))
