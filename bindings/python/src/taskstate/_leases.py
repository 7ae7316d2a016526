"""Calls that grant leases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _calls, _records
from ._arguments import Seconds, context, duration, text
from ._cancel import CancelToken
from ._lease import Grant, Heartbeat, Lease
from ._native import lib
from ._task import Task

if TYPE_CHECKING:
    from ._changes import Changes

_ABSENT = text("progress", None)


def granted(engine: Changes, function: Any, *arguments: Any) -> list[Lease]:
    """The leases that a call grants. If an interrupt comes before the caller has them, they are given back."""
    native = engine._native()
    result = _calls.take()
    try:
        _calls.require(result, function(native, *arguments, result))
        return _leases(engine, _calls.data_of(result))
    except BaseException:
        for lease in _leases(engine, _calls.data_of(result)):
            lease._release_for_stop()
        raise
    finally:
        _calls.give_back(result)


def _leases(engine: Changes, data: bytes) -> list[Lease]:
    records = _records.split(data)
    return [make(engine, Grant(record), Task(next(records))) for record in records]


def make(engine: Changes, grant: Grant, task: Task) -> Lease:
    epoch, attempt, duration_us, expires_at_us = (grant._number(index) for index in range(4))
    return Lease(engine, (grant._required(0), epoch, attempt, duration_us, expires_at_us), task)


def adopt(engine: Changes, token: str, timeout: Seconds | None, cancel: CancelToken | None) -> Lease:
    """The lease that a token names; LeaseLost if it has ended."""
    native, named, tracing = engine._native(), text("token", token), context(timeout, cancel)
    beat = Heartbeat(_calls.call(lib.tspy_heartbeat, native, *named, duration("lease", None), *_ABSENT, tracing))
    # Adding nothing changes nothing, and gives the task.
    task = engine._update(lib.TSPY_ANNOTATE, None, token, (None,) * 8, tracing)
    key = (*text("zone_id", task.zone_id), *text("id", task.id))
    whole = _calls.call(lib.tspy_get, native, *key, lib.TSE_WITH_PAYLOAD, context(timeout, cancel))
    task = Task(whole) if whole else task
    duration_us = beat._number(1) - engine._now_us()
    return Lease(engine, (token, task.epoch, task.attempt, duration_us, beat._number(1)), task)
