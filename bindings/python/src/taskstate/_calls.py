"""Calls into the library: their results and errors."""

from __future__ import annotations

from typing import Any

from . import _records
from ._errors import BY_CODE, Detail, Error, NoMemory, Outcome
from ._native import ffi, lib

_OUTCOMES = {lib.TSE_NOT_DONE: Outcome.NOT_DONE, lib.TSE_UNKNOWN: Outcome.UNKNOWN}

# Results that no call is using. A list's pop() and append() are atomic.
_idle: list[Any] = []


class _ErrorHead(_records.Record):
    __slots__ = ()
    _numbers = 2
    _layout = _records.layout(2, 2)


class _ErrorDetail(_records.Record):
    __slots__ = ()
    _numbers = 0
    _layout = _records.layout(0, 2)


def call(function: Any, *arguments: Any) -> bytes:
    """One call of a helper: the records it gave. Raises its error."""
    result = take()
    try:
        require(result, function(*arguments, result))
        return data_of(result)
    finally:
        give_back(result)


def require(result: Any, code: int) -> None:
    """Raises what the call that filled the result left in it if its code says that it failed."""
    if code != lib.TSE_OK:
        error = result.error
        result.error = ffi.NULL
        raise exception(error)


def data_of(result: Any) -> bytes:
    """The records in a result."""
    data: bytes = ffi.unpack(result.data, result.size) if result.size else b""
    return data


def direct(function: Any, *arguments: Any) -> None:
    """One call of the library itself. Raises its error."""
    error = ffi.new("tse_error **")
    if function(*arguments, error) != lib.TSE_OK:
        raise exception(error[0])


def take() -> Any:
    """A result that no call is using."""
    try:
        return _idle.pop()
    except IndexError:
        pass
    made = lib.tspy_result_new()
    if not made:
        raise NoMemory("no memory for a call")
    return ffi.gc(made, lib.tspy_result_free)


def give_back(result: Any) -> None:
    """The result may be used by another call."""
    _idle.append(result)


def exception(error: Any) -> Error:
    """The exception for a native error, which it takes over."""
    if not error:
        # The call itself may well have succeeded: only its result could not be copied.
        return NoMemory("no memory for a call's result", outcome=Outcome.UNKNOWN)
    handle = ffi.gc(error, lib.tse_error_free)
    result = take()
    if lib.tspy_read_error(handle, result) != lib.TSE_OK:
        return NoMemory("no memory for a call's error", outcome=Outcome.UNKNOWN)
    data = data_of(result)
    give_back(result)
    records = _records.split(data)
    head = _ErrorHead(next(records))
    details = [_ErrorDetail(record) for record in records]
    name: str = ffi.string(lib.tse_code_name(head._number(0))).decode()
    made = BY_CODE[name](
        head._required(1),
        outcome=_OUTCOMES[head._number(1)],
        field=head._text(0),
        details=[Detail(detail._required(0), detail._required(1)) for detail in details],
    )
    made._handle = handle
    return made
