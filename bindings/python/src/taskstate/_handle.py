"""The open file behind an engine: opening, closing, and what a fork does to it."""

from __future__ import annotations

import os
import weakref
from typing import Any

from . import _callbacks, _errors, _fork, _host, _keeper, _options
from ._calls import direct
from ._native import ffi, lib

_MEMORY = b":memory:"


def _close(engine: Any) -> None:
    """Closes without a word: what a finalizer can still do. The memory goes with the last reference."""
    error = ffi.new("tse_error **")
    if lib.tse_close(engine, error) != lib.TSE_OK:
        lib.tse_error_free(error[0])


def _absolute(path: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """Where it is, so that opening it again does not depend on the working directory. Nothing in it is simplified: a
    ``..`` behind a symbolic link leads elsewhere than its text says."""
    raw = _options.path_bytes(path)
    if raw in (b"", _MEMORY) or raw.startswith(b"/"):
        return path
    try:
        return os.fsdecode(os.path.join(os.getcwdb(), raw))
    except OSError:
        return path  # the working directory is gone: the library says what that means


class Opened:
    """One open file of one process."""

    __slots__ = ("engine", "address", "pid", "finalizer")

    def __init__(self, owner: Handle, path: str | os.PathLike[str], options: _options.Options) -> None:
        out = ffi.new("tse_engine **")
        raw = _options.path_bytes(path)
        direct(lib.tse_open, raw, len(raw), _options.native(options), out)
        # Freed when nobody refers to it any more: a thread inside a call refers to it.
        self.engine = ffi.gc(out[0], lib.tse_engine_free)
        self.address = int(ffi.cast("uintptr_t", self.engine))
        self.pid = os.getpid()
        self.finalizer = weakref.finalize(owner, _close, self.engine)


class Handle:
    """What every family of operations stands on."""

    __slots__ = ("_given", "_path", "_options", "_reopen", "_opened", "_closed", "_kept", "__weakref__")

    def __init__(self, path: str | os.PathLike[str], options: _options.Options, reopen: bool = True) -> None:
        self._given = path
        self._path = _absolute(path)
        if options.log_file is not None:
            options = options._replace(log_file=_absolute(options.log_file))
        self._options = options
        self._reopen = reopen and _options.path_bytes(path) != _MEMORY
        self._closed = False
        self._kept: _keeper.Keeper | None = None
        self._opened = Opened(self, self._path, options)

    def close(self) -> None:
        """Closes at once: waiting and later calls raise Closed; a change being committed ends first.

        Closing again does nothing. In a forked child it closes for that child alone.
        """
        self._closed = True
        opened = self._opened
        if opened.pid != os.getpid():
            _close(opened.engine)
            return
        direct(lib.tse_close, opened.engine)

    def reopen(self) -> None:
        """Opens the same path with the same options again: after ``close()``, IoError or Moved.

        A forked child does so by itself at its first use, unless open() was told ``reopen=False``. Raises as
        :func:`taskstate.open`, and this engine is then closed. A ``:memory:`` file starts empty.
        """
        self._closed = True
        self._opened.finalizer()
        self._opened = Opened(self, self._path, self._options)
        self._closed = False

    def __repr__(self) -> str:
        return f"<taskstate.Engine {os.fspath(self._given)!r}>"

    def _native(self) -> Any:
        """The engine of this process."""
        opened = self._opened
        return opened.engine if opened.pid == os.getpid() else self._in_child()

    def _in_child(self) -> Any:
        """The engine of a forked child, opened at its first use."""
        if self._closed:
            raise _errors.Closed("the engine was closed")
        if not self._reopen:
            return self._opened.engine  # the call itself says that it is the parent's
        with _fork.lock():
            opened = self._opened
            if opened.pid != os.getpid():
                opened.finalizer()
                # The file was there: a child must not make an empty one in the place of one that is gone.
                mode = self._options.mode
                options = self._options._replace(mode="read_write" if mode in (None, "create") else mode)
                self._opened = opened = Opened(self, self._path, options)
        return opened.engine

    def _answering(self) -> Any:
        """The engine of this process, or NULL, which answers 503: an answer must not fail."""
        try:
            return self._native()
        except _errors.Error:
            return ffi.NULL

    def _now_us(self) -> int:
        """The time as the engine tells it."""
        clock = self._options.clock
        return _host.wall_us() if clock is None else _callbacks.ClockAdapter(clock).read()

    def _keeper(self) -> _keeper.Keeper:
        """Who keeps this process's leases alive."""
        kept = self._kept
        if kept is None or kept.pid != os.getpid():
            with _fork.lock():
                kept = self._kept
                if kept is None or kept.pid != os.getpid():
                    self._kept = kept = _keeper.Keeper()
                    weakref.finalize(self, kept.end)
        return kept
