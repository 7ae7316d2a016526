"""The same operations in an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any, Callable, Coroutine

import pytest
import taskstate
import taskstate.aio
from taskstate import testing
from taskstate._workers import Wanted
from taskstate.aio import _pool, _wait

from conftest import Clock, in_child

Body = Callable[[taskstate.aio.Engine], Coroutine[Any, Any, None]]


def run(path: Path | str, body: Body, **options: Any) -> None:
    async def whole() -> None:
        async with taskstate.aio.open(path, **options) as tasks:
            await body(tasks)

    asyncio.run(whole())


async def kinds(tasks: taskstate.aio.Engine, id: str) -> list[str]:
    return [event.kind for event in await tasks.history("z1", id)][::-1]


async def claimed(tasks: taskstate.aio.Engine, **options: Any) -> taskstate.aio.Lease:
    lease = await tasks.claim("w1", **options)
    assert lease is not None
    return lease


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


def waiters(tasks: taskstate.aio.Engine) -> int:
    return sum(len(group._turns) for group in tasks._groups._groups.values())


def eventfds() -> int:
    """How many descriptors signal something. Those of engines that were dropped may still go."""
    names = []
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            names.append(os.readlink(f"/proc/self/fd/{number}"))
    return names.count("anon_inode:[eventfd]")


def test_every_method_is_there() -> None:
    for sync, other in ((taskstate.Engine, taskstate.aio.Engine), (taskstate.Lease, taskstate.aio.Lease)):
        for name in (name for name in dir(sync) if not name.startswith("_")):
            theirs, ours = inspect.getattr_static(sync, name), inspect.getattr_static(other, name)
            if isinstance(theirs, property):
                assert isinstance(ours, property), name
            else:
                awaited = name not in ("work", "changes")
                assert not awaited or inspect.iscoroutinefunction(ours) or inspect.isasyncgenfunction(ours), name
                assert ours.__doc__, name


def test_every_operation(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        for number in range(3):
            await tasks.create("z1", "create", id=f"t{number}")
        assert (await tasks.start("z1", "t0")).status == "running"
        await tasks.annotate("z1", "t0", package_slug="s")
        await tasks.complete("z1", "t0", install_id="i")
        lease = await tasks.start("z1", "t1", lease=5)
        await lease.annotate(package_slug="s")
        assert await lease.heartbeat() is False
        adopted = await tasks.lease(lease.token)
        assert (adopted.epoch, adopted.attempt, adopted.payload, adopted.lost) == (lease.epoch, 1, None, False)
        await adopted.fail("sorry", "private")
        await tasks.cancel("z1", "t2")
        with pytest.raises(taskstate.IllegalTransition):
            await tasks.fail("z1", "t2", "sorry")
        task = await tasks.get("z1", "t1")
        assert task is not None and task.error_detail == "private"
        assert len(await tasks.list("z1")) == 3
        assert [task.id async for task in tasks.iterate("z1", limit=2)] == ["t2", "t1", "t0"]
        assert (await tasks.verify()).ok and await tasks.tick() == 0
        assert (await tasks.decide("z1", "t0")).status == 303
        assert (await tasks.accept(task)).status == 202
        assert await tasks.claim_many(3) == []
        await tasks.reopen()
        assert len(await tasks.list("z1")) == 3
        assert "aio.Engine" in repr(tasks) and "epoch=" in repr(lease)

    run(path, body)


def test_open_may_be_awaited(path: Path) -> None:
    async def whole() -> None:
        tasks = await taskstate.aio.open(path)
        await tasks.close()
        with pytest.raises(taskstate.Closed):
            await tasks.get("z1", "t")
        with pytest.raises(taskstate.NotATaskstateFile):
            path.write_text("something else")
            await taskstate.aio.open(path)

    asyncio.run(whole())


def test_a_thousand_wait_without_threads(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        together = threading.Barrier(_pool._THREADS)  # so that all threads of the pool are there
        await asyncio.gather(*(_pool.run_to_end(together.wait) for _ in range(_pool._THREADS)))
        threads, signals = threading.active_count(), eventfds()
        waiting = [asyncio.ensure_future(tasks.claim(wait=float("inf"))) for _ in range(1000)]
        await until(lambda: waiters(tasks) == 1000)
        assert threading.active_count() == threads
        assert eventfds() <= signals + 1
        for number in range(20):
            await tasks.create("z1", "create", id=f"t{number}")
        await until(lambda: sum(one.done() for one in waiting) == 20)
        assert sorted(lease.task.id for lease in (one.result() for one in waiting if one.done()) if lease) == sorted(
            f"t{number}" for number in range(20)
        )
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert tasks._groups._groups == {}
        assert eventfds() <= signals

    run(path, body)


def test_waiting_ends_with_the_time_or_a_token(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        assert await tasks.claim(wait=0.05) is None
        token = taskstate.CancelToken()
        waiting = asyncio.ensure_future(tasks.claim(wait=float("inf"), cancel=token))
        await until(lambda: waiters(tasks) == 1)
        token.cancel()
        with pytest.raises(taskstate.Cancelled):
            await waiting
        assert tasks._groups._groups == {} and not token._wakers

    run(path, body)


def test_waiting_ends_with_the_engine(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        waiting = [asyncio.ensure_future(tasks.claim(wait=float("inf"))) for _ in range(3)]
        await until(lambda: waiters(tasks) == 3)
        await tasks.close()
        for one in waiting:
            with pytest.raises(taskstate.Closed):
                await one

    run(path, body)


def test_waiting_outlives_a_reopening(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        waiting = [asyncio.ensure_future(tasks.claim(wait=float("inf"))) for _ in range(3)]
        await until(lambda: waiters(tasks) == 3)
        (before,) = tasks._groups._groups.values()
        tasks._sync.reopen()  # at once, so that nobody sees it closed
        await asyncio.wait_for(until(lambda: not before._reading), 20)  # else it would be readable for ever
        await until(lambda: waiters(tasks) == 3 and before not in tasks._groups._groups.values())
        for number in range(3):
            await tasks.create("z1", "create", id=f"t{number}")
        leases = await asyncio.wait_for(asyncio.gather(*waiting), 20)
        assert sorted(lease.task.id for lease in leases if lease) == ["t0", "t1", "t2"]

    run(path, body)


def test_a_turn_that_nobody_takes_goes_to_the_next(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # So that the one wake-up is the test's.
    monkeypatch.setattr(_wait._Group, "_on_readable", lambda self: self._watch.reset())

    async def body(tasks: taskstate.aio.Engine) -> None:
        first = asyncio.ensure_future(tasks.claim(wait=float("inf")))
        await until(lambda: waiters(tasks) == 1)
        second = asyncio.ensure_future(tasks.claim(wait=float("inf")))
        await until(lambda: waiters(tasks) == 2)
        (group,) = tasks._groups._groups.values()
        tasks._sync.create("z1", "create", id="t")
        group._next()
        first.cancel()  # whose turn it is
        lease = await asyncio.wait_for(second, 20)
        assert lease is not None and lease.task.id == "t"

    run(path, body)


def test_a_wake_up_before_the_wait_is_kept(path: Path) -> None:
    """Two tasks come, one waiter is asleep and another one about to be: neither may sleep on."""

    async def body(tasks: taskstate.aio.Engine) -> None:
        first = asyncio.ensure_future(tasks.claim(wait=float("inf")))
        await until(lambda: waiters(tasks) == 1)
        (group,) = tasks._groups._groups.values()
        group._next()
        group._next()
        assert group._signalled
        turn = group._queue()
        assert turn.done() and not group._signalled
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)

    run(path, body)


def test_reads_do_not_wait_behind_changes(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        await tasks.create("z1", "create", id="t")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        changes = [asyncio.ensure_future(tasks.create("z1", "create", timeout=60)) for _ in range(50)]
        await asyncio.sleep(0.05)
        reads = (
            tasks.decide("z1", "t"),
            tasks.decide("z1", "none"),
            tasks.get("z1", "t"),
            tasks.list("z1"),
            tasks.history("z1", "t"),
            tasks.stats(),
            tasks.read_changes(),
            tasks.wait("z1", "t", timeout=0.01),
            tasks.read_changes((await tasks.read_changes(latest=True)).position, wait=0.01),
        )
        await asyncio.wait_for(asyncio.gather(*reads), 20)
        assert not any(change.done() for change in changes)
        other.execute("ROLLBACK")
        other.close()
        assert len(await asyncio.gather(*changes)) == 50

    run(path, body)


def test_cancelling_a_task_ends_its_call(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(tasks.create("z1", "create", id="t", timeout=600))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        other.execute("ROLLBACK")
        other.close()
        assert await tasks.get("z1", "t") is None

    run(path, body)


def test_what_a_cancelled_claim_took_is_given_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = Wanted.claim
    inside, go_on = threading.Event(), threading.Event()

    def slow(self: Wanted, *arguments: Any, **keywords: Any) -> Any:
        leases = claim(self, *arguments, **keywords)
        inside.set()
        go_on.wait()
        return leases

    async def body(tasks: taskstate.aio.Engine) -> None:
        await tasks.create("z1", "create", id="t", max_attempts=2)
        monkeypatch.setattr(Wanted, "claim", slow)
        waiting = asyncio.ensure_future(tasks.claim())
        await until(inside.is_set)
        waiting.cancel()
        await asyncio.sleep(0)
        waiting.cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await kinds(tasks, "t") == ["created", "started", "released"]

    run(path, body)


def test_with(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        for number in range(4):
            await tasks.create("z1", "create", id=f"t{number}", max_attempts=2)
        async with await claimed(tasks) as lease:
            await lease.complete(install_id="i")
        with pytest.raises(ValueError):
            async with await claimed(tasks):
                raise ValueError("secret")
        async with await claimed(tasks):
            raise taskstate.TaskFailed("No such package.")
        async with await claimed(tasks):
            pass
        messages = [task.error_message for task in reversed((await tasks.list("z1")).items)]
        assert messages == [None, "The task failed.", "No such package.", None]
        assert [(await kinds(tasks, f"t{n}"))[-1] for n in range(4)] == ["completed", "failed", "failed", "released"]

    run(path, body)


def test_cancelled_error_releases_and_goes_on(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        await tasks.create("z1", "create", id="t", max_attempts=2)
        inside = asyncio.Event()

        async def work() -> None:
            async for lease in tasks.work("w1"):
                async with lease:
                    inside.set()
                    await asyncio.sleep(3600)

        worker = asyncio.ensure_future(work())
        await inside.wait()
        worker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await worker
        assert await kinds(tasks, "t") == ["created", "started", "released"]

    run(path, body)


def test_the_background_hears(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        await tasks.create("z1", "create", id="t")
        async with await claimed(tasks, lease=1.5) as lease:
            await tasks.cancel("z1", "t")
            await until(lambda: lease.cancel_requested)
            await tasks.cancel("z1", "t", force=True)
            await until(lambda: lease.lost)

    run(path, body)


def test_work_until_stop(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        seen = []
        loop = tasks.work("w1")

        async def work() -> None:
            async for lease in loop:
                async with lease:
                    seen.append(lease.task.id)
                    if lease.task.id == "t0":
                        raise ValueError("secret")
                    await lease.complete(install_id="i")

        worker = asyncio.ensure_future(work())
        await until(lambda: waiters(tasks) == 1)
        await tasks.create("z1", "create", id="t0")
        await tasks.create("z1", "create", id="t1")
        await until(lambda: len(seen) == 2 and waiters(tasks) == 1)
        threading.Thread(target=loop.stop).start()
        await worker
        assert seen == ["t0", "t1"]
        loop.stop()
        assert [lease async for lease in loop] == []

    run(path, body)


def test_a_busy_file_is_tried_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claim, answers = Wanted.claim, [taskstate.Busy("first"), taskstate.Busy("second")]

    def busy(self: Wanted, *arguments: Any, **keywords: Any) -> Any:
        if answers:
            raise answers.pop()
        return claim(self, *arguments, **keywords)

    async def body(tasks: taskstate.aio.Engine) -> None:
        await tasks.create("z1", "create", id="t")
        monkeypatch.setattr(Wanted, "claim", busy)
        async for lease in tasks.work():
            await lease.complete(install_id="i")
            break
        assert answers == []

    run(path, body)


def test_a_forked_child_has_its_own_threads(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        assert await tasks.get("z1", "t") is None

    run(path, body)
    assert in_child(lambda: run(path, body)) == 0


@pytest.mark.parametrize("attempts, last", [(1, "completed"), (2, "released")])
def test_stop_and_the_task_at_hand(path: Path, attempts: int, last: str) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        await tasks.create("z1", "create", id="t", max_attempts=attempts)
        token = taskstate.CancelToken()
        async for lease in tasks.work("w1", cancel=token):
            async with lease:
                token.cancel()
                if attempts == 2:
                    await until(lambda: lease.lost)
                await lease.complete(install_id="i")
        assert (await kinds(tasks, "t"))[-1] == last

    run(path, body)


def test_on_a_manual_clock(clock: Clock) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        await tasks.create("z1", "create", id="t")
        lease = await claimed(tasks, lease=10)
        manual.advance(11)
        assert await tasks.tick() == 1
        with pytest.raises(taskstate.LeaseLost):
            await lease.complete(install_id="i")
        assert lease.lost

    manual = testing.ManualClock()
    run(":memory:", body, clock=manual)
