"""What must be made again in a forked child."""

from __future__ import annotations

import os
import threading

_lock = threading.Lock()


def lock() -> threading.Lock:
    """Serialises what happens once in a process. In a child it is free, whoever held it at the fork."""
    return _lock


def _renew() -> None:
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_renew)
