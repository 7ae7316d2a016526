"""Programs of random operations on an engine and, beside it, on a small model of what it must do.

    TSE_MODEL_PROGRAMS=10000 TSE_SEED=1 pytest test_model.py

A program on which they differ is made shorter by hypothesis and printed.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Callable, Optional, Union

import taskstate
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from taskstate.testing import ManualClock, open_for_tests

from conftest import campaigns

LOST = "The worker stopped before the task was finished."
CANCELLED = "The task was cancelled."
LEASE_S = 30
OPERATIONS_EACH = 30

ids = st.sampled_from(["1", "2", "3", "4"])
installs = st.sampled_from([None, "i1", "i2"])
#: A key, or a lease by how far back it was handed out.
targets = st.one_of(ids, st.integers(0, 3))


@dataclass
class Task:
    """What the model knows of a task."""

    id: str
    created: float
    order: int
    max_attempts: int = 1
    status: str = "pending"
    revision: int = 1
    attempt: int = 0
    install_id: Optional[str] = None
    error_message: Optional[str] = None
    failure_kind: Optional[str] = None
    cancel_requested: bool = False
    held: Optional[int] = None  # by the lease of this number
    last: Optional[int] = None  # lease that it had, if any
    end: float = 0
    outcome: Optional[tuple[str, Optional[str]]] = None

    def move(self, status: str) -> None:
        self.status = status
        self.revision += 1

    def fail(self, kind: str, message: str) -> None:
        self.revision += self.status == "pending"  # it goes through running
        self.move("failed")
        self.failure_kind, self.error_message, self.held = kind, message, None

    @property
    def ended(self) -> bool:
        return self.status in ("completed", "failed")

    @property
    def offered(self) -> bool:
        """Running, and waiting for a new attempt."""
        return self.status == "running" and self.last is not None and self.held is None


class Refused(Exception):
    """What the model says where the engine raises the error of this code."""


class Programs(RuleBasedStateMachine):
    """One program: each rule is run on both sides, and gives the same."""

    run = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).run += 1
        self.clock = ManualClock()
        self.engine = open_for_tests(clock=self.clock)
        self.now = 0.0
        self.tasks: dict[str, Task] = {}
        self.leases: list[taskstate.Lease] = []
        self.leased: list[Task] = []  # the model's side of them
        self.created = 0
        self.tags: dict[str, tuple[str, int]] = {}  # what each stands for

    def teardown(self) -> None:
        self.engine.close()

    # ---- The changes

    @rule(id=ids, attempts=st.integers(1, 2))
    def create(self, id: str, attempts: int) -> None:
        def expected() -> Task:
            if id in self.tasks:
                raise Refused("already_exists")
            self.created += 1
            self.tasks[id] = Task(id, self.now, self.created, attempts)
            return self.tasks[id]

        self.both(expected, lambda: self.engine.create("z", "create", id=id, max_attempts=attempts))

    @rule(id=ids)
    def start(self, id: str) -> None:
        def expected() -> Task:
            task = self.found(id)
            if task.status != "pending":
                raise Refused("illegal_transition")
            task.attempt += 1
            task.move("running")
            return task

        self.both(expected, lambda: self.engine.start("z", id))

    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        self.expire()
        runnable = [task for task in self.oldest_first() if task.status == "pending" or task.offered]
        granted = self.engine.claim_many(limit, "w", lease=LEASE_S)
        assert [lease.task.id for lease in granted] == [task.id for task in runnable[:limit]]
        epochs = {lease.epoch for lease in self.leases}
        for lease, task in zip(granted, runnable):
            assert lease.epoch not in epochs
            task.attempt += 1
            task.held = task.last = len(self.leases)
            task.end = self.now + LEASE_S
            task.move("running")
            self.leases.append(lease)
            self.leased.append(task)
            self.same(task, lease.task)

    @rule(whose=targets, install=installs)
    def complete(self, whose: Union[str, int], install: Optional[str]) -> None:
        def expected() -> Task:
            task, known = self.aimed_at(whose), ("completed", install)
            if task.ended:
                return self.repeated(task, known)
            self.must_run(task)
            if task.install_id is None and install is None:
                raise Refused("invalid_argument")
            if install is not None and task.install_id not in (None, install):
                raise Refused("invalid_argument")
            task.install_id, task.outcome, task.held = install or task.install_id, known, None
            task.move("completed")
            return task

        if isinstance(whose, str):
            self.both(expected, lambda: self.engine.complete("z", whose, install_id=install))
        elif self.has_lease(whose):
            self.both(expected, lambda: self.leases[-1 - whose].complete(install_id=install))

    @rule(whose=targets, message=st.sampled_from(["It broke.", "It broke again."]))
    def fail(self, whose: Union[str, int], message: str) -> None:
        def expected() -> Task:
            task, known = self.aimed_at(whose), ("failed", message)
            if task.ended:
                return self.repeated(task, known)
            self.must_run(task)
            task.outcome = known
            task.fail("cancelled" if task.cancel_requested else "failed", message)
            return task

        if isinstance(whose, str):
            self.both(expected, lambda: self.engine.fail("z", whose, message))
        elif self.has_lease(whose):
            self.both(expected, lambda: self.leases[-1 - whose].fail(message))

    @rule(back=st.integers(0, 3))
    def heartbeat(self, back: int) -> None:
        if not self.has_lease(back):
            return
        task = self.leased[-1 - back]
        held = self.is_held(back)
        try:
            beat = self.leases[-1 - back].heartbeat()
        except taskstate.LeaseLost:
            assert not held
            return
        assert held and self.leases[-1 - back].cancel_requested == task.cancel_requested, beat
        task.end = self.now + LEASE_S

    @rule(back=st.integers(0, 3))
    def release(self, back: int) -> None:
        def expected() -> Task:
            if not self.is_held(back):
                raise Refused("lease_lost")
            task = self.leased[-1 - back]
            self.give_back(task)
            return task

        if self.has_lease(back):
            self.both(expected, lambda: self.leases[-1 - back].release())

    @rule(id=ids, force=st.booleans())
    def cancel(self, id: str, force: bool) -> None:
        def expected() -> Task:
            task = self.found(id)
            if task.ended and task.failure_kind != "cancelled":
                raise Refused("illegal_transition")
            if task.ended:
                return task
            if task.status == "pending" or task.offered or force:
                task.fail("cancelled", CANCELLED)
            elif not task.cancel_requested:
                task.cancel_requested = True
                task.move("running")
            return task

        self.both(expected, lambda: self.engine.cancel("z", id, force=force))

    @rule(id=ids)
    def erase(self, id: str) -> None:
        task = self.tasks.get(id)
        try:
            erased = self.engine.erase("z", id)
        except taskstate.IllegalTransition:
            assert task is not None and not task.ended
            return
        assert erased == (task is not None) and (task is None or task.ended)
        self.tasks.pop(id, None)

    # ---- Time

    @rule(seconds=st.sampled_from([1, 10, 30, 3600]))
    def advance(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.now += seconds

    @rule()
    def tick(self) -> None:
        assert self.engine.tick() == self.expire()

    # ---- Look-ups

    @rule(limit=st.integers(1, 3), back=st.booleans())
    def list(self, limit: int, back: bool) -> None:
        """Page by page, there or there and back."""
        expected = sorted(self.tasks.values(), key=lambda task: (task.created, task.id), reverse=True)
        pages = [self.engine.list("z", limit=limit)]
        while pages[-1].after_cursor is not None:
            pages.append(self.engine.list("z", limit=limit, after=pages[-1].after_cursor))
        given = [task for page in pages for task in page]
        assert len(given) == len(expected)
        for want, task in zip(expected, given):
            self.same(want, task)
        if back and len(pages) > 1:
            assert self.engine.list("z", limit=limit, before=pages[-1].before_cursor).items == pages[-2].items

    @rule(id=ids, known=st.booleans())
    def decide(self, id: str, known: bool) -> None:
        task = self.tasks.get(id)
        answer = self.engine.decide("z", id)
        headers = dict(answer.headers)
        if task is None:
            assert answer.status == 404
            return
        assert answer.status == (303 if task.status == "completed" else 200)
        assert headers.get("Location") == (
            f"/zones/z/installs/{task.install_id}" if task.status == "completed" else None
        )
        wait = None if task.ended else str(int(min(max((self.now - task.created) // 10, 1), 30)))
        assert headers.get("Retry-After") == wait
        if task.status == "completed":
            return
        stands_for = (f"{id} {task.created}", task.revision)
        assert self.tags.setdefault(headers["ETag"], stands_for)[1] == task.revision
        tag = headers["ETag"] if known else '"another"'
        again = self.engine.decide("z", id, headers={"If-None-Match": tag})
        assert again.status == (304 if known else 200)

    # ---- What both sides share

    def both(self, expected: Callable[[], Task], given: Callable[[], taskstate.Task]) -> None:
        try:
            want: Union[Task, str] = expected()
        except Refused as refusal:
            want = str(refusal)
        try:
            task = given()
        except taskstate.Error as error:
            assert error.code == want, f"{error.code}, not {want}"
            return
        assert isinstance(want, Task), f"done, not {want}"
        self.same(want, task)

    @staticmethod
    def same(want: Task, task: taskstate.Task) -> None:
        names = ("id", "status", "revision", "attempt", "max_attempts", "install_id", "error_message", "failure_kind")
        for name in (*names, "cancel_requested"):
            assert getattr(task, name) == getattr(want, name), f"{name}: {getattr(task, name)}, not {want}"
        assert (task.worker is not None) == (want.held is not None)

    def found(self, id: str) -> Task:
        if id not in self.tasks:
            raise Refused("not_found")
        return self.tasks[id]

    def oldest_first(self) -> list[Task]:
        return sorted(self.tasks.values(), key=lambda task: task.order)

    def has_lease(self, back: int) -> bool:
        return back < len(self.leases)

    def is_held(self, back: int) -> bool:
        task, number = self.leased[-1 - back], len(self.leases) - 1 - back
        return self.tasks.get(task.id) is task and task.held == number

    def aimed_at(self, target: Union[str, int]) -> Task:
        """The task that a change by its key, or by the holder of a lease, concerns."""
        if isinstance(target, str):
            task = self.found(target)
            if task.status == "running" and task.last is not None:
                raise Refused("lease_lost")
            return task
        task, number = self.leased[-1 - target], len(self.leases) - 1 - target
        if not self.is_held(target) and not (self.tasks.get(task.id) is task and task.last == number and task.outcome):
            raise Refused("lease_lost")
        return task

    @staticmethod
    def repeated(task: Task, outcome: tuple[str, Optional[str]]) -> Task:
        if task.outcome != outcome:
            raise Refused("illegal_transition")
        return task

    @staticmethod
    def must_run(task: Task) -> None:
        if task.status != "running":
            raise Refused("illegal_transition")

    @staticmethod
    def give_back(task: Task) -> None:
        if task.cancel_requested:
            task.fail("cancelled", CANCELLED)
        elif task.attempt >= task.max_attempts:
            task.fail("lost", LOST)
        else:
            task.held = None
            task.move("running")

    def expire(self) -> int:
        due = [task for task in self.tasks.values() if task.held is not None and task.end <= self.now]
        for task in due:
            self.give_back(task)
        return len(due)


def test_the_engine_does_what_the_model_does() -> None:
    chosen = int(os.environ.get("TSE_SEED", "1"))
    programs = int(os.environ.get("TSE_MODEL_PROGRAMS", "500"))
    seconds = float(os.environ.get("TSE_SECONDS", "0"))
    end = time.monotonic() + seconds
    how = settings(
        max_examples=programs,
        stateful_step_count=OPERATIONS_EACH,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    first = Programs.run
    violations = 1
    try:
        run_state_machine_as_test(seed(chosen)(Programs), settings=how)
        while time.monotonic() < end:
            chosen += 1
            run_state_machine_as_test(seed(chosen)(Programs), settings=how)
        violations = 0
    finally:
        count = Programs.run - first
        campaigns.append(f"campaign: model-python: {count} programs, {violations} violations, seed {chosen}")
