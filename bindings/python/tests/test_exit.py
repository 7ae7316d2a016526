"""The interpreter's end while threads are inside the library, or the library inside the host's callbacks. TSE_EXITS: how
many processes end in each test."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import taskstate
from conftest import campaigns

EXITS = int(os.environ.get("TSE_EXITS", "12"))

BUSY = """
import itertools, os, sys, threading, time, uuid
import taskstate
path, how, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
def log(level, line):
    for _ in range(50):
        sum(range(100))
def clock():
    sum(range(200))
    return time.time_ns() // 1000
options = dict(log=log, log_level="trace", clock=clock, ids=lambda kind: uuid.uuid4(), housekeeping=0.01)
tasks = taskstate.open(path, **(options if number % 2 else {}))
try:
    tasks.create("z1", "create", id="t")
except taskstate.AlreadyExists:
    pass
def hold():
    with tasks.claim(lease=0.3) or tasks.start("z1", tasks.create("z1", "create").id, lease=0.3):
        time.sleep(60)
calls = [
    lambda: tasks.create("z1", "create"), lambda: tasks.list("z1"), lambda: tasks.read_changes(),
    lambda: tasks.history("z1", "t"), lambda: tasks.tick(), lambda: tasks.purge(1),
    lambda: tasks.decide("z1", "t"), lambda: tasks.wait("z1", "t", timeout=5), lambda: tasks.claim(wait=5), hold,
]
def work(first):
    for call in itertools.cycle(calls[first:] + calls[:first]):
        try:
            call()
        except taskstate.Error:
            pass
for first in range(len(calls)):
    threading.Thread(target=work, args=(first,), daemon=True).start()
time.sleep(0.02 + number % 7 * 0.03)
if how == "exit":
    sys.exit(0)
if how == "_exit":
    os._exit(0)
if how == "raise":
    raise SystemExit
"""


def ends(path: Path, how: str, number: int) -> str:
    """What was wrong with the end of one process."""
    done = subprocess.run([sys.executable, "-c", BUSY, str(path), how, str(number)], capture_output=True, text=True, timeout=120)
    return "" if done.returncode == 0 and not done.stderr else f"{how} {number}: {done.returncode}: {done.stderr}"


@pytest.mark.parametrize("how", ["exit", "return", "_exit", "raise"])
def test_daemon_threads_are_at_work(path: Path, how: str) -> None:
    with ThreadPoolExecutor(2) as several:
        wrong = list(filter(None, several.map(lambda number: ends(path, how, number), range(EXITS))))
    campaigns.append(f"measured: {EXITS} interpreters ended with busy threads by {how}")
    assert not wrong, wrong[0]
    with taskstate.open(path) as tasks:
        assert tasks.verify().ok


@pytest.mark.parametrize("order", ["before", "after"])
def test_handlers_call_after_all_else(path: Path, order: str) -> None:
    register = "import atexit\n@atexit.register\ndef bye():\n    print(tasks.decide('z1', 't').status in (200, 503))\n"
    opened = f"import taskstate\ntasks = taskstate.open({str(path)!r})\ntasks.create('z1', 'create', id='t')\n"
    script = register + opened if order == "before" else opened + register
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


def test_objects_of_modules_call_while_they_are_taken_down(path: Path) -> None:
    script = f"""
import sys, taskstate
class Late:
    def __init__(self):
        self.tasks = taskstate.open({str(path)!r}, clock=lambda: 1_600_000_000_000_000, log=print)
        self.decide, self.closed = self.tasks.decide, taskstate.Closed
    def __del__(self):
        try:
            self.tasks.create("z1", "create")
        except self.closed:
            pass
        self.decide("z1", "t")
sys.late = Late()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_lease_in_a_thread_that_is_no_daemon_is_kept_alive_until_it_ends(path: Path) -> None:
    script = f"""
import threading, time, taskstate
tasks = taskstate.open({str(path)!r})
tasks.create("z1", "create", id="t")
def work():
    with tasks.claim(lease=2) as lease:
        time.sleep(2.5)
        lease.complete(install_id="i")
threading.Thread(target=work).start()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    with taskstate.open(path) as tasks:
        task = tasks.get("z1", "t")
        assert task is not None and task.status == "completed"
