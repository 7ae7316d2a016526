"""Python's values as the C helpers take them: a text is a pointer and a size, absent ones a NULL."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Iterable, Mapping, Union

from . import _records
from ._calls import call
from ._cancel import CancelToken
from ._errors import Error, InvalidArgument
from ._native import ffi, lib
from ._statements import Also, carry, statements
from ._task import STATUS_NUMBERS, Status, Task

#: Links or warnings: what their JSON holds as Python lists and dicts, or the JSON text itself.
Json = Union[str, Iterable[Any], None]
#: What may be a status filter.
Statuses = Union[Status, str, Iterable[Union[Status, str]], None]

#: A duration.
Seconds = Union[int, float, timedelta]

_LONGEST_US = 2**62
_ABSENT = (ffi.NULL, 0)
_NO_TASK = _ABSENT * 2
_NONE: int = lib.TSE_NONE


def encode(field: str, value: str) -> bytes:
    """UTF-8. What cannot be encoded goes on as it is: the library refuses it, and says so in its own words."""
    if not isinstance(value, str):
        raise TypeError(f"{field}: must be a str, not {type(value).__name__}")
    return value.encode("utf-8", "surrogatepass")


def text(field: str, value: str | None) -> tuple[Any, int]:
    if value is None:
        return _ABSENT
    data = encode(field, value)
    return data, len(data)


def octets(field: str, value: bytes | bytearray | memoryview | None) -> tuple[Any, int]:
    if value is None:
        return _ABSENT
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"{field}: must be bytes, not {type(value).__name__}")
    data = bytes(value)
    return data, len(data)


def array(field: str, value: Json) -> tuple[Any, int]:
    if value is None or isinstance(value, str):
        return text(field, value)
    if isinstance(value, Mapping):
        raise TypeError(f"{field}: must be a list of dicts or a JSON array, not {type(value).__name__}")
    return text(field, json.dumps(list(value), ensure_ascii=False, separators=(",", ":")))


def number(field: str, value: int | None) -> int:
    if value is None:
        return _NONE
    if not isinstance(value, int):
        raise TypeError(f"{field}: must be an int, not {type(value).__name__}")
    # Beyond 64 bits is beyond every rule; TSE_NONE itself means absent.
    return max(_NONE + 1, min(value, 2**63 - 1))


def time(field: str, value: datetime | int | None) -> int:
    return number(field, _records.to_us(value) if isinstance(value, datetime) else value)


def new_task(
    zone_id: str,
    operation: str,
    id: str | None,
    install_id: str | None,
    package_id: str | None,
    package_slug: str | None,
    package_version: int | None,
    links: Json,
    warnings: Json,
    payload: bytes | bytearray | memoryview | None,
    not_before: datetime | int | None,
    start_within: Seconds | None,
    max_attempts: int,
    idempotency_key: str | None,
    retry_of: str | None,
    priority: int,
    ref: str | None,
) -> tuple[Any, ...]:
    """What tspy_create() takes between the batch and the call."""
    return (
        *text("zone_id", zone_id),
        *text("id", id),
        *text("operation", operation),
        *text("install_id", install_id),
        *text("package_id", package_id),
        *text("package_slug", package_slug),
        number("package_version", package_version),
        *array("links", links),
        *array("warnings", warnings),
        *octets("payload", payload),
        time("not_before", not_before),
        duration("start_within", start_within),
        number("max_attempts", max_attempts),
        *text("idempotency_key", idempotency_key),
        *text("retry_of", retry_of),
        number("priority", priority),
        *text("ref", ref),
    )


def change(
    kind: int,
    key: tuple[str, str] | None,
    token: str | None,
    update: tuple[Any, ...],
    stored: tuple[Any, ...] = (None, None),
) -> tuple[Any, ...]:
    """What tspy_update() takes between the batch and the call: annotate(), complete() or fail(), by key or by the
    token of a lease. ``stored``: a result and its media type."""
    install_id, package_id, package_slug, package_version, links, warnings, error_message, error_detail = update
    zone_id, id = key or (None, None)
    return (
        kind,
        *text("zone_id", zone_id),
        *text("id", id),
        *text("token", token),
        *text("install_id", install_id),
        *text("package_id", package_id),
        *text("package_slug", package_slug),
        number("package_version", package_version),
        *array("links", links),
        *array("warnings", warnings),
        *text("error_message", error_message),
        *text("error_detail", error_detail),
        *octets("result", stored[0]),
        *text("media_type", stored[1]),
    )


def names(field: str, value: str | Iterable[str] | None) -> tuple[Any, int]:
    """One name or several, as one text. None means all of them, and only None does."""
    if value is None:
        return _ABSENT
    several = [value] if isinstance(value, str) else list(value)
    if not all(several) or not several or any("," in name for name in several):
        raise InvalidArgument(f"{field}: must be one or several names, none of them empty or with a comma", field=field)
    return text(field, ",".join(several))


def link(field: str, value: Mapping[str, Any] | str | None) -> tuple[Any, int]:
    if value is None or isinstance(value, str):
        return text(field, value)
    return text(field, json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def context(
    timeout: Seconds | None,
    cancel: CancelToken | None,
    request_id: str | None = None,
    traceparent: str | None = None,
    actor: str | None = None,
    also: Also = (),
) -> Any:
    """What goes with a call beside its arguments: a tse_call; NULL for one that says nothing of its own."""
    given = statements(also)
    if not given and all(value is None for value in (timeout, cancel, request_id, traceparent, actor)):
        return ffi.NULL
    if cancel is not None and not isinstance(cancel, CancelToken):
        raise TypeError(f"cancel: must be a taskstate.CancelToken, not {type(cancel).__name__}")
    out = ffi.new("tse_call **")
    call(
        lib.tspy_make_call,
        duration("timeout", timeout),
        ffi.NULL if cancel is None else cancel._native,
        *text("request_id", request_id),
        *text("traceparent", traceparent),
        *text("actor", actor),
        out,
    )
    made = ffi.gc(out[0], lib.tse_call_free)
    if given:
        carry(made, given)
    return made


def duration(field: str, value: Seconds | None) -> int:
    """Seconds or a timedelta as microseconds, the end of time at most; None: the default."""
    if value is None:
        return _NONE
    length = _length(field, value)
    return int(max(-_LONGEST_US, min(length * 1_000_000, _LONGEST_US)))


def seconds(field: str, value: Seconds) -> float:
    """A duration that Python itself waits for."""
    wait = float(_length(field, value))
    if wait < 0:
        raise InvalidArgument(f"{field}: must not be negative, is {wait:g} s", field=field)
    return wait


def _length(field: str, value: Seconds) -> float:
    length = value.total_seconds() if isinstance(value, timedelta) else value
    if length != length:
        raise InvalidArgument(f"{field}: must be a finite number of seconds or math.inf, not NaN", field=field)
    return length


def status_mask(status: Statuses) -> int:
    if status is None:
        return 0
    wanted: Iterable[Status | str] = [status] if isinstance(status, str) else status
    mask = 0
    for one in wanted:
        mask |= 1 << STATUS_NUMBERS[Status(one)]
    return mask


def acceptable(outcome: Task | Error) -> tuple[Any, ...]:
    """What accept() can answer: a task's zone and wire form, or a native error."""
    if isinstance(outcome, Task):
        return (*text("zone_id", outcome.zone_id), *octets("json", outcome.json), ffi.NULL)
    if not isinstance(outcome, Error):
        raise TypeError(f"outcome: must be a Task or a taskstate.Error, not {type(outcome).__name__}")
    if outcome._handle is None:
        raise ValueError("outcome: must be the exception that a call raised, not one made by hand or unpickled")
    return (*_NO_TASK, outcome._handle)
