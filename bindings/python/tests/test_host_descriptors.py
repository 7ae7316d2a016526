"""What a host does with descriptors: it is started without 0, 1 and 2, or closes all others and opens files of its own.

The number of a descriptor is not the file: nothing that the host writes comes into the database's files, and nothing of
the database's into the host's.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import taskstate

WORDS = b"a warning of some library\n"

SERVICE = f"""
import contextlib, os, sys, taskstate
def mutter():
    for standard in (0, 1, 2):
        with contextlib.suppress(OSError):  # it is open for reading only
            os.write(standard, {WORDS!r} * 1000)
mutter()
with taskstate.open(sys.argv[1]) as tasks:
    mutter()
    tasks.create("z1", "create", id="t")
    mutter()
    with tasks.claim() as lease:
        mutter()
        lease.complete(install_id="ins_1")
    mutter()
    tasks.backup(sys.argv[1] + ".copy")
    mutter()
mutter()
"""


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"])
def test_a_service_that_was_started_without_them(path: Path, closed: str) -> None:
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-c", SERVICE, str(path)]
    null = subprocess.DEVNULL
    assert subprocess.run(shell, stdin=null, stdout=null, stderr=null, timeout=60).returncode == 0
    for file in path.parent.iterdir():
        assert WORDS not in file.read_bytes(), file
    for file in (path, Path(f"{path}.copy")):
        with taskstate.open(file) as tasks:
            assert tasks.verify().ok
            task = tasks.get("z1", "t")
            assert task is not None and task.install_id == "ins_1"


HOST = """
import os, pathlib, sys, taskstate
path, mode, logs = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
def refused(call):
    try:
        call()
    except taskstate.Error as error:
        assert "open the file anew" in str(error) or mode == error.code == "read_only", error
        assert error.outcome == "not_done", error
    else:
        sys.exit("it was done")
tasks = taskstate.open(path, mode=mode, log_level="off")
tasks.get("z1", "t")
os.closerange(3, 200)
for number in range(60):
    os.write(os.open(logs / str(number), os.O_RDWR | os.O_CREAT), b"a line")
for each in range(2):
    refused(lambda: tasks.create("z1", "create", id="after", payload=b"p" * 10_000))
    refused(lambda: tasks.get("z1", "t"))
    refused(lambda: tasks.list("z1"))
    refused(lambda: tasks.verify())
    assert tasks.decide("z1", "t").status == 500
tasks.close()
for descriptor in range(3, 63):
    os.fstat(descriptor)  # each is still open
with taskstate.open(path) as again:
    again.complete("z1", again.start("z1", "t").id, install_id="ins_1")
"""


@pytest.mark.parametrize("mode", ["read_write", "read_only"])
def test_all_others_are_closed_under_an_open_engine(path: Path, tmp_path: Path, mode: str) -> None:
    with taskstate.open(path) as tasks:
        tasks.create("z1", "create", id="t")
    logs = tmp_path / "logs"
    logs.mkdir()
    subprocess.run([sys.executable, "-c", HOST, str(path), mode, str(logs)], check=True, timeout=60)
    assert {log.read_bytes() for log in logs.iterdir()} == {b"a line"}
    with taskstate.open(path) as tasks:
        assert tasks.verify().ok
        assert [task.install_id for task in tasks.list("z1")] == ["ins_1"]


OTHER = """
import os, sys, taskstate
path, other = sys.argv[1:]
tasks = taskstate.open(path, log_level="off")
tasks.get("z1", "t")
os.closerange(3, 200)
others = [taskstate.open(other) for each in range(4)]
for each in others:
    each.list("z1")
for call in (lambda: tasks.get("z1", "t"), lambda: tasks.list("z1"), lambda: tasks.create("z1", "create", id="x")):
    try:
        sys.exit(f"it was done: {call()}")
    except taskstate.Error as error:
        assert "open the file anew" in str(error), error
assert tasks.decide("z1", "t").status == 500
tasks.close()
for each in others:
    each.start("z1", each.create("z1", "create").id)
"""


def test_another_database_in_their_place_is_not_taken_for_the_first(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    for file in (path, other):
        with taskstate.open(file) as tasks:
            tasks.create("z1", "create", id="t", package_slug=file.name)
    subprocess.run([sys.executable, "-c", OTHER, str(path), str(other)], check=True, timeout=60)
    for file, count in ((path, 1), (other, 5)):
        with taskstate.open(file) as tasks:
            assert tasks.verify().ok
            assert len(tasks.list("z1")) == count
            task = tasks.get("z1", "t")
            assert task is not None and task.package_slug == file.name
