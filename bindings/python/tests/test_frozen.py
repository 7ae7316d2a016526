"""A host's tests that stop Python's clocks: how long a wait lasts is the system's business."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, Callable, Coroutine, Iterator

import pytest
import taskstate
import taskstate.aio
from conftest import claimed
from freezegun import freeze_time
from taskstate import _host


@pytest.fixture
def tasks(path: Path) -> Iterator[taskstate.Engine]:
    with taskstate.open(path) as engine:
        engine.create("z1", "create", id="t", max_attempts=9)
        engine.claim()
        yield engine


WAITS: dict[str, Callable[[taskstate.Engine], object]] = {
    "wait": lambda tasks: tasks.wait("z1", "t", timeout=0.2),
    "claim": lambda tasks: tasks.claim(wait=0.2),
    "claim_many": lambda tasks: tasks.claim_many(3, wait=0.2),
    "read_changes": lambda tasks: tasks.read_changes(tasks.read_changes(latest=True).position, wait=0.2),
    "changes": lambda tasks: list(tasks.changes(tasks.read_changes(latest=True).position, wait=0.2)),
}


@pytest.mark.parametrize("name", WAITS)
def test_a_wait_ends_while_the_clocks_stand_still(tasks: taskstate.Engine, name: str) -> None:
    began = _host.now()
    with freeze_time("2012-01-14"):
        WAITS[name](tasks)
    assert 0.2 <= _host.now() - began < 60


def test_a_long_poll_ends_while_the_clocks_stand_still(path: Path) -> None:
    with taskstate.open(path, longest_wait=1) as tasks:
        tasks.create("z1", "create", id="t")
        with freeze_time("2012-01-14"):
            answer = tasks.decide("z1", "t", headers={"Prefer": "wait=1"})
    assert answer.status == 200 and dict(answer.headers)["Preference-Applied"] == "wait=1"


AIO_WAITS: dict[str, Callable[[taskstate.aio.Engine], Coroutine[Any, Any, object]]] = {
    "wait": lambda tasks: tasks.wait("z1", "t", timeout=0.2),
    "claim": lambda tasks: tasks.claim(wait=0.2),
    "read_changes": lambda tasks: _at_the_end(tasks),
    "decide": lambda tasks: tasks.decide("z1", "t", headers={"Prefer": "wait=1"}),
}


async def _at_the_end(tasks: taskstate.aio.Engine) -> object:
    return await tasks.read_changes((await tasks.read_changes(latest=True)).position, wait=0.2)


@pytest.mark.parametrize("name", AIO_WAITS)
def test_a_wait_in_an_event_loop_ends_while_its_clock_stands_still(path: Path, name: str) -> None:
    async def main() -> float:
        async with await taskstate.aio.open(path, longest_wait=1) as tasks:
            await tasks.create("z1", "create", id="t")
            await tasks.claim()
            began = _host.now()
            with freeze_time("2012-01-14"):
                await AIO_WAITS[name](tasks)
            return _host.now() - began

    assert 0.2 <= asyncio.run(main()) < 60


def test_heartbeats_go_on_while_the_clocks_stand_still(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="beats")
    with freeze_time("2012-01-14"), claimed(tasks, lease=2) as lease:
        ends = {lease._expires_at_us}
        began = _host.now()
        while len(ends) < 3 and _host.now() - began < 30:
            time.sleep(0.02)
            ends.add(lease._expires_at_us)
        assert len(ends) >= 3 and not lease.lost
        lease.complete(install_id="i")


def test_an_adopted_lease_knows_how_long_it_lasts_while_the_clocks_stand_still(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="adopted")
    token = claimed(tasks, lease=60).token
    with freeze_time("2012-01-14"):
        assert 10 < tasks.lease(token)._rhythm_s() < 21


@pytest.mark.parametrize("call", [lambda t: t.wait("z1", "t", timeout=float("nan")),
                                  lambda t: t.claim(wait=float("nan")),
                                  lambda t: t.claim(lease=float("nan")),
                                  lambda t: t.get("z1", "t", timeout=float("nan")),
                                  lambda t: t.purge(float("nan")),
                                  lambda t: t.create("z1", "create", start_within=float("nan"))])  # fmt: skip
def test_a_time_that_is_no_number_is_called_so(tasks: taskstate.Engine, call: Callable[[Any], object]) -> None:
    with pytest.raises(taskstate.InvalidArgument, match=r"^\w+: must be a finite number of seconds") as caught:
        call(tasks)
    assert caught.value.field and "negative" not in str(caught.value)


def test_an_option_that_is_no_number_is_called_so(path: Path) -> None:
    with pytest.raises(taskstate.InvalidArgument, match="^retention: must be a finite number"):
        taskstate.open(path, retention=float("nan"))
