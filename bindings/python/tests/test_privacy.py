"""What a client may never read: texts of exceptions, names of workers, paths of files."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest
import taskstate
from taskstate.testing import ManualClock

CANARY = "canary-5up3r-s3cr3t"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def tasks(tmp_path: Path, clock: ManualClock) -> Iterator[taskstate.Engine]:
    directory = tmp_path / CANARY
    directory.mkdir()
    with taskstate.open(directory / f"{CANARY}.db", clock=clock, operations=["repair"]) as engine:
        yield engine


def assert_private(tasks: taskstate.Engine, id: str) -> None:
    for method in ("GET", "HEAD"):
        for headers in ({}, {"If-None-Match": '"x"'}, {"X-Client-Request-ID": "no uuid"}):
            answer = tasks.decide("z1", id, headers=headers, method=method)
            assert CANARY.encode() not in (answer.body or b"")
            assert CANARY not in repr(answer.headers)
            assert b"Traceback" not in (answer.body or b"")
    task = tasks.get("z1", id)
    if task is not None:
        assert CANARY.encode() not in task.json
        assert CANARY.encode() not in (tasks.accept(task).body or b"")


def claimed(tasks: taskstate.Engine) -> taskstate.Lease:
    lease = tasks.claim(CANARY, actor=CANARY)
    assert lease is not None
    return lease


def explode() -> None:
    raise RuntimeError(CANARY)


@pytest.mark.parametrize("attempts", [1, 2])
@pytest.mark.parametrize("end", ["raise", "task_failed", "release", "lost", "force", "running", "complete"])
def test_no_way_to_end_tells_the_client(tasks: taskstate.Engine, clock: ManualClock, end: str, attempts: int) -> None:
    payload = CANARY.encode()
    tasks.create("z1", "create", id="t", payload=payload, max_attempts=attempts, actor=CANARY, request_id=CANARY)
    lease = claimed(tasks)
    assert lease.payload == payload
    assert_private(tasks, "t")
    if end == "raise":
        with pytest.raises(RuntimeError):
            with lease:
                explode()
    elif end == "task_failed":
        with lease:
            try:
                explode()
            except RuntimeError as error:
                raise taskstate.TaskFailed("The package is gone.") from error
    elif end == "release":
        lease.release()
    elif end == "lost":
        clock.advance(31)
        tasks.tick()
    elif end == "force":
        tasks.cancel("z1", "t", force=True, actor=CANARY)
    elif end == "complete":
        lease.complete(install_id="i", actor=CANARY)
    assert_private(tasks, "t")
    whole = repr([(event.worker, event.message, event.detail) for event in tasks.history("z1", "t")])
    assert CANARY in whole  # the operator does read it
    if end in ("raise", "task_failed"):
        task = tasks.get("z1", "t")
        assert task is not None and CANARY in (task.error_detail or "")


def test_no_failure_tells_the_client(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t")
    assert_private(tasks, "nobody")
    tasks.close()
    assert_private_answer(tasks)


def assert_private_answer(tasks: taskstate.Engine) -> None:
    answer = tasks.decide("z1", "t")
    assert answer.status == 503 and CANARY.encode() not in (answer.body or b"")


def test_no_error_of_a_worker_tells_the_client(tasks: taskstate.Engine, clock: ManualClock) -> None:
    tasks.create("z1", "create", id="t")
    lease = claimed(tasks)
    clock.advance(31)
    tasks.tick()
    for attempt in (lease.complete, lease.heartbeat, lambda: tasks.lease(CANARY)):
        with pytest.raises(taskstate.Error) as caught:
            attempt()
        assert CANARY not in str(caught.value)
        assert CANARY.encode() not in (tasks.accept(caught.value).body or b"")
