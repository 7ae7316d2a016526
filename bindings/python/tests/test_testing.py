"""What hosts test with."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import taskstate
from taskstate.testing import START, ManualClock, SequentialIds, open_for_tests

pytest_plugins = ["pytester"]


def test_the_clock_goes_where_it_is_told() -> None:
    clock = ManualClock()
    assert clock.now == START and clock() == int(START.timestamp()) * 1_000_000
    clock.advance(1.5)
    clock.advance(timedelta(microseconds=1))
    assert clock.now - START == timedelta(seconds=1, microseconds=500_001)
    clock.advance(-2)
    assert clock.now < START
    clock.set(datetime(2030, 1, 1, tzinfo=timezone.utc))
    assert "2030" in repr(clock)
    with pytest.raises(ValueError):
        clock.set(datetime(2030, 1, 1))


def test_ids_are_in_order() -> None:
    with open_for_tests() as tasks:
        assert tasks.create("z1", "create").id == "00000000-0000-0000-0000-000000000001"
        body = tasks.decide("z1", "nobody").body
        assert body is not None and b"ffffffff-0000-0000-0000-000000000001" in body
        assert tasks.create("z1", "create").id == "00000000-0000-0000-0000-000000000002"


def test_options_reach_the_engine(tmp_path: Path) -> None:
    clock, ids = ManualClock(), SequentialIds()
    options: dict[str, Any] = {"operations": ["repair"], "durability": "relaxed", "pending_limit": 1}
    with open_for_tests(tmp_path / "t.db", clock=clock, ids=ids, **options) as tasks:
        assert tasks.create("z1", "repair").created_at == clock.now
        assert tasks.stats().durability == "relaxed"
        with pytest.raises(taskstate.LimitExceeded):
            tasks.create("z1", "repair")
    assert (tmp_path / "t.db").exists()


def test_nothing_happens_by_itself() -> None:
    clock = ManualClock()
    with open_for_tests(clock=clock) as tasks:
        tasks.create("z1", "create", id="t")
        lease = tasks.claim("w1", lease=30)
        clock.advance(3600)
        task = tasks.get("z1", "t")
        assert lease is not None and task is not None and task.status == "running"
        assert tasks.tick() == 1
        with pytest.raises(taskstate.LeaseLost):
            lease.complete(install_id="i")


HOST_TEST = """
    import pytest
    import taskstate

    @pytest.mark.parametrize("run", range(2))
    def test_a_lost_worker(taskstate_engine, taskstate_clock, run):
        assert len(taskstate_engine.list("z1")) == 0
        task = taskstate_engine.create("z1", "create")
        assert task.created_at == taskstate_clock.now
        with taskstate_engine.claim("w1", lease=3600) as lease:
            taskstate_clock.advance(3601)
            assert taskstate_engine.tick() == 1
            with pytest.raises(taskstate.LeaseLost):
                lease.complete(install_id="i")
        assert taskstate_engine.get("z1", task.id).failure_kind == "lost"

    class TestWithOptions:
        @pytest.fixture
        def taskstate_options(self):
            return {"tombstones": 60, "retention": 10}

        def test_a_purged_task(self, taskstate_engine, taskstate_clock):
            task = taskstate_engine.create("z1", "create")
            taskstate_engine.cancel("z1", task.id)
            taskstate_clock.advance(11)
            assert taskstate_engine.tick() == 1
            assert taskstate_engine.decide("z1", task.id).status == 410
"""


def test_the_fixtures_are_found(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(HOST_TEST)
    result = pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=3)
