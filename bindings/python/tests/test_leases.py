"""Claims and leases, on a clock that the test moves."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
import taskstate
from taskstate import _calls, _watch
from taskstate._records import to_datetime

from conftest import START_US, Clock, anything, claimed, current, kinds

PROGRESS = {"href": "/p", "rel": "progress", "properties": {"http://x/percent": 50}}


# ---- Claiming --------------------------------------------------------------------------------


def test_a_task_from_claim_to_completion(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t", payload=b"work")
    lease = claimed(tasks, worker="w1", lease=timedelta(seconds=10))
    assert (lease.payload, lease.attempt, lease.cancel_requested, lease.lost) == (b"work", 1, False, False)
    assert lease.epoch >= 1 and lease.token.isascii() and len(lease.token) <= 512
    assert (lease.task.status, lease.task.worker, lease.task.attempt) == ("running", "w1", 1)
    assert tasks.claim() is None
    done = lease.complete(install_id="i1")
    assert lease.task is done and done.status == "completed" and done.worker is None
    assert lease.complete(install_id="i1") == done
    with pytest.raises(taskstate.IllegalTransition):
        lease.fail("sorry")
    assert not lease.lost
    assert [event.worker for event in tasks.history("z1", "t")][::-1] == [None, "w1", "w1"]


def test_claim_takes_what_it_is_told(tasks: taskstate.Engine) -> None:
    for zone in ("z1", "z2", "z3"):
        tasks.create(zone, "create", id="c")
        tasks.create(zone, "delete", id="d", install_id="i")
    assert {lease.task.zone_id for lease in tasks.claim_many(64, zones="z2")} == {"z2"}
    rest = tasks.claim_many(64, "w", zones=["z1", "z3"], operations="delete", actor="boss")
    assert sorted((lease.task.zone_id, lease.task.operation) for lease in rest) == [("z1", "delete"), ("z3", "delete")]
    assert tasks.history("z1", "d").events[0].worker == "boss"
    assert len(tasks.claim_many(1)) == 1
    assert len(tasks.claim_many(64)) == 1
    assert tasks.claim_many(64) == []


@pytest.mark.parametrize("field", ["zones", "operations"])
@pytest.mark.parametrize("wrong", ["", [], [""], ["a", ""], "a,b", ["a,b"]])
def test_no_names_are_not_all_names(tasks: taskstate.Engine, field: str, wrong: object) -> None:
    tasks.create("z1", "create")
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.claim(**{field: wrong})  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize(
    "wrong", [{"lease": 0}, {"lease": float("nan")}, {"worker": ""}, {"wait": -1}, {"wait": float("nan")}]
)
def test_wrong_terms_are_refused(tasks: taskstate.Engine, wrong: dict[str, object]) -> None:
    with pytest.raises(taskstate.InvalidArgument):
        tasks.claim(**wrong)  # type: ignore[arg-type]
    with pytest.raises(taskstate.InvalidArgument):
        tasks.claim_many(0)


def test_running_limit(path: Path) -> None:
    with taskstate.open(path, running_limit=1) as tasks:
        tasks.create("z1", "create")
        tasks.create("z1", "create")
        tasks.create("z2", "create")
        assert sorted(str(lease.task.zone_id) for lease in tasks.claim_many(64)) == ["z1", "z2"]
        assert tasks.claim() is None


def test_not_before(tasks: taskstate.Engine, clock: Clock) -> None:
    later = to_datetime(START_US) + timedelta(seconds=60)
    task = tasks.create("z1", "create", id="t", not_before=later)
    assert task.not_before == later and task.not_before_us == START_US + 60_000_000
    assert tasks.claim() is None
    clock.advance(61)
    assert tasks.tick() == 1
    assert claimed(tasks).task.not_before is None


def test_start_within(tasks: taskstate.Engine, clock: Clock) -> None:
    task = tasks.create("z1", "create", id="t", start_within=timedelta(seconds=5))
    assert task.start_by == to_datetime(START_US + 5_000_000) and task.start_by_us == START_US + 5_000_000
    clock.advance(6)
    assert tasks.tick() == 1
    failed = current(tasks, "t")
    assert (failed.failure_kind, failed.error_message) == ("expired", "The task was not started in time.")
    assert kinds(tasks, "t") == ["created", "expired", "expired"]


def test_start_under_a_lease(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t", payload=b"p", not_before=START_US + 10**9)
    lease = tasks.start("z1", "t", lease=5, worker="w")
    assert (lease.payload, lease.task.worker) == (b"p", "w")
    with pytest.raises(taskstate.LeaseLost):
        tasks.complete("z1", "t", install_id="i")
    lease.complete(install_id="i")
    with pytest.raises(TypeError):
        tasks.start("z1", "t", worker="w")  # type: ignore[call-overload]


# ---- Holding ---------------------------------------------------------------------------------


def test_an_ended_lease_changes_nothing(tasks: taskstate.Engine, clock: Clock) -> None:
    tasks.create("z1", "create", id="t")
    lease = claimed(tasks, worker="secret-worker", lease=10)
    clock.advance(9)
    assert lease.heartbeat() is False
    clock.advance(9)
    assert tasks.tick() == 0
    clock.advance(2)
    assert tasks.tick() == 1
    for attempt in (lease.heartbeat, lease.release, lease.complete, lease.annotate, lambda: lease.fail("m")):
        with pytest.raises(taskstate.LeaseLost):
            attempt()
    assert lease.lost
    failed = current(tasks, "t")
    assert (failed.failure_kind, failed.error_message) == ("lost", "The worker stopped before the task was finished.")
    assert failed.error_detail is not None and "secret-worker" in failed.error_detail


def test_attempts(tasks: taskstate.Engine, clock: Clock) -> None:
    assert tasks.create("z1", "create", id="t", max_attempts=3).max_attempts == 3
    first = claimed(tasks, lease=10)
    clock.advance(11)
    second = claimed(tasks)
    assert (second.attempt, second.epoch > first.epoch) == (2, True)
    assert second.release(delay=5).status == "running"
    assert tasks.claim() is None
    clock.advance(6)
    tasks.tick()
    third = claimed(tasks)
    assert third.release().failure_kind == "lost"
    assert kinds(tasks, "t") == ["created", "started", "lost", "started", "released", "started", "released"]


def test_progress(tasks: taskstate.Engine, clock: Clock) -> None:
    tasks.create("z1", "create", id="t")
    lease = claimed(tasks)
    before = current(tasks, "t").revision
    lease.heartbeat()
    assert current(tasks, "t").revision == before
    lease.heartbeat(PROGRESS)
    clock.advance(2)
    lease.heartbeat('{"href":"/q","rel":"progress"}', lease=60)
    task = current(tasks, "t")
    assert [link["href"] for link in task.links] == ["/q"] and task.revision == before + 2
    with pytest.raises(taskstate.InvalidArgument):
        lease.heartbeat({"href": "/p", "rel": "other"})


def test_a_lease_from_elsewhere(tasks: taskstate.Engine, path: Path, clock: Clock) -> None:
    tasks.create("z1", "create", id="t", payload=b"p", max_attempts=2)
    token = claimed(tasks, worker="w", lease=12).token
    with taskstate.open(path, clock=clock) as other:
        lease = other.lease(token)
        assert (lease.payload, lease.attempt, lease.token, lease.task.worker) == (b"p", 1, token, "w")
        assert lease._rhythm_s() == pytest.approx(4)
        clock.advance(13)
        with pytest.raises(taskstate.LeaseLost):
            other.tick()
            other.lease(token)
        with pytest.raises(taskstate.InvalidArgument):
            other.lease("nonsense")


def test_a_clock_that_was_set_cannot_hurry_the_heartbeats(held: taskstate.Lease) -> None:
    assert held._rhythm_s() == pytest.approx(10)
    held._duration_us = -5
    assert held._rhythm_s() > 0


def test_annotate_under_a_lease(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t")
    lease = claimed(tasks)
    lease.annotate(package_slug="s", links=[{"href": "/a", "rel": "r"}])
    task = tasks.annotate("z1", "t", package_version=2)
    assert (task.package_slug, task.package_version) == ("s", 2)
    assert lease.task.package_slug == "s"


# ---- Cancelling ------------------------------------------------------------------------------


def test_cancel_a_pending_task(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t")
    task = tasks.cancel("z1", "t")
    assert (task.failure_kind, task.error_message) == ("cancelled", "The task was cancelled.")
    assert tasks.cancel("z1", "t") == task
    assert kinds(tasks, "t") == ["created", "cancelled", "cancelled"]
    tasks.create("z1", "create", id="u")
    assert tasks.cancel("z1", "u", reason="Not wanted any more.").error_message == "Not wanted any more."


def test_the_holder_hears_of_cancelling(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t")
    lease = claimed(tasks)
    assert tasks.cancel("z1", "t").cancel_requested
    assert not lease.cancel_requested
    assert lease.heartbeat() is True
    assert lease.cancel_requested
    assert lease.fail("stopped").failure_kind == "cancelled"


def test_force(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t")
    lease = claimed(tasks)
    assert tasks.cancel("z1", "t", force=True).failure_kind == "cancelled"
    with pytest.raises(taskstate.LeaseLost):
        lease.complete(install_id="i")


# ---- Waiting ---------------------------------------------------------------------------------


def later(seconds: float, action: object) -> threading.Timer:
    timer = threading.Timer(seconds, action)  # type: ignore[arg-type]
    timer.start()
    return timer


def test_waiting_ends_with_a_task(path: Path) -> None:
    with taskstate.open(path) as tasks, taskstate.open(path) as other:
        timer = later(0.05, lambda: other.create("z1", "create", id="t"))
        assert claimed(tasks, wait=float("inf")).task.id == "t"
        timer.join()


def test_waiting_ends_with_the_time(tasks: taskstate.Engine) -> None:
    assert tasks.claim(wait=0.05) is None  # the engine has opened what it needs to be told of other processes
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        assert tasks.claim(wait=0.01) is None
        assert tasks.claim_many(3, wait=timedelta(milliseconds=10)) == []
    # Background maintenance may open a reader meanwhile; no wait leaves anything.
    assert len(os.listdir("/proc/self/fd")) < before + 10


def test_waiting_ends_with_a_token(tasks: taskstate.Engine) -> None:
    token = taskstate.CancelToken()
    assert not token.cancelled
    timer = later(0.05, token.cancel)
    with pytest.raises(taskstate.Cancelled):
        tasks.claim(wait=float("inf"), cancel=token)
    timer.join()
    assert token.cancelled and not token._wakers
    with pytest.raises(taskstate.Cancelled):
        tasks.claim(wait=float("inf"), cancel=token)


def test_waiting_ends_with_the_engine(path: Path) -> None:
    tasks = taskstate.open(path)
    timer = later(0.05, tasks.close)
    with pytest.raises(taskstate.Closed):
        tasks.claim(wait=float("inf"))
    timer.join()


def test_waiting_outlives_a_reopening(path: Path) -> None:
    with taskstate.open(path) as tasks:

        def reopen() -> None:
            tasks.reopen()
            tasks.create("z1", "create", id="t")

        timer = later(0.05, reopen)
        while True:
            try:
                assert claimed(tasks, wait=float("inf")).task.id == "t"
                break
            except taskstate.Closed:
                continue
        timer.join()


def test_a_watch_of_a_closed_file_is_not_waited_for(tasks: taskstate.Engine) -> None:
    """It is readable for good, so waiting for it would be no waiting."""
    with _watch.Waiting(tasks, anything) as waiting:
        assert waiting.until(time.monotonic() + 20)
        before = waiting._watch
        tasks.reopen()
        assert waiting.until(time.monotonic() + 20)
        assert waiting._watch is not before


def test_a_token_ends_a_call_that_waits_for_its_turn(path: Path) -> None:
    with taskstate.open(path, timeout=30) as tasks:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        token = taskstate.CancelToken()
        timer = later(0.05, token.cancel)
        with pytest.raises(taskstate.Cancelled):
            tasks.create("z1", "create", cancel=token)
        timer.join()
        other.execute("ROLLBACK")
        other.close()
        with pytest.raises(TypeError):
            tasks.get("z1", "t", cancel=True)  # type: ignore[arg-type]


def test_an_interrupt_after_the_claim_gives_it_back(tasks: taskstate.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks.create("z1", "create", id="t", max_attempts=2)
    require = _calls.require

    def interrupted(result: object, code: int) -> None:
        require(result, code)
        monkeypatch.setattr(_calls, "require", require)
        raise KeyboardInterrupt

    monkeypatch.setattr(_calls, "require", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tasks.claim()
    assert kinds(tasks, "t") == ["created", "started", "released"]
    assert claimed(tasks).attempt == 2


def test_a_claim_names_so_many_zones_and_operations_at_most(tasks: taskstate.Engine) -> None:
    zones, operations = [f"z{i}" for i in range(1001)], [f"o{i}" for i in range(101)]
    assert tasks.claim(zones=zones[:1000], operations=operations[:10]) is None
    for many, field in (
        ({"zones": zones}, "zones"),
        ({"operations": operations}, "operations"),
        ({"zones": zones[:1000], "operations": operations[:11]}, "zones"),
    ):
        with pytest.raises(taskstate.InvalidArgument) as refused:
            tasks.claim(**many)
        assert refused.value.field == field


@pytest.mark.parametrize("field", ["lease", "timeout", "wait"])
def test_nan_is_called_what_it_is(tasks: taskstate.Engine, field: str) -> None:
    with pytest.raises(taskstate.InvalidArgument, match=f"{field}: must be a finite number of seconds"):
        tasks.claim(**{field: float("nan")})
