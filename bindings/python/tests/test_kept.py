"""Status answers that the library keeps in memory are those that are read from the file."""

from __future__ import annotations

import asyncio
import gc
import threading
from pathlib import Path
from typing import Any

import pytest
import taskstate
import taskstate.aio

REQUEST_ID = "0123abcd-0000-4000-8000-000000000000"

REQUESTS: list[dict[str, Any]] = [
    {},
    {"method": "HEAD"},
    {"headers": {"X-Client-Request-ID": REQUEST_ID}},
    {"headers": {"X-Client-Request-ID": "none"}},
    {"headers": {"X-Client-Request-ID": ""}},
    {"headers": {"If-None-Match": "*"}},
    {"headers": {"If-None-Match": '"1-0"'}},
    {"headers": {"Prefer": "wait=1"}},
    {"completed": "ok"},
    {"completed": "see_other", "path": "/p"},
]


def shown(answer: taskstate.Answer) -> Any:
    names = [name for name, _ in answer.headers]
    body = answer.body if answer.status < 400 else None
    return answer.status, names, [value for name, value in answer.headers if name != "Retry-After"], body


def fill(tasks: taskstate.Engine) -> None:
    for id in ("pending", "running", "completed", "failed"):
        tasks.create("z1", "create", id=id, package_slug="paquet-é")
        if id != "pending":
            tasks.start("z1", id)
    tasks.complete("z1", "completed", install_id="ins é")
    tasks.fail("z1", "failed", "It broke.")


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_the_same_kept_and_read(path: Path, request_: dict[str, Any]) -> None:
    with taskstate.open(path) as tasks, taskstate.open(path, answer_cache_bytes=0) as reading:
        fill(tasks)
        for id in ("pending", "running", "completed", "failed", "none"):
            read = reading.decide("z1", id, **request_)
            for _ in range(3):
                assert shown(tasks.decide("z1", id, **request_)) == shown(read)


def test_they_hit(tasks: taskstate.Engine) -> None:
    fill(tasks)
    for _ in range(3):
        for id in ("pending", "completed"):
            tasks.decide("z1", id, headers={"If-None-Match": '"1-0"'})
    assert tasks.stats().cache_hits == 4


def test_wrong_arguments_are_refused_as_ever(tasks: taskstate.Engine) -> None:
    fill(tasks)
    tasks.decide("z1", "pending")
    with pytest.raises(TypeError):
        tasks.decide(1, "pending")  # type: ignore[arg-type]
    with pytest.raises(taskstate.InvalidArgument):
        tasks.decide("z1", "pending", completed="maybe")  # type: ignore[arg-type]
    tasks.close()
    assert tasks.decide("z1", "pending").status == 503


def test_in_an_event_loop_no_thread_is_needed(path: Path) -> None:
    async def body() -> None:
        async with taskstate.aio.open(path) as tasks:
            await tasks.create("z1", "create", id="a")
            assert [(await tasks.decide("z1", "a")).status for _ in range(3)] == [200] * 3
            assert (await tasks.stats()).cache_hits == 2
            await tasks.start("z1", "a")
            assert b'"running"' in ((await tasks.decide("z1", "a")).body or b"")

    asyncio.run(body())


def test_many_threads_and_collections(tasks: taskstate.Engine) -> None:
    fill(tasks)
    expected = shown(tasks.decide("z1", "completed"))
    wrong = []

    class Asks:
        """Asks again while an answer is being made: a collection runs this."""

        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            if shown(tasks.decide("z1", "completed")) != expected:
                wrong.append(1)

    def poll() -> None:
        for _ in range(300):
            Asks()
            if shown(tasks.decide("z1", "completed")) != expected:
                wrong.append(1)

    before = gc.get_threshold()
    gc.set_threshold(5)
    try:
        threads = [threading.Thread(target=poll) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        gc.set_threshold(*before)
    assert not wrong
