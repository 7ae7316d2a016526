"""Bringing the file of an older release to this one's schema."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from . import _options
from ._arguments import Seconds, context
from ._callbacks import Log
from ._calls import direct
from ._cancel import CancelToken
from ._native import ffi, lib


class Migration(NamedTuple):
    """What migrate() did."""

    #: The schema that the file had, and has now; the same: there was nothing to do.
    from_schema: int
    to_schema: int
    #: The size of the copy beside it, ``FILE.schemaN``.
    copy_bytes: int
    #: To which the ``-wal`` grew.
    wal_bytes: int


def migrate(
    path: str | os.PathLike[str],
    *,
    timeout: Seconds | None = None,
    cancel: CancelToken | None = None,
    any_filesystem: bool = False,
    log_level: _options.LogLevel | None = None,
    log_file: str | os.PathLike[str] | None = None,
    log: Log | None = None,
) -> Migration:
    """Brings the file at ``path`` to this library's schema, in one transaction, and closes it; before that it is copied to
    ``FILE.schemaN`` beside it (N: its old schema).

    Without a ``timeout`` it takes as long as it takes; it can be cancelled until it commits. How far it is goes to the
    log, level ``"info"``; ``any_filesystem`` and the log are as for open().

    Raises Busy (also while an engine of an older release has the file open that could not go on: its process is named),
    AlreadyExists (the copy would take the place of what is no earlier state of the file), DiskFull (how much is needed),
    SchemaTooOld, SchemaTooNew, Unavailable (no such file), Cancelled, or what open() raises.
    """
    raw = _options.path_bytes(path)
    unset: dict[str, Any] = dict.fromkeys(_options.Options._fields)
    unset.update(operations=(), adopt=False, reconfigure=False)
    chosen = _options.Options(**unset)._replace(
        any_filesystem=any_filesystem, log_level=log_level, log_file=log_file, log=log
    )
    options = _options.native(chosen)
    view = ffi.new("tse_migration_view *", {"struct_size": ffi.sizeof("tse_migration_view")})
    direct(lib.tse_migrate, raw, len(raw), options, context(timeout, cancel), view)
    return Migration(view.from_schema, view.to_schema, view.copy_bytes, view.wal_bytes)
