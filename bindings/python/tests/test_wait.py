"""Waiting for a task to move: blocking, in an event loop, and by an HTTP client's Prefer header."""

from __future__ import annotations

import asyncio
import math
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
import taskstate
import taskstate.aio
from taskstate.aio import _pool

from conftest import in_child
from test_aio import eventfds, run, until

# Whoever waits so long was not woken. What comes before half of it is no matter of how fast the machine is.
LONG = 60.0

Here = Callable[..., Any]


@pytest.fixture
def tasks(path: Path) -> Iterator[taskstate.Engine]:
    """On the system's clock."""
    with taskstate.open(path, longest_wait=LONG) as engine:
        engine.create("z1", "create", id="t")
        yield engine


@pytest.fixture(params=["the main thread", "another thread"])
def here(request: pytest.FixtureRequest) -> Iterator[Here]:
    """Calls a function in this thread, which hears signals, or in another one."""
    with ThreadPoolExecutor(1) as pool:
        yield (
            (lambda function, *arguments, **keywords: function(*arguments, **keywords))
            if request.param == "the main thread"
            else (lambda function, *arguments, **keywords: pool.submit(function, *arguments, **keywords).result())
        )


class Soon:
    """Does something in another thread while this one waits."""

    def __init__(self, action: Callable[[], object]) -> None:
        self._thread = threading.Timer(0.05, action)

    def __enter__(self) -> Soon:
        self.began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._thread.join()
        assert 0.04 < time.monotonic() - self.began < LONG / 2


# ---- Engine.wait() ---------------------------------------------------------------------------


def test_until_it_has_moved(tasks: taskstate.Engine, here: Here) -> None:
    with Soon(lambda: tasks.start("z1", "t")):
        task = here(tasks.wait, "z1", "t", 1, timeout=LONG)
    assert (task.status, task.revision) == ("running", 2)


def test_until_it_has_ended(tasks: taskstate.Engine, here: Here) -> None:
    def end() -> None:
        tasks.start("z1", "t")
        tasks.annotate("z1", "t", package_slug="s")
        tasks.complete("z1", "t", install_id="i")

    with Soon(end):
        assert here(tasks.wait, "z1", "t", timeout=math.inf).status == "completed"


def test_at_once_if_it_is_so(tasks: taskstate.Engine, here: Here) -> None:
    began = time.monotonic()
    assert here(tasks.wait, "z1", "t", 0, timeout=LONG).revision == 1
    assert here(tasks.wait, "z1", "nobody", timeout=LONG) is None
    tasks.cancel("z1", "t")
    assert here(tasks.wait, "z1", "t", 1000, timeout=LONG).status == "failed"
    assert time.monotonic() - began < LONG / 2


@pytest.mark.parametrize("timeout", [0, 0.05, timedelta(milliseconds=50)])
def test_until_the_time_is_over(tasks: taskstate.Engine, here: Here, timeout: Any) -> None:
    began = time.monotonic()
    assert here(tasks.wait, "z1", "t", 1, timeout=timeout).status == "pending"
    assert time.monotonic() - began >= (0.05 if timeout else 0)


def test_the_time_is_the_engines_unless_given(path: Path, here: Here) -> None:
    with taskstate.open(path, timeout=0.1) as tasks:
        tasks.create("z1", "create", id="t")
        began = time.monotonic()
        assert here(tasks.wait, "z1", "t").status == "pending"
        assert 0.1 <= time.monotonic() - began < LONG / 2
        assert tasks._seconds(None) == 0.1
    with taskstate.open(path) as tasks:
        assert tasks._seconds(None) == 5


def test_a_token_ends_it(tasks: taskstate.Engine, here: Here) -> None:
    token = taskstate.CancelToken()
    with Soon(token.cancel), pytest.raises(taskstate.Cancelled):
        here(tasks.wait, "z1", "t", timeout=LONG, cancel=token)
    with pytest.raises(taskstate.Cancelled):
        here(tasks.wait, "z1", "t", timeout=LONG, cancel=token)


def test_closing_ends_it(tasks: taskstate.Engine, here: Here) -> None:
    with Soon(tasks.close), pytest.raises(taskstate.Closed):
        here(tasks.wait, "z1", "t", timeout=LONG)


def test_what_is_purged_is_gone(tasks: taskstate.Engine, here: Here) -> None:
    tasks.start("z1", "t")

    def purge() -> None:
        tasks.fail("z1", "t", "sorry")
        tasks.erase("z1", "t")

    with Soon(purge):
        task = here(tasks.wait, "z1", "t", timeout=LONG)
    assert task is None or task.status == "failed"
    assert here(tasks.wait, "z1", "t", timeout=LONG) is None


@pytest.mark.parametrize("bad", [-1, math.nan])
def test_the_time_must_not_be_negative(tasks: taskstate.Engine, here: Here, bad: float) -> None:
    with pytest.raises(taskstate.InvalidArgument) as caught:
        here(tasks.wait, "z1", "t", timeout=bad)
    assert caught.value.field == "timeout"
    assert str(caught.value) == {
        -1: "timeout: must not be negative, is -1 s",
        math.nan: "timeout: must be a finite number of seconds or math.inf, not NaN",
    }[bad]


def test_an_interrupt_ends_it(tasks: taskstate.Engine) -> None:
    with Soon(lambda: os.kill(os.getpid(), signal.SIGINT)), pytest.raises(KeyboardInterrupt):
        tasks.wait("z1", "t", timeout=math.inf)


def test_other_threads_run_meanwhile(tasks: taskstate.Engine, here: Here) -> None:
    ticks = []

    def tick() -> None:
        for _ in range(10):
            time.sleep(0.01)
            ticks.append(tasks.get("z1", "t"))
        tasks.start("z1", "t")

    with Soon(tick):
        here(tasks.wait, "z1", "t", 1, timeout=LONG)
    assert len(ticks) == 10


def start_soon(path: str, waits: Any) -> None:
    with taskstate.open(path) as tasks:
        waits.wait()
        time.sleep(0.05)
        tasks.start("z1", "t")


def test_another_process_ends_it(tasks: taskstate.Engine, path: Path, here: Here) -> None:
    context = multiprocessing.get_context("spawn")
    waits = context.Event()
    other = context.Process(target=start_soon, args=(str(path), waits))
    other.start()
    waits.set()
    assert here(tasks.wait, "z1", "t", 1, timeout=LONG).status == "running"
    other.join(LONG)
    assert other.exitcode == 0


def test_waiting_leaves_nothing_behind(tasks: taskstate.Engine) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        tasks.wait("z1", "t", timeout=0.001)
    assert len(os.listdir("/proc/self/fd")) < before + 10  # the engine's own thread has some


def test_a_forked_child_waits_for_itself(tasks: taskstate.Engine) -> None:
    tasks.wait("z1", "t", timeout=0.05)

    def child() -> None:
        with Soon(lambda: tasks.start("z1", "t")):
            task = tasks.wait("z1", "t", 1, timeout=LONG)
        assert task is not None and task.status == "running"
        assert [event.kind for event in tasks.changes(wait=0.01)] == ["created", "started"]

    assert in_child(child) == 0
    task = tasks.wait("z1", "t", 1, timeout=LONG)
    assert task is not None and task.status == "running"


# ---- Prefer ----------------------------------------------------------------------------------


def test_a_client_may_wait_for_the_end(tasks: taskstate.Engine, here: Here) -> None:
    def end() -> None:
        tasks.start("z1", "t")
        tasks.complete("z1", "t", install_id="i")

    with Soon(end):
        answer = here(tasks.decide, "z1", "t", headers={"Prefer": "wait=30"})
    assert answer.status == 303
    assert dict(answer.headers)["Preference-Applied"] == "wait=30"


def test_a_client_may_wait_for_a_change(tasks: taskstate.Engine, here: Here) -> None:
    etag = dict(tasks.decide("z1", "t").headers)["ETag"]
    with Soon(lambda: tasks.start("z1", "t")):
        answer = here(tasks.decide, "z1", "t", headers=iter([("if-none-match", etag), ("prefer", "wait=30")]))
    assert answer.status == 200 and b"running" in (answer.body or b"")


def test_a_client_waits_no_longer_than_allowed(path: Path, here: Here) -> None:
    with taskstate.open(path, longest_wait=1) as tasks:
        tasks.create("z1", "create", id="t")
        etag = dict(tasks.decide("z1", "t").headers)["ETag"]
        began = time.monotonic()
        answer = here(tasks.decide, "z1", "t", headers={"Prefer": "wait=30", "If-None-Match": etag})
        assert 1 <= time.monotonic() - began < LONG / 2
        assert answer.status == 304 and dict(answer.headers)["Preference-Applied"] == "wait=1"


def test_nobody_waits_unless_allowed(path: Path, here: Here) -> None:
    with taskstate.open(path) as tasks:
        tasks.create("z1", "create", id="t")
        began = time.monotonic()
        answer = here(tasks.decide, "z1", "t", headers={"Prefer": "wait=30"})
        assert time.monotonic() - began < 15
        assert answer.status == 200 and "Preference-Applied" not in dict(answer.headers)


def test_closing_answers_a_client_that_waits(tasks: taskstate.Engine, here: Here) -> None:
    with Soon(tasks.close):
        assert here(tasks.decide, "z1", "t", headers={"Prefer": "wait=30"}).status == 503


def test_a_token_answers_a_client_that_waits(tasks: taskstate.Engine, here: Here) -> None:
    token = taskstate.CancelToken()
    with Soon(token.cancel):
        assert here(tasks.decide, "z1", "t", headers={"Prefer": "wait=30"}, cancel=token).status in (200, 503)


def test_an_interrupt_ends_a_clients_wait(tasks: taskstate.Engine) -> None:
    with Soon(lambda: os.kill(os.getpid(), signal.SIGINT)), pytest.raises(KeyboardInterrupt):
        tasks.decide("z1", "t", headers={"Prefer": "wait=30"})


# ---- In an event loop ------------------------------------------------------------------------


def boards(tasks: taskstate.aio.Engine) -> list[Any]:
    return list(tasks._moves._boards.values())


def waiters(tasks: taskstate.aio.Engine) -> int:
    return sum(len(board._moved) for board in boards(tasks))


def test_a_thousand_wait_without_threads(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        loop = asyncio.get_running_loop()
        for name in (_pool._CHANGES, _pool._READS):
            together = threading.Barrier(_pool._THREADS)  # so that all threads of the pool are there
            pool = _pool._executor(name)
            await asyncio.gather(*(loop.run_in_executor(pool, together.wait) for _ in range(_pool._THREADS)))
        for number in range(10):
            await tasks.create("z1", "create", id=f"t{number}")
        await tasks.wait("z1", "t0", timeout=0.01)
        threads, signals = threading.active_count(), eventfds()
        count = (await tasks.stats()).waiters
        waiting = [asyncio.ensure_future(tasks.wait("z1", f"t{n % 10}", 1, timeout=math.inf)) for n in range(1000)]
        while (await tasks.stats()).waiters < count + 1000:
            await asyncio.sleep(0.01)
        assert threading.active_count() == threads
        assert eventfds() <= signals + 1
        for number in range(10):
            await tasks.start("z1", f"t{number}")
        moved = await asyncio.wait_for(asyncio.gather(*waiting), LONG)
        assert [task.id for task in moved if task] == [f"t{n % 10}" for n in range(1000)]
        assert {task.status.value for task in moved if task} == {"running"}
        assert boards(tasks) == []
        assert eventfds() <= signals

    run(path, body)


def test_a_cancelled_wait_is_forgotten(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        await tasks.create("z1", "create", id="t")
        before = (await tasks.stats()).waiters
        keeps = asyncio.ensure_future(tasks.wait("z1", "t", 1, timeout=math.inf))
        waiting = [asyncio.ensure_future(tasks.wait("z1", "t", 1, timeout=math.inf)) for _ in range(10)]
        while (await tasks.stats()).waiters < before + 11:
            await asyncio.sleep(0.005)
        for one in waiting:
            one.cancel()
        assert all(
            isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*waiting, return_exceptions=True)
        )
        assert (await tasks.stats()).waiters == before + 1 and waiters(tasks) == 1
        await tasks.start("z1", "t")
        task = await asyncio.wait_for(keeps, LONG)
        assert task is not None and task.status == "running"

    run(path, body)


def test_the_ends_of_a_wait_in_an_event_loop(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        assert await tasks.wait("z1", "nobody", timeout=LONG) is None
        await tasks.create("z1", "create", id="t")
        task = await tasks.wait("z1", "t", timeout=0.05)
        assert task is not None and task.status == "pending"
        task = await tasks.wait("z1", "t", 0, timeout=LONG)
        assert task is not None and task.revision == 1
        with pytest.raises(taskstate.InvalidArgument):
            await tasks.wait("z1", "t", timeout=-1)
        token = taskstate.CancelToken()
        waiting = asyncio.ensure_future(tasks.wait("z1", "t", timeout=math.inf, cancel=token))
        await until(lambda: waiters(tasks) == 1)
        token.cancel()
        with pytest.raises(taskstate.Cancelled):
            await asyncio.wait_for(waiting, LONG)
        assert boards(tasks) == [] and not token._wakers
        several = [asyncio.ensure_future(tasks.wait("z1", "t", timeout=math.inf)) for _ in range(3)]
        await until(lambda: waiters(tasks) == 3)
        await tasks.close()
        for one in several:
            with pytest.raises(taskstate.Closed):
                await asyncio.wait_for(one, LONG)
        assert boards(tasks) == []

    run(path, body)


def test_a_wait_outlives_a_reopening(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        await tasks.create("z1", "create", id="t")
        waiting = [asyncio.ensure_future(tasks.wait("z1", "t", timeout=math.inf)) for _ in range(3)]
        await until(lambda: waiters(tasks) == 3)
        (before,) = boards(tasks)
        tasks._sync.reopen()  # at once, so that nobody sees it closed
        await asyncio.wait_for(until(lambda: before not in boards(tasks) and waiters(tasks) == 3), LONG)
        assert not before._reading
        await tasks.cancel("z1", "t")
        for task in await asyncio.wait_for(asyncio.gather(*waiting), LONG):
            assert task is not None and task.status == "failed"

    run(path, body)


def test_a_wait_that_is_being_registered_outlives_a_reopening(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        await tasks.create("z1", "create", id="t")
        waiting = [asyncio.ensure_future(tasks.wait("z1", "t", timeout=math.inf))]
        await until(lambda: waiters(tasks) == 1)
        (board,) = boards(tasks)
        async with board._turn:
            waiting.append(asyncio.ensure_future(tasks.wait("z1", "t", timeout=math.inf)))
            await until(lambda: waiters(tasks) == 2)
            tasks._sync.reopen()
        await tasks.cancel("z1", "t")
        for task in await asyncio.wait_for(asyncio.gather(*waiting), LONG):
            assert task is not None and task.status == "failed"

    run(path, body)


def test_a_thousand_clients_wait_without_threads(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        await tasks.create("z1", "create", id="t")
        etag = dict((await tasks.decide("z1", "t")).headers)["ETag"]
        headers = [("If-None-Match", etag), ("Prefer", "wait=50")]
        together = threading.Barrier(_pool._THREADS)
        await asyncio.gather(*(_pool.run_to_end(together.wait) for _ in range(_pool._THREADS)))
        await tasks.wait("z1", "t", timeout=0.01)
        threads, count = threading.active_count(), (await tasks.stats()).waiters
        waiting = [asyncio.ensure_future(tasks.decide("z1", "t", headers=headers)) for _ in range(1000)]
        while (await tasks.stats()).waiters < count + 1000:
            await asyncio.sleep(0.01)
        assert threading.active_count() == threads
        await tasks.start("z1", "t")
        answers = await asyncio.wait_for(asyncio.gather(*waiting), LONG)
        assert {answer.status for answer in answers} == {200}
        assert {dict(answer.headers)["Preference-Applied"] for answer in answers} == {"wait=50"}

    run(path, body, longest_wait=LONG)


def test_a_clients_wait_ends_in_an_event_loop(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        await tasks.create("z1", "create", id="t")
        began = time.monotonic()
        answer = await tasks.decide("z1", "t", headers={"Prefer": "wait=1"})
        assert time.monotonic() - began >= 1
        assert answer.status == 200 and dict(answer.headers)["Preference-Applied"] == "wait=1"
        waiting = asyncio.ensure_future(tasks.decide("z1", "t", headers={"Prefer": "wait=50"}))
        await until(lambda: waiters(tasks) == 1)
        await tasks.cancel("z1", "t")
        assert b"failed" in ((await asyncio.wait_for(waiting, LONG)).body or b"")
        await tasks.create("z1", "create", id="u")
        waiting = asyncio.ensure_future(tasks.decide("z1", "u", headers={"Prefer": "wait=50"}))
        await until(lambda: waiters(tasks) == 1)
        await tasks.close()
        assert (await asyncio.wait_for(waiting, LONG)).status == 503

    run(path, body, longest_wait=LONG)
