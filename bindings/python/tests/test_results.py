from __future__ import annotations

from pathlib import Path

import pytest
import taskstate
from conftest import Clock, claimed
from taskstate import StoredResult, aio


def running(tasks: taskstate.Engine, id: str) -> None:
    tasks.create("z1", "create", id=id)
    tasks.start("z1", id)


def test_a_completed_task_stores_what_it_produced(tasks: taskstate.Engine) -> None:
    running(tasks, "t")
    with pytest.raises(taskstate.NotFound, match="running and has no result yet"):
        tasks.result("z1", "t")
    done = tasks.complete("z1", "t", result=b"id\x00name", media_type="text/csv; charset=utf-8")
    assert done.result_media_type == "text/csv; charset=utf-8" and done.install_id is None
    assert b"csv" not in done.json
    assert tasks.result("z1", "t") == StoredResult(b"id\x00name", "text/csv; charset=utf-8")
    answer = tasks.decide("z1", "t")
    assert answer.status == 303 and dict(answer.headers)["Location"] == "/zones/z1/catalog_tasks/t/result"
    assert tasks.complete("z1", "t", result=b"id\x00name", media_type="text/csv; charset=utf-8") == done
    with pytest.raises(taskstate.IllegalTransition):
        tasks.complete("z1", "t", result=b"other", media_type="text/csv; charset=utf-8")


def test_a_result_may_be_empty_and_has_a_media_type(tasks: taskstate.Engine) -> None:
    running(tasks, "t")
    with pytest.raises(taskstate.InvalidArgument) as refused:
        tasks.complete("z1", "t", result=b"x")
    assert refused.value.field == "media_type"
    with pytest.raises(taskstate.InvalidArgument) as refused:
        tasks.complete("z1", "t", result=bytes(2**20 + 1), media_type="a/b")
    assert refused.value.field == "result"
    tasks.complete("z1", "t", media_type="a/b")
    assert tasks.result("z1", "t") == StoredResult(b"", "a/b")


def test_leases_and_batches_store_results(tasks: taskstate.Engine) -> None:
    for id in ("a", "b", "c"):
        tasks.create("z1", "create", id=id)
    claimed(tasks).complete(result=b"a", media_type="a/b")
    lease = claimed(tasks)
    tasks.start("z1", "c")
    batch = taskstate.Batch().complete_leased(lease, result=b"b", media_type="a/b")
    batch.complete("z1", "c", result=b"c", media_type="a/b")
    assert all(result.ok for result in tasks.run(batch))
    assert [tasks.result("z1", id).data for id in ("a", "b", "c")] == [b"a", b"b", b"c"]


def test_a_result_ends_with_its_retention(path: Path, clock: Clock) -> None:
    with taskstate.open(path, clock=clock, result_retention=60) as tasks:
        running(tasks, "t")
        tasks.complete("z1", "t", result=b"x", media_type="a/b")
        clock.advance(60)
        tasks.tick()
        with pytest.raises(taskstate.NotFound, match="retention is over"):
            tasks.result("z1", "t")
        assert tasks.decide("z1", "t").status == 303


async def _read(path: Path) -> StoredResult:
    async with await aio.open(path) as tasks:
        return await tasks.result("z1", "t")


def test_a_coroutine_reads_it_too(tasks: taskstate.Engine, path: Path) -> None:
    import asyncio

    running(tasks, "t")
    tasks.complete("z1", "t", result=b"x", media_type="a/b")
    assert asyncio.run(_read(path)) == StoredResult(b"x", "a/b")
