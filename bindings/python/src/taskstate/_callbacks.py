"""Calls from the library back into Python: clock, ids and log.

An exception in one goes to ``threading.excepthook``: it has no caller to go to, since the library may
call from a thread that works for another caller. The library then gets a usable value.
"""

from __future__ import annotations

import atexit
import logging
import operator
import threading
import uuid
from datetime import datetime
from typing import Any, Callable, Union

from . import _host, _records
from ._errors import Unsupported
from ._native import ffi, lib

Clock = Callable[[], Union[int, datetime]]
Ids = Callable[[str], uuid.UUID]
Log = Union[Callable[[str, str], object], logging.Logger]

#: The library's log levels, by number.
LEVELS = {getattr(lib, f"TSE_LOG_{name.upper()}"): name for name in ("trace", "debug", "info", "warn", "error", "off")}
_LOGGING_LEVELS = {"trace": 5, "debug": 10, "info": 20, "warn": 30, "error": 40}
_ID_KINDS = {lib.TSE_ID_TASK: "task", lib.TSE_ID_REQUEST: "request"}

# Handles that the library holds, by address; tspy_destroy() lets go of them.
_held: dict[int, Any] = {}


def hold(adapter: Any) -> Any:
    """The user data that brings an adapter to its callback; the library's destructor lets go of it."""
    handle = ffi.new_handle(adapter)
    _held[int(ffi.cast("intptr_t", handle))] = handle
    return handle


def function(name: str, handle: Any) -> tuple[Any, Any, Any]:
    """What the library is given to call: a function, its user data, and what lets go of that."""
    if not _host.is_main():
        # The library's own threads are none of a sub-interpreter's: Python would run them in the main one.
        raise Unsupported("clock, ids and log: only in the main interpreter; a sub-interpreter can have log_file")
    return ffi.addressof(lib, f"tspy_on_{name}"), handle, ffi.addressof(lib, "tspy_on_destroy")


if _host.is_main():
    # Python ends before the library's threads, and those of the host that are daemons, do.
    atexit.register(lib.tspy_shut)


@ffi.def_extern()  # type: ignore[untyped-decorator, unused-ignore]
def tspy_destroy(user_data: Any) -> None:
    _held.pop(int(ffi.cast("intptr_t", user_data)), None)


def _report(what: str, error: BaseException) -> None:
    failure = RuntimeError(f"taskstate: the host's {what} failed; see the cause")
    failure.__cause__ = error
    threading.excepthook(threading.ExceptHookArgs((RuntimeError, failure, None, threading.current_thread())))


class ClockAdapter:
    """A host's clock. While it fails, time stands still where it last was."""

    def __init__(self, now: Clock) -> None:
        self._now = now
        self._last: int | None = None

    def read(self) -> int:
        try:
            now = self._now()
            us = _records.to_us(now) if isinstance(now, datetime) else operator.index(now)
            if not -(2**63) < us < 2**63:
                raise OverflowError("a time must fit 64 bits of microseconds")
            self._last = us
        except BaseException as error:
            _report("clock", error)
        return _host.wall_us() if self._last is None else self._last


class IdsAdapter:
    """A host's ids. While it fails, they are random."""

    def __init__(self, make: Ids) -> None:
        self._make = make

    def next(self, kind: int) -> bytes:
        try:
            made = self._make(_ID_KINDS[kind])
            if not isinstance(made, uuid.UUID):
                raise TypeError(f"ids must give a uuid.UUID, not {type(made).__name__}")
            return made.bytes
        except BaseException as error:
            _report("ids", error)
            return uuid.uuid4().bytes


class LogAdapter:
    """A host's log: a callable of level and line, or a logger of the logging module."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def write(self, level: int, line: str) -> None:
        name = LEVELS.get(level, "error")
        try:
            if isinstance(self._log, logging.Logger):
                self._log.log(_LOGGING_LEVELS[name], "%s", line)
            else:
                self._log(name, line)
        except BaseException as error:
            _report("log", error)


@ffi.def_extern()  # type: ignore[untyped-decorator, unused-ignore]
def tspy_clock(user_data: Any) -> int:
    clock: ClockAdapter = ffi.from_handle(user_data)
    return clock.read()


@ffi.def_extern()  # type: ignore[untyped-decorator, unused-ignore]
def tspy_id(user_data: Any, kind: int, uuid16: Any) -> None:
    ids: IdsAdapter = ffi.from_handle(user_data)
    ffi.memmove(uuid16, ids.next(kind), 16)


@ffi.def_extern()  # type: ignore[untyped-decorator, unused-ignore]
def tspy_log(user_data: Any, level: int, line: Any, size: int) -> None:
    log: LogAdapter = ffi.from_handle(user_data)
    log.write(level, ffi.unpack(line, size).decode("utf-8", "replace"))
