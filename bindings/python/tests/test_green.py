"""gevent and eventlet, which put greenlets in the place of Python's threads. Each runs in a process of its own, since what
they replace stays replaced."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PATCHES = {
    "gevent": "from gevent import monkey; monkey.patch_all(); from gevent import sleep, spawn",
    "eventlet": "import warnings; warnings.simplefilter('ignore')\n"
    "import eventlet; eventlet.monkey_patch(); from eventlet import sleep, spawn",
}


def green(kind: str, before: bool, body: str, path: Path) -> str:
    """What the body prints. before: the patches come before taskstate is imported."""
    lines = [PATCHES[kind], "import taskstate"] if before else ["import taskstate", PATCHES[kind]]
    head = f"import time\n{chr(10).join(lines)}\nfrom taskstate import _host\ntasks = taskstate.open({str(path)!r})\n"
    done = subprocess.run([sys.executable, "-c", head + body], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(params=["gevent", "eventlet"])
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.mark.parametrize("before", [True, False])
def test_waits_end_in_time_and_with_a_change(kind: str, before: bool, path: Path) -> None:
    body = """
tasks.create("z1", "create", id="t")
task = tasks.wait("z1", "t", timeout=0.2)
print(task.status)
print(tasks.claim(zones="none", wait=0.2))
def finish():
    tasks.start("z1", "t")
    tasks.complete("z1", "t", install_id="i")
spawn(finish)
print(tasks.wait("z1", "t", timeout=60).status)
print(tasks.decide("z1", "t").status)
"""
    assert green(kind, before, body, path).split() == ["Status.PENDING", "None", "Status.COMPLETED", "303"]


@pytest.mark.parametrize("where", ["main", "other"])
def test_other_greenlets_work_while_one_waits(kind: str, where: str, path: Path) -> None:
    body = f"""
tasks.create("z1", "create", id="t")
turns = []
def turn():
    for _ in range(10):
        turns.append(1)
        sleep(0.02)
def wait():
    before = len(turns)
    tasks.wait("z1", "t", timeout=1)
    print(len(turns) - before >= 5)
spawn(turn)
if {where == "main"}:
    wait()
else:
    waiting = spawn(wait)
    getattr(waiting, "wait" if {kind == "eventlet"} else "join")()
"""
    assert green(kind, True, body, path) == "True"


def test_heartbeats_go_on_while_a_greenlet_computes(kind: str, path: Path) -> None:
    body = """
tasks.create("z1", "create", id="t")
with tasks.claim(lease=2) as lease:
    ends = set()
    began = _host.now()
    while len(ends) < 3 and _host.now() - began < 30:
        ends.add(lease._expires_at_us)  # never gives way to another greenlet
    print(len(ends), lease.lost)
    lease.complete(install_id="i")
"""
    assert green(kind, True, body, path) == "3 False"


def test_the_loop_of_a_worker(kind: str, path: Path) -> None:
    body = """
work = tasks.work("w1", lease=30)
def create():
    for number in range(3):
        tasks.create("z1", "create", id=str(number))
        sleep(0.01)
    sleep(0.1)
    work.stop()
spawn(create)
for lease in work:
    with lease:
        lease.complete(install_id="i")
print([str(tasks.get("z1", str(number)).status) for number in range(3)])
"""
    assert green(kind, True, body, path).count("COMPLETED") == 3
