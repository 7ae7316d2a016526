"""Many changes in one call, each on its own."""

from __future__ import annotations

import asyncio
import pickle
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Iterator

import pytest
import taskstate
import taskstate.aio

from conftest import claimed, current, in_child

LIMIT = 10_000


@pytest.fixture
def locked(path: Path, tasks: taskstate.Engine) -> Iterator[sqlite3.Connection]:
    """Another process's write lock, as it were: no change's turn comes while it is held."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def codes(results: list[taskstate.Result]) -> list[str | None]:
    return [None if result.error is None else result.error.code for result in results]


def test_every_change_in_order(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="l1")
    tasks.create("z1", "create", id="l2")
    first, second = tasks.claim_many(2)
    batch = (
        taskstate.Batch()
        .create("z1", "create", id="a", payload=b"p", links=[{"href": "/x", "rel": "self"}], max_attempts=2)
        .start("z1", "a")
        .annotate("z1", "a", package_slug="s", warnings=[])
        .complete("z1", "a", install_id="i")
        .create("z1", "create", id="b")
        .start("z1", "b")
        .fail("z1", "b", "sorry", error_detail="private")
        .complete_leased(first, install_id="j")
        .fail_leased(second.token, "sorry", "private", package_slug="s")
    )
    assert len(batch) == 9 and repr(batch) == "<Batch of 9 changes>"
    results = tasks.run(batch, request_id="r", actor="me")
    assert all(result.ok and result.error is None for result in results)
    made = [result.value() for result in results]
    assert [(task.id, task.status.value) for task in made] == [
        ("a", "pending"),
        ("a", "running"),
        ("a", "running"),
        ("a", "completed"),
        ("b", "pending"),
        ("b", "running"),
        ("b", "failed"),
        ("l1", "completed"),
        ("l2", "failed"),
    ]
    assert made[0].links == [{"href": "/x", "rel": "self"}] and made[0].max_attempts == 2
    assert made[3] == current(tasks, "a") and made[3].package_slug == "s"
    assert made[6].error_message == "sorry" and made[6].error_detail == "private"
    assert (made[7].install_id, made[8].package_slug, made[8].error_detail) == ("j", "s", "private")
    assert [(event.kind, event.worker, event.request_id) for event in tasks.history("z1", "b")][::-1] == [
        ("created", "me", "r"),
        ("started", "me", "r"),
        ("failed", "me", "r"),
    ]
    assert tasks.verify().ok


def test_one_that_is_refused_leaves_the_others_alone(tasks: taskstate.Engine) -> None:
    batch = taskstate.Batch().create("z1", "create", id="a").start("z1", "none").create("z1", "create", id="b")
    batch.create("z1", "paint").create("z1", "create", id="a").complete("z1", "b", install_id="i").start("z1", "a")
    results = tasks.run(batch)
    assert codes(results) == [
        None, "not_found", None, "invalid_argument", "already_exists", "illegal_transition", None
    ]  # fmt: skip
    refused = results[1]
    assert refused.task is None and not refused.ok
    assert isinstance(refused.error, taskstate.NotFound) and refused.error.outcome is taskstate.Outcome.NOT_DONE
    with pytest.raises(taskstate.NotFound):
        refused.value()
    assert isinstance(results[3].error, taskstate.InvalidArgument) and results[3].error.field == "operation"
    assert refused.error is not None and tasks.accept(refused.error).status == 404
    assert {task.id: task.status.value for task in tasks.list("z1")} == {"a": "running", "b": "pending"}


def test_results_are_values(tasks: taskstate.Engine) -> None:
    made, refused = tasks.run(taskstate.Batch().create("z1", "create", id="a").start("z1", "none"))
    assert made == taskstate.Result(current(tasks, "a"), None) and hash(made) == hash(taskstate.Result(made.task, None))
    assert pickle.loads(pickle.dumps(made)) == made
    assert pickle.loads(pickle.dumps(refused)).error.code == "not_found"
    with pytest.raises(AttributeError):
        made.task = None  # type: ignore[misc]


def test_a_thousand_tasks_of_a_hundred_zones(tasks: taskstate.Engine) -> None:
    specs: list[taskstate.NewTask] = [
        {"zone_id": f"z{number % 100}", "operation": "create", "id": f"t{number}", "package_version": number}
        for number in range(1000)
    ]
    created = tasks.create_many(specs)
    assert [(task.zone_id, task.id, task.package_version) for task in map(taskstate.Result.value, created)] == [
        (f"z{number % 100}", f"t{number}", number) for number in range(1000)
    ]
    assert tasks.stats().pending == 1000
    started = taskstate.Batch()
    for result in created:
        started.start(result.value().zone_id or "", result.value().id)
    assert all(result.ok for result in tasks.run(started))
    completions: list[taskstate.Completion] = [
        {"zone_id": spec["zone_id"], "id": f"t{number}", "install_id": f"i{number}"}
        for number, spec in enumerate(specs)
    ]
    completed = tasks.complete_many(completion for completion in completions)
    assert [result.value().install_id for result in completed] == [f"i{number}" for number in range(1000)]
    stats = tasks.stats()
    assert (stats.completed, stats.changes) == (1000, 3000)
    assert stats.commits < 300
    feed = [event.kind for event in tasks.changes(limit=1000)]
    assert feed == ["created"] * 1000 + ["started"] * 1000 + ["completed"] * 1000
    assert tasks.verify().ok


def test_an_idempotency_key_replays_within_a_batch(tasks: taskstate.Engine) -> None:
    spec: taskstate.NewTask = {"zone_id": "z1", "operation": "create", "idempotency_key": "k"}
    first, second = (result.value() for result in tasks.create_many([spec, spec]))
    assert first.id == second.id and (first.replayed, second.replayed) == (False, True)


def test_a_batch_may_run_again_and_be_cleared(tasks: taskstate.Engine) -> None:
    batch = taskstate.Batch().create("z1", "create")
    first, second = (tasks.run(batch)[0].value() for _ in range(2))
    assert first.id != second.id
    batch.clear()
    assert len(batch) == 0 and tasks.run(batch) == []
    assert len(tasks.run(batch.start("z1", first.id))) == 1


def test_nothing_to_do(tasks: taskstate.Engine) -> None:
    assert tasks.run(taskstate.Batch()) == [] and tasks.create_many([]) == [] and tasks.complete_many(()) == []


# ---- Leases ----------------------------------------------------------------------------------


def test_a_lease_that_a_batch_ended_is_not_given_back(tasks: taskstate.Engine) -> None:
    for id in ("a", "b"):
        tasks.create("z1", "create", id=id, max_attempts=5)
    first, second = tasks.claim_many(2)
    with first, second:
        results = tasks.run(taskstate.Batch().complete_leased(first, install_id="i").fail_leased(second, "sorry"))
        assert [result.value() for result in results] == [first.task, second.task]
    for lease, end in ((first, "completed"), (second, "failed")):
        assert lease.task.status == end and not lease.lost
        assert [event.kind for event in tasks.history("z1", lease.task.id)][::-1] == ["created", "started", end]


def test_a_lease_whose_change_was_refused_is_still_held(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="a", max_attempts=5)
    with claimed(tasks) as lease:
        (result,) = tasks.run(taskstate.Batch().complete_leased(lease))  # it has no result
        assert codes([result]) == ["invalid_argument"] and not lease.lost
    assert [event.kind for event in tasks.history("z1", "a")][::-1] == ["created", "started", "released"]


def test_a_batch_tells_that_a_lease_is_lost(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="a")
    lease = claimed(tasks)
    tasks.cancel("z1", "a", force=True)
    results = tasks.run(
        taskstate.Batch()
        .complete_leased(lease, install_id="i")
        .complete_leased("no token", install_id="i")
        .complete("z1", "a", install_id="i")
    )
    assert codes(results)[0] == "lease_lost" and lease.lost
    assert None not in codes(results)


# ---- What is refused at once -----------------------------------------------------------------


def test_what_cannot_be_read_is_not_added() -> None:
    batch = taskstate.Batch().create("z1", "create")
    with pytest.raises(taskstate.InvalidArgument) as caught:
        batch.create("z1", "create", links="no JSON")
    assert caught.value.field == "links"
    with pytest.raises(taskstate.InvalidArgument):
        batch.fail("z1", "t", "sorry", warnings="[")
    for wrong in (7, None, object()):
        with pytest.raises(TypeError, match="lease: must be a Lease or its token"):
            batch.complete_leased(wrong, install_id="i")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        batch.create("z1", 7)  # type: ignore[arg-type]
    assert len(batch) == 1


def test_what_is_no_batch(tasks: taskstate.Engine) -> None:
    with pytest.raises(TypeError, match="batch: must be a taskstate.Batch, not list"):
        tasks.run([])  # type: ignore[arg-type]


@pytest.mark.parametrize("spec", [{"zone_id": "z1"}, {"zone_id": "z1", "operation": "create", "size": 1}, 7])
def test_what_is_no_spec_is_a_type_error(tasks: taskstate.Engine, spec: Any) -> None:
    with pytest.raises(TypeError):
        tasks.create_many([{"zone_id": "z1", "operation": "create"}, spec])
    assert len(tasks.list("z1")) == 0


def test_it_says_which_spec_cannot_be_read(tasks: taskstate.Engine) -> None:
    good: taskstate.NewTask = {"zone_id": "z1", "operation": "create"}
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.create_many([good, {**good, "links": "no JSON"}])
    assert caught.value.field == "specs[1].links"
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.complete_many([{"zone_id": "z1", "id": "t", "warnings": "no JSON"}])
    assert caught.value.field == "completions[0].warnings"
    assert len(tasks.list("z1")) == 0


def test_too_many(tasks: taskstate.Engine) -> None:
    def specs() -> Iterator[taskstate.NewTask]:
        while True:
            yield {"zone_id": "z1", "operation": "create"}

    with pytest.raises(taskstate.LimitExceeded) as caught:
        tasks.create_many(specs())
    assert caught.value.field == f"specs[{LIMIT}]"
    assert len(tasks.list("z1")) == 0
    batch = taskstate.Batch()
    for _ in range(LIMIT):
        batch.start("z1", "t")
    with pytest.raises(taskstate.LimitExceeded):
        batch.start("z1", "t")
    assert len(batch) == LIMIT
    assert codes(tasks.run(batch)) == ["not_found"] * LIMIT


# ---- Statements ------------------------------------------------------------------------------


def test_statements_run_with_each_change(path: Path) -> None:
    with closing(sqlite3.connect(path)) as host, host:
        host.execute("CREATE TABLE log (id UNIQUE)")
    insert = "INSERT INTO log (id) VALUES (:taskstate_id)"
    with taskstate.open(path, adopt=True) as tasks:
        tasks.create("z1", "create", id="taken", also=insert)
        tasks.start("z1", "taken")
        batch = taskstate.Batch().create("z1", "create", id="a").start("z1", "none").create("z1", "create", id="b")
        results = tasks.run(batch.complete("z1", "taken", install_id="i"), also=[insert])
        assert codes(results) == [None, "not_found", None, "invalid_argument"]
        assert results[3].error is not None and results[3].error.field == "also[0]"
        assert current(tasks, "taken").status == "running"
        (third,) = tasks.create_many([{"zone_id": "z1", "operation": "create", "id": "c"}], also=insert)
        assert third.ok
        with pytest.raises(TypeError):
            tasks.run(batch, also=[7])  # type: ignore[list-item]
    with closing(sqlite3.connect(path)) as host:
        assert [id for (id,) in host.execute("SELECT id FROM log ORDER BY rowid")] == ["taken", "a", "b", "c"]


# ---- Ends ------------------------------------------------------------------------------------


def test_what_is_not_begun_in_time_is_busy(tasks: taskstate.Engine, locked: sqlite3.Connection) -> None:
    batch = taskstate.Batch().create("z1", "create", id="a").create("z1", "paint").create("z1", "create", id="b")
    results = tasks.run(batch, timeout=0.05)
    assert codes(results) == ["busy", "invalid_argument", "busy"]
    assert isinstance(results[0].error, TimeoutError) and results[0].error.outcome is taskstate.Outcome.NOT_DONE
    locked.execute("COMMIT")
    assert codes(tasks.run(batch)) == [None, "invalid_argument", None]


def test_what_is_not_begun_when_cancelled(tasks: taskstate.Engine, locked: sqlite3.Connection) -> None:
    token = taskstate.CancelToken()
    threading.Timer(0.05, token.cancel).start()
    specs: list[taskstate.NewTask] = [{"zone_id": "z1", "operation": "create"}] * 3
    began = time.monotonic()
    assert codes(tasks.create_many(specs, cancel=token, timeout=60)) == ["cancelled"] * 3
    assert time.monotonic() - began < 30  # the call has 60 s
    locked.execute("COMMIT")
    assert len(tasks.list("z1")) == 0


def test_close_ends_what_waits(tasks: taskstate.Engine, locked: sqlite3.Connection) -> None:
    threading.Timer(0.05, tasks.close).start()
    batch = taskstate.Batch().create("z1", "create").create("z1", "create")
    assert codes(tasks.run(batch, timeout=60)) == ["closed"] * 2


def test_a_closed_engine_runs_nothing(tasks: taskstate.Engine) -> None:
    tasks.close()
    with pytest.raises(taskstate.Closed):
        tasks.run(taskstate.Batch().create("z1", "create"))
    with pytest.raises(taskstate.Closed):
        tasks.create_many([])


def test_an_engine_that_only_reads(path: Path, tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="a")
    with taskstate.open(path, mode="read_only") as reader:
        assert codes(reader.run(taskstate.Batch().start("z1", "a"))) == ["read_only"]


def test_others_run_meanwhile(tasks: taskstate.Engine, locked: sqlite3.Connection) -> None:
    """The GIL is released, and the batch is left alone."""
    batch = taskstate.Batch().create("z1", "create", id="a")
    results: list[taskstate.Result] = []
    runner = threading.Thread(target=lambda: results.extend(tasks.run(batch, timeout=60)))
    runner.start()
    while not batch._runs:
        time.sleep(0.001)
    for change in (batch.clear, lambda: batch.start("z1", "a")):
        with pytest.raises(RuntimeError, match="the batch runs"):
            change()
    assert len(batch) == 1
    locked.execute("COMMIT")
    runner.join()
    assert codes(results) == [None]
    assert len(batch.start("z1", "a")) == 2


def test_any_thread_may_add_and_run() -> None:
    batch = taskstate.Batch()

    def each(body: Any) -> None:
        threads = [threading.Thread(target=body, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def add(number: int) -> None:
        for index in range(250):
            batch.create(f"z{number}", "create", package_version=index)

    each(add)
    assert len(batch) == 1000
    with taskstate.open(":memory:") as tasks:
        each(lambda _: tasks.run(batch, timeout=60))
        assert tasks.stats().pending == 4000


def test_a_forked_child_runs_what_its_parent_gathered(path: Path, tasks: taskstate.Engine) -> None:
    batch = taskstate.Batch().create("z1", "create", id="child")
    tasks.create("z1", "create", id="leased", max_attempts=2)
    lease = claimed(tasks)

    def child() -> None:
        batch.create("z1", "create", id="second").complete_leased(lease, install_id="i")
        assert codes(tasks.run(batch)) == [None] * 3
        assert all(result.ok for result in tasks.create_many([{"zone_id": "z1", "operation": "create"}]))

    assert in_child(child) == 0
    assert len(batch) == 1 and codes(tasks.run(batch)) == ["already_exists"]
    assert len(tasks.list("z1")) == 4 and current(tasks, "leased").status == "completed"
    with taskstate.open(path, reopen=False) as strict:

        def stranger() -> None:
            with pytest.raises(taskstate.Forked):
                strict.run(batch)

        assert in_child(stranger) == 0


# ---- Event loops -----------------------------------------------------------------------------


def test_in_an_event_loop(path: Path) -> None:
    async def body() -> None:
        async with taskstate.aio.open(path) as tasks:
            created = await tasks.create_many(
                [{"zone_id": "z1", "operation": "create", "id": id, "max_attempts": 2} for id in "abc"]
            )
            assert [result.value().id for result in created] == ["a", "b", "c"]
            lease = await tasks.claim()
            assert lease is not None
            async with lease:
                batch = taskstate.Batch().complete_leased(lease, install_id="i").start("z1", "b").start("z1", "none")
                assert codes(await tasks.run(batch)) == [None, None, "not_found"]
            assert lease.task.status == "completed"
            assert [event.kind for event in await tasks.history("z1", "a")][::-1] == ["created", "started", "completed"]
            (completed,) = await tasks.complete_many([{"zone_id": "z1", "id": "b", "install_id": "i"}], actor="me")
            assert completed.value().status == "completed"
        with pytest.raises(taskstate.Closed):
            await tasks.run(batch)

    asyncio.run(body())


def test_a_cancelled_coroutine_ends_its_batch(path: Path) -> None:
    async def body() -> None:
        async with taskstate.aio.open(path) as tasks:
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                batch = taskstate.Batch().create("z1", "create")
                running = asyncio.create_task(tasks.run(batch, timeout=60))
                while not batch._runs:
                    await asyncio.sleep(0.001)  # the loop goes on
                running.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await running
                other.execute("COMMIT")
            assert len(await tasks.list("z1")) == 0

    asyncio.run(body())
