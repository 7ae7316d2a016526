"""A task as the engine gives it."""

from __future__ import annotations

import enum
import json
from datetime import datetime
from decimal import Decimal
from typing import Any, Union

from . import _records
from ._native import ffi, lib


class Status(str, enum.Enum):
    """Where a task is. Equal to its text on the wire: ``task.status == "completed"``."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


STATUSES = {number: Status(ffi.string(lib.tse_status_name(number)).decode()) for number in range(len(Status))}
STATUS_NUMBERS = {status: number for number, status in STATUSES.items()}


def can_transition(a: Union[Status, str], b: Union[Status, str]) -> bool:
    """Whether a task may move from status a to status b. ValueError for a text that is no status."""
    return bool(lib.tse_can_transition(STATUS_NUMBERS[Status(a)], STATUS_NUMBERS[Status(b)]))


def _integer(text: str) -> Union[int, Decimal]:
    # Python refuses to make an int of more than 4300 digits; JSON has no such limit.
    return int(text) if len(text) <= 4000 else Decimal(text)


def _array(text: str | None) -> list[dict[str, Any]]:
    value: list[dict[str, Any]] = [] if text is None else json.loads(text, parse_int=_integer)
    return value


class Task(_records.Record):
    """A task as it was when a call gave it. Immutable, hashable, comparable, picklable.

    Times are aware datetimes in UTC; the ``_us`` fields are the same in microseconds since 1970.
    """

    __slots__ = ()
    _numbers = 13
    _layout = _records.layout(13, 18)

    @property
    def zone_id(self) -> str | None:
        """The zone; None for a task of :func:`parse_task`, since the wire form has none."""
        return self._text(0)

    @property
    def id(self) -> str:
        """The id, unique in its zone."""
        return self._required(1)

    @property
    def created_at(self) -> datetime:
        """When it was created."""
        return _records.to_datetime(self._number(0))

    @property
    def created_at_us(self) -> int:
        """When it was created, microseconds since 1970."""
        return self._number(0)

    @property
    def operation(self) -> str:
        """``create``, ``delete``, or one that the host allowed at open."""
        return self._required(2)

    @property
    def status(self) -> Status:
        """Where it is."""
        return STATUSES[self._number(2)]

    @property
    def updated_at(self) -> datetime:
        """When it last changed; never before created_at."""
        return _records.to_datetime(self._number(1))

    @property
    def updated_at_us(self) -> int:
        """When it last changed, microseconds since 1970."""
        return self._number(1)

    @property
    def error_message(self) -> str | None:
        """What the client may read; present exactly when failed."""
        return self._text(3)

    @property
    def install_id(self) -> str | None:
        """The install that a completed task leads to, unless a link ``rel="result"`` says otherwise."""
        return self._text(4)

    @property
    def links(self) -> list[dict[str, Any]]:
        """The links, parsed again at each access, so change the list as you like.

        Integers come as int, other numbers as float; ``links_json`` and ``json`` keep their spelling.
        """
        return _array(self._text(5))

    @property
    def links_json(self) -> str | None:
        """The links as a JSON array, numbers spelled as they came; None if there are none."""
        return self._text(5)

    @property
    def package_id(self) -> str | None:
        """The package."""
        return self._text(6)

    @property
    def package_slug(self) -> str | None:
        """The package's readable name."""
        return self._text(7)

    @property
    def package_version(self) -> int | None:
        """0 ... 2^53-1, or None."""
        return self._optional_number(3)

    @property
    def warnings(self) -> list[dict[str, Any]]:
        """The warnings, parsed again at each access."""
        return _array(self._text(8))

    @property
    def warnings_json(self) -> str | None:
        """The warnings as a JSON array; None if there are none."""
        return self._text(8)

    @property
    def json(self) -> bytes:
        """The wire form, byte for byte what an answer's body holds."""
        return self._bytes(9) or b""

    @property
    def revision(self) -> int:
        """1 and up; grows by one with each change that the wire shows. 0 after :func:`parse_task`."""
        return self._number(4)

    @property
    def error_detail(self) -> str | None:
        """Why it failed, for operators; never on the wire."""
        return self._text(10)

    @property
    def failure_kind(self) -> str | None:
        """``failed``, ``cancelled``, ``expired`` or ``lost``; None unless failed. Never on the wire."""
        return self._text(11)

    @property
    def client_request_id(self) -> str | None:
        """The request id that create() was given. Never on the wire."""
        return self._text(12)

    @property
    def traceparent(self) -> str | None:
        """The traceparent that create() was given. Never on the wire."""
        return self._text(13)

    @property
    def payload(self) -> bytes | None:
        """What create() was given for the worker; None unless claimed, or get() was asked for it. Never on the wire."""
        return self._bytes(14)

    @property
    def worker(self) -> str | None:
        """Who holds the lease; None if nobody does. Never on the wire, as all that follows."""
        return self._text(15)

    @property
    def epoch(self) -> int:
        """Of the latest lease; 0: never leased."""
        return self._number(5)

    @property
    def attempt(self) -> int:
        """How often the task was started: 0 while it never was."""
        return self._number(6)

    @property
    def max_attempts(self) -> int:
        """How often it may be."""
        return self._number(7)

    @property
    def not_before(self) -> datetime | None:
        """claim() passes over the task until then."""
        return _records.to_optional_datetime(self.not_before_us)

    @property
    def not_before_us(self) -> int | None:
        """The same in microseconds since 1970."""
        return self._optional_number(8)

    @property
    def start_by(self) -> datetime | None:
        """The task fails if nobody has started it by then."""
        return _records.to_optional_datetime(self.start_by_us)

    @property
    def start_by_us(self) -> int | None:
        """The same in microseconds since 1970."""
        return self._optional_number(9)

    @property
    def priority(self) -> int:
        """-100 ... 100; claim() takes higher ones first."""
        return self._number(12)

    @property
    def ref(self) -> str | None:
        """What the host calls it."""
        return self._text(16)

    @property
    def result_media_type(self) -> str | None:
        """Of the result that its completion stored, also once the bytes are dropped; None if it stored none."""
        return self._text(17)

    @property
    def cancel_requested(self) -> bool:
        """cancel() asked its worker to stop."""
        return bool(self._number(10))

    @property
    def replayed(self) -> bool:
        """create() found it by its idempotency key, and made nothing."""
        return bool(self._number(11))

    def __repr__(self) -> str:
        return (
            f"<Task {self.id!r} zone_id={self.zone_id!r} operation={self.operation!r} "
            f"status={self.status.value!r} revision={self.revision}>"
        )


def has_moved(task: Task | None, revision: int | None) -> bool:
    """Whether who waits for it to move past the revision, or to end, has waited long enough."""
    if task is None or task.status in (Status.COMPLETED, Status.FAILED):
        return True
    return revision is not None and task.revision > revision
