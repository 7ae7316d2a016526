"""The exceptions: Error and one subclass for each error code of the engine."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple, Sequence


class Outcome(str, enum.Enum):
    """Whether a call that failed may have changed something all the same."""

    NOT_DONE = "not_done"  #: the change is guaranteed not applied
    UNKNOWN = "unknown"  #: the change may or may not have been applied: read to find out


class Detail(NamedTuple):
    """One field of the input that breaks its rule."""

    field: str  #: a path into the input, e.g. ``links[0].href``
    message: str  #: the rule, and the value's length or kind; never its content


class Error(Exception):
    """Why a call failed. Every exception that the engine raises is one; a subclass says which.

    ``code``: the code's name, the same in every language, e.g. ``"illegal_transition"``.
    ``outcome``: whether the change may have happened.
    ``field``: the first offending field, or None.
    ``details``: one :class:`Detail` for each offending field of invalid input.
    """

    code: str = "internal"
    outcome: Outcome
    field: str | None
    details: tuple[Detail, ...]
    _handle: Any = None  # the native error: accept() turns it into an answer

    def __init__(
        self,
        message: str,
        *,
        outcome: Outcome = Outcome.NOT_DONE,
        field: str | None = None,
        details: Sequence[Detail] = (),
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.field = field
        self.details = tuple(details)

    def __reduce__(self) -> Any:
        state = {"outcome": self.outcome, "field": self.field, "details": self.details}
        return type(self), self.args, state


class InvalidArgument(Error, ValueError):
    """A value breaks its rule; nothing was stored."""

    code = "invalid_argument"


class NotFound(Error, LookupError):
    """There is no such task."""

    code = "not_found"


class AlreadyExists(Error):
    """A task with that zone and id exists."""

    code = "already_exists"


class IllegalTransition(Error):
    """The state machine has no such move from where the task is."""

    code = "illegal_transition"


class LeaseLost(Error):
    """The lease's epoch is no longer current."""

    code = "lease_lost"


class IdempotencyMismatch(Error):
    """The same idempotency key came with other content."""

    code = "idempotency_mismatch"


class LimitExceeded(Error):
    """A configured limit is reached."""

    code = "limit_exceeded"


class Busy(Error, TimeoutError):
    """The write lock was not acquired before the deadline; guaranteed not applied."""

    code = "busy"


class Cancelled(Error):
    """The caller cancelled; guaranteed not applied."""

    code = "cancelled"


class ReadOnly(Error):
    """The file was opened read-only, or is."""

    code = "read_only"


class AccessDenied(Error, PermissionError):
    """The operating system refused access."""

    code = "access_denied"


class DiskFull(Error):
    """There is no room; the change was rolled back whole."""

    code = "disk_full"


class IoError(Error):
    """The disk failed; this engine is of no more use: ``reopen()`` it."""

    code = "io_error"


class Corrupt(Error):
    """The file is damaged."""

    code = "corrupt"


class NotATaskstateFile(Error):
    """The file is something else; it was not touched."""

    code = "not_a_taskstate_file"


class SchemaTooNew(Error):
    """The file needs a newer taskstate."""

    code = "schema_too_new"


class SchemaTooOld(Error):
    """The file is older and was not migrated."""

    code = "schema_too_old"


class Moved(Error):
    """The file was replaced or removed while it was open."""

    code = "moved"


class Forked(Error):
    """Opened before ``fork()`` with ``reopen=False`` or in memory: ``reopen()`` it in the child."""

    code = "forked"


class Closed(Error):
    """The engine was closed."""

    code = "closed"


class NoMemory(Error, MemoryError):
    """Out of memory; the engine's state is unharmed."""

    code = "no_memory"


class Unavailable(Error):
    """The file cannot be opened or reached now."""

    code = "unavailable"


class Unsupported(Error):
    """Not possible on this system or file system."""

    code = "unsupported"


class Internal(Error):
    """A defect in taskstate."""

    code = "internal"


class Restored(Error):
    """The file was restored from a copy.

    The position in the feed is of what was there before: read the tasks again. Or, once for an engine that had the file
    open: the content was replaced and the call was not done; call again. Leases and cursors from before are void.
    """

    code = "restored"


class Behind(Error):
    """The position in the feed expired: purges after it are trimmed. Read the tasks again, or allow the gap."""

    code = "behind"


class TaskFailed(Exception):
    """Raised by a worker's own code inside ``with lease:``: fails the task with a message that the client reads.

    ``message``: 1-16384 bytes of UTF-8 without NUL. ``detail``: private, for operators; the traceback unless given.
    Any other exception fails the task with "The task failed.", its text kept private.
    """

    def __init__(self, message: str, *, detail: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail

    def __reduce__(self) -> Any:
        return type(self), self.args, {"message": self.message, "detail": self.detail}


#: The exception of each error code, by the code's name.
BY_CODE: dict[str, type[Error]] = {subclass.code: subclass for subclass in Error.__subclasses__()}
