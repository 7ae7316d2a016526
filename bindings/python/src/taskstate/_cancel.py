"""Ending calls that wait from elsewhere."""

from __future__ import annotations

import errno
import socket
from typing import Any, Callable

from ._errors import Unavailable
from ._native import ffi, lib


class CancelToken:
    """Ends waiting calls from another thread: every call takes one as ``cancel=``.

    Sticky: once cancelled, every call that carries it and would have to wait raises
    :class:`taskstate.Cancelled`, which means guaranteed not applied. A change that is already being committed runs to
    its end and gives its true outcome. Any number of calls may share a token.
    """

    __slots__ = ("_native", "_cancelled", "_wakers", "__weakref__")

    def __init__(self) -> None:
        out = ffi.new("tse_cancel_token **")
        if lib.tse_cancel_token_new(out, ffi.NULL) != lib.TSE_OK:
            raise MemoryError("no memory for a cancel token")
        self._native: Any = ffi.gc(out[0], lib.tse_cancel_token_free)
        self._cancelled = False
        # Adding, discarding and copying are atomic, so cancel() needs no lock and may run in a signal's handler.
        self._wakers: set[Callable[[], object]] = set()

    def cancel(self) -> None:
        """Cancels; idempotent. Any thread, also a signal's Python handler. Does not block."""
        self._cancelled = True
        lib.tse_cancel_token_cancel(self._native)
        for wake in tuple(self._wakers):
            wake()

    @property
    def cancelled(self) -> bool:
        """cancel() was called."""
        return self._cancelled

    def _on_cancel(self, wake: Callable[[], object]) -> None:
        """Has cancel() call it, too; at once if that has been. Undone by _forget()."""
        self._wakers.add(wake)
        if self._cancelled:
            wake()

    def _forget(self, wake: Callable[[], object]) -> None:
        self._wakers.discard(wake)

    def __repr__(self) -> str:
        return f"<CancelToken {'cancelled' if self._cancelled else 'not cancelled'}>"


def no_descriptor(error: OSError) -> str:
    """Why the system gave none, and what helps."""
    if error.errno not in (errno.EMFILE, errno.ENFILE):
        return str(error)
    whose = "this process" if error.errno == errno.EMFILE else "the system"
    return f"{whose} has no more; close some, or raise the limit (ulimit -n)"


class Waker:
    """A descriptor that any thread or signal handler makes readable."""

    __slots__ = ("_read", "_write")

    def __init__(self) -> None:
        try:
            self._read, self._write = socket.socketpair()
        except OSError as error:
            raise Unavailable(f"a wait needs two file descriptors: {no_descriptor(error)}") from None
        self._read.setblocking(False)
        self._write.setblocking(False)

    def fileno(self) -> int:
        return self._read.fileno()

    def write_fileno(self) -> int:
        """Where signal.set_wakeup_fd() may write."""
        return self._write.fileno()

    def wake(self) -> None:
        try:
            self._write.send(b"\0")
        except OSError:
            pass  # full: it is readable already; closed: nobody waits

    def drain(self) -> None:
        """Makes it unreadable. Look afterwards at what it stands for."""
        try:
            while self._read.recv(4096):
                pass
        except OSError:
            pass

    def close(self) -> None:
        self._read.close()
        self._write.close()
