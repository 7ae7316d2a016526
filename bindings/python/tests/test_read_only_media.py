"""A file that was copied to where nothing can be written."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import taskstate

READ = """
import sys, taskstate
try:
    open(sys.argv[1] + ".new", "w")
except OSError:
    pass
else:
    sys.exit("the mount is not read-only")
with taskstate.open(sys.argv[1], mode="read_only") as tasks:
    assert tasks.verify().ok
    print(tasks.get("z1", "t").status.value, tasks.decide("z1", "t").status)
    try:
        tasks.create("z1", "create")
    except taskstate.ReadOnly as error:
        print(error.outcome.value)
try:
    taskstate.open(sys.argv[1])
except taskstate.ReadOnly as error:
    print(error.outcome.value)
"""
MOUNT = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'


def namespace() -> list[str] | None:
    """What gives a program mounts of its own, if anything here does."""
    for command in (["unshare", "-m"], ["unshare", "-U", "-r", "-m"]):
        if subprocess.run([*command, "true"], capture_output=True).returncode == 0:
            return command
    return None


def test_one_that_was_closed_is_whole_by_itself(path: Path, tmp_path: Path) -> None:
    with taskstate.open(path) as tasks:
        tasks.create("z1", "create", id="t")
    ship = tmp_path / "ship"
    ship.mkdir()
    shutil.copy(path, ship / "copy.db")
    command = [sys.executable, "-c", READ, str(ship / "copy.db")]
    unshare = namespace()
    if unshare is None:
        print("no mount namespace here")
        return
    done = subprocess.run([*unshare, "sh", "-c", MOUNT, str(ship), *command], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["pending", "200", "not_done", "not_done"], done.stderr
    assert [file.name for file in ship.iterdir()] == ["copy.db"]
