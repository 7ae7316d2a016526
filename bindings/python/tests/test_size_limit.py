"""A limit on the size of files (ulimit -f) is a full disk: not done, reads go on, and it works again without it."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import pytest
import taskstate

from conftest import in_child


@pytest.mark.parametrize("size", [5_000, 300_000])
def test_a_file_that_may_not_grow(path: Path, size: int) -> None:
    def host() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # which ends the process
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        with taskstate.open(path, log_level="off") as tasks:
            tasks.create("z1", "create", id="before")
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
            with pytest.raises(taskstate.DiskFull) as full:
                for number in range(1000):
                    tasks.create("z1", "create", id=f"t{number}", payload=b"p" * size)
            assert full.value.outcome == "not_done"
            assert tasks.get("z1", "before") is not None and tasks.get("z1", f"t{number}") is None
            assert tasks.decide("z1", "before").status == 200
            with pytest.raises(taskstate.DiskFull):
                tasks.create("z1", "create", payload=b"p" * 900_000)
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            tasks.create("z1", "create", id="room", payload=b"p" * 900_000)

    assert in_child(host) == 0
    with taskstate.open(path) as tasks:
        assert tasks.verify().ok
        assert tasks.get("z1", "before") is not None and tasks.get("z1", "room") is not None
