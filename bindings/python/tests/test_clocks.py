"""Clocks: a wall clock that leaps, leases on clocks that cannot be compared, what falls due, callbacks that raise."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import taskstate
from taskstate import aio

HOUR = 3600 * 1_000_000
DAY = 24 * HOUR
LONG_ENOUGH = 120  # s: however slow the machine is


class Clocks:
    """The wall clock, which leaps, and the boot clock, which does not."""

    def __init__(self) -> None:
        self.wall = 0  # 1970: a machine without a clock battery
        self.boot = HOUR

    def open(self, path: Path | str, **options: object) -> taskstate.Engine:
        return taskstate.open(path, clock=lambda: self.wall, boot_clock=lambda: self.boot, **options)

    def leap(self) -> None:
        self.wall += 50 * 365 * DAY


def ended(tasks: taskstate.Engine, id: str) -> None:
    tasks.create("z1", "create", id=id)
    tasks.start("z1", id)
    tasks.complete("z1", id, install_id="ins_1")


def test_nothing_expires_with_a_leap_until_the_host_says_so(tmp_path: Path) -> None:
    clocks = Clocks()
    with clocks.open(tmp_path / "tasks.db", retention=3600 * 24) as tasks:
        ended(tasks, "t1")
        kept = tasks.create("z1", "create", idempotency_key="k")
        assert not tasks.stats().expiry_paused
        clocks.leap()
        assert tasks.tick() == 0
        stats = tasks.stats()
        assert stats.expiry_paused and "taskstate_expiry_paused 1\n" in stats.openmetrics
        assert tasks.create("z1", "create", idempotency_key="k").id == kept.id
        with clocks.open(tmp_path / "tasks.db") as later:
            assert later.stats().expiry_paused
        tasks.clock_ok()
        assert not tasks.stats().expiry_paused
        assert tasks.tick() == 1
        assert tasks.get("z1", "t1") is None


def test_a_day_of_boot_time_is_enough() -> None:
    clocks = Clocks()
    with clocks.open(":memory:", retention=3600 * 24) as tasks:
        ended(tasks, "t1")
        clocks.leap()
        assert tasks.tick() == 0
        clocks.wall, clocks.boot = clocks.wall + DAY, clocks.boot + DAY
        assert tasks.tick() == 1


def test_the_clock_can_be_called_right_with_asyncio(tmp_path: Path) -> None:
    clocks = Clocks()

    async def run() -> None:
        async with await aio.open(
            tmp_path / "tasks.db", clock=lambda: clocks.wall, boot_clock=lambda: clocks.boot
        ) as tasks:
            assert not (await tasks.stats()).expiry_paused
            clocks.leap()
            assert (await tasks.stats()).expiry_paused
            await tasks.clock_ok()
            assert not (await tasks.stats()).expiry_paused

    asyncio.run(run())


OBSERVER = """
import sys, taskstate
with taskstate.open(sys.argv[1], housekeeping=0, boot_id=sys.argv[2]) as tasks:
    print(tasks.tick(), tasks.stats().leases_incomparable, tasks.stats().lease_clocks_incomparable)
"""


def observe(path: Path, boot_id: str) -> str:
    command = [sys.executable, "-c", OBSERVER, str(path), boot_id]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_an_observer_of_another_boot_ends_no_living_lease(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    with taskstate.open(path, housekeeping=0, boot_id="boot-1") as tasks:
        tasks.create("z1", "create", id="t1")
        lease = tasks.claim("w1", lease=600)
        assert lease is not None
        assert observe(path, "boot-2") == "0 1 1"
        lease.heartbeat()
    assert observe(path, "boot-2") == "1 0 0"


def test_a_task_can_be_claimed_when_its_not_before_comes(tmp_path: Path) -> None:
    with taskstate.open(tmp_path / "tasks.db", housekeeping=3600) as tasks:
        time.sleep(0.05)  # the first round is over; the next is an hour away
        due = datetime.now(timezone.utc) + timedelta(seconds=0.2)
        tasks.create("z1", "create", id="t1", not_before=due)
        lease = tasks.claim("w1", wait=LONG_ENOUGH)
        assert lease is not None and datetime.now(timezone.utc) >= due
        lease.complete(install_id="ins_1")


@pytest.mark.parametrize("mode", ["read_write", "read_only"])
def test_whoever_waits_is_woken_by_others(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "tasks.db"
    with taskstate.open(path) as writer:
        writer.create("z1", "create", id="t1")
        with taskstate.open(path, mode=mode) as reader:  # type: ignore[arg-type]
            threading.Timer(0.2, writer.start, ("z1", "t1")).start()
            task = reader.wait("z1", "t1", 1, timeout=LONG_ENOUGH)
            assert task is not None and task.status == "running"


def test_a_clock_that_raises_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[object] = []
    monkeypatch.setattr(threading, "excepthook", said.append)
    raises = False

    def clock() -> int:
        if raises:
            raise RuntimeError("no time")
        return 1_577_470_279_117_000

    with taskstate.open(tmp_path / "tasks.db", clock=clock, housekeeping=0.01) as tasks:
        first = tasks.create("z1", "create", id="t1")
        raises = True
        time.sleep(0.1)
        assert tasks.create("z1", "create", id="t2").created_at == first.created_at
        assert tasks.decide("z1", "t1").status == 200
        assert tasks.decide("z1", "none").status == 404
    assert said
