"""No descriptor is left."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
import taskstate
import taskstate.aio


@contextlib.contextmanager
def none_left() -> Iterator[None]:
    """Takes all that are left."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
    taken = []
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.dup(0))
        yield
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def tasks(path: Path) -> Iterator[taskstate.Engine]:
    with taskstate.open(path, longest_wait=5) as engine:
        engine.create("z1", "create", id="t", max_attempts=2)
        with ThreadPoolExecutor(4) as several:  # opens what reads need
            list(several.map(lambda _: engine.verify(), range(8)))
        yield engine


CALLS: list[Callable[[taskstate.Engine], Any]] = [
    lambda tasks: tasks.wait("z1", "t", timeout=1),
    lambda tasks: tasks.claim(zones="none", wait=1),
    lambda tasks: tasks.read_changes(tasks.read_changes(latest=True).position, wait=1),
    lambda tasks: tasks.work(zones="none"),
    lambda tasks: next(iter(tasks.changes(tasks.read_changes(latest=True).position, wait=1)), None),
]


@pytest.mark.parametrize("call", CALLS)
def test_a_wait_says_so(tasks: taskstate.Engine, call: Callable[[taskstate.Engine], Any]) -> None:
    with none_left(), pytest.raises(taskstate.Unavailable, match="descriptor.*raise the limit"):
        call(tasks)
    tasks.create("z1", "create", id="after")


def test_an_answer_is_still_one(tasks: taskstate.Engine) -> None:
    with none_left():
        answer = tasks.decide("z1", "t", headers={"Prefer": "wait=5"})
    assert answer.status in (200, 503)


def test_open_says_so(tasks: taskstate.Engine, path: Path) -> None:
    with none_left(), pytest.raises(taskstate.Error):
        taskstate.open(path)


def test_waits_in_an_event_loop_say_so(path: Path) -> None:
    async def main() -> None:
        async with await taskstate.aio.open(path) as tasks:
            await tasks.create("z1", "create", id="t")
            with none_left():
                with pytest.raises(taskstate.Error):
                    await tasks.wait("z1", "t", timeout=1)
                with pytest.raises(taskstate.Error):
                    await tasks.claim(zones="none", wait=1)

    asyncio.run(main())
