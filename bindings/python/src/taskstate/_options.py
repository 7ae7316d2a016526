"""What open() is told, and how it reaches the library."""

from __future__ import annotations

import os
from typing import Any, Iterable, Literal, Mapping, NamedTuple

from . import _callbacks, _calls, _errors
from ._arguments import Seconds, duration, encode, number
from ._native import ffi, lib

Mode = Literal["create", "read_write", "read_only"]
Completed = Literal["see_other", "ok"]
Durability = Literal["full", "relaxed"]
Migrate = Literal["auto", "manual", "refuse"]
LogLevel = Literal["trace", "debug", "info", "warn", "error", "off"]

_MODES = {name: getattr(lib, f"TSE_MODE_{name.upper()}") for name in ("create", "read_write", "read_only")}
_COMPLETED = {name: getattr(lib, f"TSE_COMPLETED_{name.upper()}") for name in ("see_other", "ok")}
_DURABILITIES: dict[Durability, int] = {"full": lib.TSE_DURABILITY_FULL, "relaxed": lib.TSE_DURABILITY_RELAXED}
#: The same by number.
DURABILITIES: dict[int, Durability] = {number: name for name, number in _DURABILITIES.items()}
_MIGRATE = {name: getattr(lib, f"TSE_MIGRATE_{name.upper()}") for name in ("auto", "manual", "refuse")}
_LOG_LEVELS = {name: number for number, name in _callbacks.LEVELS.items()}

# Setters of the options that are durations or numbers.
_DURATIONS = {
    "timeout": lib.tse_options_set_timeout,
    "housekeeping": lib.tse_options_set_housekeeping,
    "idempotency_retention": lib.tse_options_set_idempotency_retention,
    "longest_wait": lib.tse_options_set_longest_wait,
    "retention": lib.tse_options_set_retention,
    "result_retention": lib.tse_options_set_result_retention,
    "tombstones": lib.tse_options_set_tombstones,
    "feed_retention": lib.tse_options_set_feed_retention,
}
_NUMBERS = {
    "running_limit": lib.tse_options_set_running_limit,
    "pending_limit": lib.tse_options_set_pending_limit,
    "max_bytes": lib.tse_options_set_max_bytes,
    "checkpoint_bytes": lib.tse_options_set_checkpoint_bytes,
    "answer_cache_bytes": lib.tse_options_set_answer_cache_bytes,
}


class Options(NamedTuple):
    """The keywords of open(); None is the library's default, or the file's. See :func:`taskstate.open`."""

    mode: Mode | None
    reconfigure: bool
    adopt: bool
    timeout: Seconds | None
    operations: Iterable[str]
    location: str | None
    status_url: str | None
    completed: Completed | None
    retry_after: tuple[int, int] | None
    ignore_bad_request_id: bool | None
    any_filesystem: bool
    log_level: LogLevel | None
    log_file: str | os.PathLike[str] | None
    log: _callbacks.Log | None
    clock: _callbacks.Clock | None
    boot_clock: _callbacks.Clock | None
    ids: _callbacks.Ids | None
    housekeeping: Seconds | None
    running_limit: int | None
    boot_id: str | None
    pending_limit: int | None
    idempotency_retention: Seconds | None
    adopt_request_id: bool | None
    longest_wait: Seconds | None
    retention: Seconds | None
    result_retention: Seconds | None
    tombstones: Seconds | None
    feed_retention: Seconds | None
    durability: Durability | None
    max_bytes: int | None
    checkpoint_bytes: int | None
    answer_cache_bytes: int | None
    file_mode: int | None
    migrate: Migrate | None


def completed_number(completed: Completed | None) -> int:
    """The number of a policy; None: as the options say."""
    return int(lib.TSE_COMPLETED_DEFAULT) if completed is None else _choice("completed", _COMPLETED, completed)


def _choice(field: str, choices: Mapping[Any, int], value: str) -> int:
    if value not in choices:
        raise _errors.InvalidArgument(f"{field}: must be one of {', '.join(choices)}", field=field)
    return choices[value]


def _int32(value: int) -> int:
    """The number, or the nearest one that fits: both break the same rules."""
    return max(-(2**31), min(int(value), 2**31 - 1))


def path_bytes(path: str | os.PathLike[str]) -> bytes:
    """A file name's own bytes."""
    return os.fsencode(path)


def native(options: Options) -> Any:
    """A tse_options with every option set. Raises what a setter refuses."""
    out = ffi.new("tse_options **")
    _calls.direct(lib.tse_options_new, out)
    made = ffi.gc(out[0], lib.tse_options_free)

    def apply(setter: Any, *values: Any) -> None:
        _calls.direct(setter, made, *values)

    def apply_text(setter: Any, text: bytes) -> None:
        apply(setter, text, len(text))

    if options.mode is not None:
        apply(lib.tse_options_set_mode, _choice("mode", _MODES, options.mode))
    for operation in options.operations:
        apply_text(lib.tse_options_add_operation, encode("operations", operation))
    if options.location is not None:
        apply_text(lib.tse_options_set_location, encode("location", options.location))
    if options.status_url is not None:
        apply_text(lib.tse_options_set_status_url, encode("status_url", options.status_url))
    if options.completed is not None:
        apply(lib.tse_options_set_completed, completed_number(options.completed))
    if options.retry_after is not None:
        least, most = options.retry_after
        apply(lib.tse_options_set_retry_after, _int32(least), _int32(most))
    apply(lib.tse_options_set_adopt, int(options.adopt))
    apply(lib.tse_options_set_reconfigure, int(options.reconfigure))
    if options.adopt_request_id is not None:
        apply(lib.tse_options_set_adopt_request_id, int(options.adopt_request_id))
    if options.ignore_bad_request_id is not None:
        apply(lib.tse_options_set_ignore_bad_request_id, int(options.ignore_bad_request_id))
    apply(lib.tse_options_set_any_filesystem, int(options.any_filesystem))
    for name, setter in _DURATIONS.items():
        if getattr(options, name) is not None:
            apply(setter, duration(name, getattr(options, name)))
    for name, setter in _NUMBERS.items():
        if getattr(options, name) is not None:
            apply(setter, number(name, getattr(options, name)))
    if options.boot_id is not None:
        apply_text(lib.tse_options_set_boot_id, encode("boot_id", options.boot_id))
    if options.durability is not None:
        apply(lib.tse_options_set_durability, _choice("durability", _DURABILITIES, options.durability))
    if options.file_mode is not None:
        apply(lib.tse_options_set_file_mode, _int32(number("file_mode", options.file_mode)))
    if options.migrate is not None:
        apply(lib.tse_options_set_migrate, _choice("migrate", _MIGRATE, options.migrate))
    _apply_log(options, apply, apply_text)
    _apply_callbacks(options, apply)
    return made


def _apply_log(options: Options, apply: Any, apply_text: Any) -> None:
    if options.log_level is not None:
        apply(lib.tse_options_set_log_level, _choice("log_level", _LOG_LEVELS, options.log_level))
    if options.log_file is not None:
        apply_text(lib.tse_options_set_log_file, path_bytes(options.log_file))
    if options.log is not None:
        handle = _callbacks.hold(_callbacks.LogAdapter(options.log))
        apply(lib.tse_options_set_log_callback, *_callbacks.function("log", handle))


def _apply_callbacks(options: Options, apply: Any) -> None:
    if options.clock is not None:
        handle = _callbacks.hold(_callbacks.ClockAdapter(options.clock))
        apply(lib.tse_options_set_clock, *_callbacks.function("clock", handle))
    if options.boot_clock is not None:
        handle = _callbacks.hold(_callbacks.ClockAdapter(options.boot_clock))
        apply(lib.tse_options_set_boot_clock, *_callbacks.function("clock", handle))
    if options.ids is not None:
        handle = _callbacks.hold(_callbacks.IdsAdapter(options.ids))
        apply(lib.tse_options_set_ids, *_callbacks.function("id", handle))
