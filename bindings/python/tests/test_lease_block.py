"""Leaving `with lease:`, and the thread that keeps leases alive meanwhile."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Iterator

import pytest
import taskstate
from taskstate import _host, _keeper

from conftest import Clock, claimed, current, in_child, kinds


def test_with_and_an_outcome(held: taskstate.Lease) -> None:
    with held as lease:
        assert lease is held
        lease.complete(install_id="i")
    assert held.task.status == "completed"


def test_with_and_nothing_releases(tasks: taskstate.Engine, held: taskstate.Lease) -> None:
    with held:
        pass
    assert kinds(tasks, "t")[-1] == "released"
    assert claimed(tasks).attempt == 2


def test_with_and_an_exception_fails_in_private(tasks: taskstate.Engine, held: taskstate.Lease) -> None:
    with pytest.raises(ValueError):
        with held:
            raise ValueError("secret \0 \udcff text")
    task = current(tasks, "t")
    assert (task.failure_kind, task.error_message) == ("failed", "The task failed.")
    assert task.error_detail is not None
    assert "secret" in task.error_detail and "test_lease_block.py" in task.error_detail


def test_a_long_traceback_keeps_its_end(tasks: taskstate.Engine, held: taskstate.Lease) -> None:
    with pytest.raises(ValueError):
        with held:
            raise ValueError("ü" * 20000 + "the end")
    detail = current(tasks, "t").error_detail
    assert detail is not None and detail.endswith("the end\n") and 16000 < len(detail.encode()) <= 16384


def test_task_failed_speaks_to_the_client(tasks: taskstate.Engine, held: taskstate.Lease) -> None:
    with held:
        raise taskstate.TaskFailed("The package is gone.")
    task = current(tasks, "t")
    assert task.error_message == "The package is gone."
    assert task.error_detail is not None and "TaskFailed" in task.error_detail


def test_task_failed_may_say_its_own_detail(tasks: taskstate.Engine, held: taskstate.Lease) -> None:
    with held:
        raise taskstate.TaskFailed("Gone.", detail="by hand")
    assert current(tasks, "t").error_detail == "by hand"


@pytest.mark.parametrize("message", ["", "x" * 20000, "\0"])
def test_a_message_that_may_not_be_shown_still_fails(
    tasks: taskstate.Engine, held: taskstate.Lease, message: str
) -> None:
    with held:
        raise taskstate.TaskFailed(message)
    assert current(tasks, "t").error_message == "The task failed."


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, taskstate.Cancelled("by token")])
def test_interrupts_release(tasks: taskstate.Engine, held: taskstate.Lease, error: BaseException) -> None:
    with pytest.raises(type(error) if isinstance(error, BaseException) else error):
        with held:
            raise error
    assert kinds(tasks, "t")[-1] == "released"


def test_leaving_a_lost_lease_says_nothing(tasks: taskstate.Engine, held: taskstate.Lease, clock: Clock) -> None:
    with held:
        clock.advance(31)
        tasks.tick()
    assert held.lost
    assert kinds(tasks, "t") == ["created", "started", "lost"]


def test_leaving_after_the_engine_is_closed(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tasks = taskstate.open(path)
    tasks.create("z1", "create", id="t")
    with claimed(tasks):
        tasks.close()
    assert "z1/t could not be given back: Closed" in caplog.text


def test_a_lease_is_the_process_that_took_it(tasks: taskstate.Engine, held: taskstate.Lease) -> None:
    def child() -> None:
        with held:
            pass

    assert in_child(child) == 0
    assert kinds(tasks, "t") == ["created", "started"]
    held.complete(install_id="i")


# ---- The thread that keeps them alive ---------------------------------------------------------


@pytest.fixture
def quick(path: Path) -> Iterator[taskstate.Engine]:
    """On the system's clock, since it is real threads that are looked at."""
    with taskstate.open(path, housekeeping=0.01) as tasks:
        yield tasks


def heard(lease: taskstate.Lease, what: str) -> bool:
    """Waits for what the background has to find out."""
    for _ in range(1000):
        if getattr(lease, what):
            return True
        threading.Event().wait(0.01)
    return False


def keepers() -> set[str]:
    return {thread.name for thread in Path("/proc/self/task").iterdir() if named(thread) == "taskstate-lease"}


def named(thread: Path) -> str:
    try:
        return (thread / "comm").read_text().strip()
    except OSError:  # it has ended meanwhile
        return ""


def test_many_leases_have_one_thread(quick: taskstate.Engine) -> None:
    before = keepers()
    for number in range(20):
        quick.create("z1", "create", id=f"t{number}")
    leases = quick.claim_many(64, lease=3)
    for lease in leases:
        lease.__enter__()
    for _ in range(1000):
        if keepers() - before:
            break
        threading.Event().wait(0.01)
    assert len(keepers() - before) == 1
    for number in range(20):
        quick.cancel("z1", f"t{number}")
    assert all(heard(lease, "cancel_requested") for lease in leases)
    for lease in leases:
        lease.complete(install_id="i")
        lease.__exit__(None, None, None)


def test_the_background_hears_of_the_end(quick: taskstate.Engine) -> None:
    quick.create("z1", "create", id="t")
    with claimed(quick, lease=0.3) as lease:
        quick.cancel("z1", "t", force=True)
        assert heard(lease, "lost")


def test_the_thread_ends_with_the_engine(path: Path) -> None:
    tasks: taskstate.Engine | None = taskstate.open(path)
    assert tasks is not None
    tasks.create("z1", "create")
    with claimed(tasks) as lease:
        thread = tasks._keeper()._thread
        lease.complete(install_id="i")
    assert thread is not None
    del lease
    tasks.close()
    tasks = None
    assert thread.join(20)


def test_what_is_dropped_leaves_the_schedule(held: taskstate.Lease) -> None:
    schedule = _keeper._Schedule()
    for _ in range(1000):
        schedule.add(held)
        schedule.remove(held)
    assert len(schedule._due) <= 65 and schedule._leases == {}
    assert schedule.pause() is None


def test_a_failed_heartbeat_is_tried_again(held: taskstate.Lease, monkeypatch: pytest.MonkeyPatch) -> None:
    beats: list[float] = []

    def beat(self: taskstate.Lease, at_most: float) -> None:
        beats.append(at_most)
        raise [taskstate.Busy("one"), OSError("two"), taskstate.LeaseLost("three")][len(beats) - 1]

    now = [0.0]
    monkeypatch.setattr(taskstate.Lease, "_beat", beat)
    monkeypatch.setattr(_host, "now", lambda: now[0])
    schedule = _keeper._Schedule()
    schedule.add(held)
    assert schedule.pause() == pytest.approx(10)
    schedule.beat()
    assert beats == []
    now[0] = 10
    schedule.beat()
    assert schedule.pause() == pytest.approx(1)
    now[0] = 11
    schedule.beat()
    now[0] = 12
    schedule.beat()
    assert len(beats) == 3 and schedule.pause() is None
