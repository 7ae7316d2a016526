"""The library calling back: what goes wrong there, and for how long the callables live."""

from __future__ import annotations

import gc
import threading
import uuid
import weakref
from pathlib import Path
from typing import Any, Callable

import pytest
import taskstate
from conftest import Clock
from taskstate import _callbacks


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    causes: list[BaseException] = []

    def hook(failure: Any) -> None:
        assert "taskstate" in str(failure.exc_value)
        causes.append(failure.exc_value.__cause__)

    monkeypatch.setattr(threading, "excepthook", hook)
    return causes


def test_a_failing_clock_stands_still(path: Path, clock: Clock, reported: list[BaseException]) -> None:
    problems: list[Any] = [None, ValueError("first"), SystemExit("second")]

    def broken() -> int:
        if problems[-1] is not None:
            raise problems[-1]
        return clock()

    problems.append(None)
    with taskstate.open(path, clock=broken) as tasks:
        tasks.create("z1", "create", id="t")
        problems.pop()
        clock.advance(10)
        assert tasks.start("z1", "t").updated_at_us == clock.us - 10_000_000
    assert reported and all(cause is problems[-1] for cause in reported)


@pytest.mark.parametrize("wrong", [lambda: None, lambda: "1", lambda: 1.5, lambda: 2**63])
def test_a_clock_must_tell_a_time(path: Path, reported: list[BaseException], wrong: Callable[[], Any]) -> None:
    with taskstate.open(path, clock=wrong) as tasks:
        assert tasks.create("z1", "create").created_at.year >= 2024
    assert reported


def test_failing_ids_are_random(path: Path, reported: list[BaseException]) -> None:
    def broken(kind: str) -> uuid.UUID:
        raise LookupError(kind)

    with taskstate.open(path, ids=broken) as tasks:
        first, second = (tasks.create("z1", "create") for _ in range(2))
    assert uuid.UUID(first.id) != uuid.UUID(second.id)
    assert [str(cause) for cause in reported] == ["task", "task"]


def test_ids_must_be_uuids(path: Path, reported: list[BaseException]) -> None:
    with taskstate.open(path, ids=lambda kind: "t-1") as tasks:  # type: ignore[arg-type, return-value]
        assert uuid.UUID(tasks.create("z1", "create").id)
    assert isinstance(reported[0], TypeError)


def test_a_failing_log_does_not_stop_the_work(damaged: Path, reported: list[BaseException]) -> None:
    def broken(level: str, line: str) -> None:
        raise OSError("full")

    with taskstate.open(damaged, log=broken) as tasks:
        assert tasks.decide("z1", "t7").status == 500
    assert [str(cause) for cause in reported] == ["full"]


def test_callables_live_as_long_as_the_engine(path: Path) -> None:
    clock, ids, log = Clock(), lambda kind: uuid.uuid4(), lambda level, line: None
    alive = [weakref.ref(callback) for callback in (clock, ids, log)]
    tasks = taskstate.open(path, clock=clock, ids=ids, log=log)
    del clock, ids, log
    gc.collect()
    tasks.create("z1", "create")
    assert all(reference() is not None for reference in alive)
    del tasks
    gc.collect()
    assert [reference() for reference in alive] == [None, None, None]


def test_callables_go_when_open_fails(tmp_path: Path) -> None:
    before = len(_callbacks._held)
    for _ in range(3):
        with pytest.raises(taskstate.Error):
            taskstate.open(tmp_path / "no" / "file", clock=Clock(), ids=lambda kind: uuid.uuid4(), log=print)
    gc.collect()
    assert len(_callbacks._held) == before


def test_callbacks_come_from_many_threads(path: Path) -> None:
    seen = set()

    def now() -> int:
        seen.add(threading.get_ident())
        return 1

    with taskstate.open(path, clock=now) as tasks:
        threads = [threading.Thread(target=tasks.create, args=("z1", "create")) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(tasks.list("z1")) == 8
    assert seen
