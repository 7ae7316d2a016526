"""What is kept for how long: purges, erasure, tombstones, and limits of the file."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import taskstate
import taskstate.aio
from taskstate import _options
from taskstate._native import lib

from conftest import Clock
from test_options import Spy

CANARY = b"canary-5up3r-s3cr3t"


def ended(tasks: taskstate.Engine, id: str, zone: str = "z1", **options: Any) -> None:
    tasks.create(zone, "create", id=id, **options)
    tasks.cancel(zone, id)


def ids(tasks: taskstate.Engine, zone: str = "z1") -> list[str]:
    return sorted(task.id for task in tasks.list(zone))


def test_purge_removes_what_ended_long_ago(tasks: taskstate.Engine, clock: Clock) -> None:
    ended(tasks, "old")
    ended(tasks, "old", "z2")
    tasks.create("z1", "create", id="pending")
    clock.advance(100)
    ended(tasks, "young")
    assert tasks.purge(older_than=101) == 0
    assert tasks.purge(older_than=timedelta(seconds=100), zone="z1") == 1
    assert ids(tasks) == ["pending", "young"] and ids(tasks, "z2") == ["old"]
    assert len(tasks.history("z1", "old")) == 0
    assert tasks.purge(0) == 2
    assert ids(tasks) == ["pending"]
    assert tasks.verify().ok


def test_purge_stops_at_its_limit(tasks: taskstate.Engine) -> None:
    for number in range(7):
        ended(tasks, f"t{number}")
    assert [tasks.purge(0, limit=3) for _ in range(4)] == [3, 3, 1, 0]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"older_than": -1}, "older_than"),
        ({"older_than": float("nan")}, "older_than"),
        ({"older_than": timedelta(days=40000)}, "older_than"),
        ({"older_than": 0, "limit": 0}, "limit"),
        ({"older_than": 0, "zone": "z/1"}, "zone_id"),
    ],
)
def test_purge_has_rules(tasks: taskstate.Engine, given: dict[str, Any], field: str) -> None:
    ended(tasks, "t")
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.purge(**given)
    assert caught.value.field == field
    assert ids(tasks) == ["t"]


def test_a_kept_idempotency_key_keeps_its_task(tasks: taskstate.Engine, clock: Clock) -> None:
    ended(tasks, "t", idempotency_key="k")
    clock.advance(60)
    assert tasks.purge(0) == 0
    assert tasks.create("z1", "create", idempotency_key="k").replayed
    clock.advance(24 * 3600)
    assert tasks.purge(0) == 1


def test_the_housekeeping_purges(path: Path, clock: Clock) -> None:
    with taskstate.open(path, clock=clock, retention=timedelta(days=1)) as tasks:
        ended(tasks, "t")
        clock.advance(86_399)
        assert tasks.tick() == 0
        clock.advance(2)
        assert tasks.tick() == 1
        assert ids(tasks) == []


def test_a_tombstone_keeps_the_id_from_use(path: Path, clock: Clock) -> None:
    with taskstate.open(path, clock=clock, tombstones=60) as tasks:
        ended(tasks, "t")
        tasks.purge(0)
        assert tasks.decide("z1", "t").status == 410
        with pytest.raises(taskstate.AlreadyExists):
            tasks.create("z1", "create", id="t")
        clock.advance(61)
        tasks.tick()
        assert tasks.decide("z1", "t").status == 404
        tasks.create("z1", "create", id="t")


def test_erase_leaves_no_byte(tasks: taskstate.Engine, path: Path) -> None:
    secret = CANARY.decode()
    tasks.create("z1", "create", id="t", package_id=secret, payload=CANARY, idempotency_key="k", actor=secret)
    with pytest.raises(taskstate.IllegalTransition):
        tasks.erase("z1", "t")
    tasks.cancel("z1", "t", reason=secret)
    assert CANARY in b"".join(each.read_bytes() for each in path.parent.iterdir())
    assert tasks.erase("z1", "t") is True
    assert CANARY not in b"".join(each.read_bytes() for each in path.parent.iterdir())
    assert tasks.get("z1", "t") is None
    assert tasks.erase("z1", "t") is False
    assert tasks.verify().ok


def test_erase_says_when_a_reader_keeps_the_old_pages(tasks: taskstate.Engine, path: Path) -> None:
    ended(tasks, "t")
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM sqlite_schema").fetchone() > (0,)
        with pytest.raises(taskstate.Unavailable) as caught:
            tasks.erase("z1", "t", timeout=0.1)
        assert caught.value.outcome is taskstate.Outcome.UNKNOWN
        reader.execute("ROLLBACK")
    assert tasks.get("z1", "t") is None
    assert tasks.erase("z1", "t") is False


def test_in_an_event_loop(path: Path) -> None:
    async def body() -> None:
        async with taskstate.aio.open(path, tombstones=3600) as tasks:
            for id in ("a", "b"):
                await tasks.create("z1", "create", id=id)
                await tasks.cancel("z1", id)
            assert await tasks.erase("z1", "a") is True
            assert await tasks.purge(0, limit=5) == 1
            assert (await tasks.decide("z1", "b")).status == 410

    asyncio.run(body())


# ---- The file --------------------------------------------------------------------------------


def test_the_file_grows_no_further_than_allowed(path: Path) -> None:
    with taskstate.open(path, max_bytes=256 * 1024) as tasks:
        with pytest.raises(taskstate.DiskFull) as caught:
            for number in range(100):
                tasks.create("z1", "create", id=f"t{number}", payload=os.urandom(10_000))
        assert caught.value.outcome is taskstate.Outcome.NOT_DONE
        kept = ids(tasks)
        assert 0 < len(kept) < 30 and tasks.verify().ok
        tasks.cancel("z1", kept[0])
        assert tasks.erase("z1", kept[0])
        tasks.create("z1", "create", payload=b"small")
    assert path.stat().st_size <= 256 * 1024


def test_a_checkpoint_comes_sooner_if_asked_to(path: Path, tmp_path: Path) -> None:
    made = []
    for name, size in (("often.db", 65536), ("seldom.db", 2**30)):
        with taskstate.open(tmp_path / name, checkpoint_bytes=size) as tasks:
            for _ in range(20):
                tasks.create("z1", "create", payload=os.urandom(20_000))
            made.append(tasks.stats().checkpoints)
    assert made[0] > 1 and made[1] == 0
    with pytest.raises(taskstate.InvalidArgument):
        taskstate.open(path, checkpoint_bytes=65535)


def test_durability(path: Path) -> None:
    with taskstate.open(path, durability="relaxed") as tasks:
        tasks.create("z1", "create")
        assert tasks.stats().durability == "relaxed"
    with taskstate.open(path, durability="full") as tasks:
        assert tasks.stats().durability == "full" and len(tasks.list("z1")) == 1
    with taskstate.open(path) as tasks:
        assert tasks.stats().durability == "full"
    with pytest.raises(taskstate.InvalidArgument) as caught:
        taskstate.open(path, durability="some")  # type: ignore[arg-type]
    assert caught.value.field == "durability"


def test_file_mode(path: Path) -> None:
    before = os.umask(0)
    try:
        with taskstate.open(path, file_mode=0o640) as tasks:
            tasks.create("z1", "create")
            assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o640}
    finally:
        os.umask(before)
    for bad in (0o400, 0o700, -1, 2**40):
        with pytest.raises(taskstate.InvalidArgument):
            taskstate.open(path, file_mode=bad)
    with pytest.raises(TypeError, match="file_mode"):
        taskstate.open(path, file_mode="0600")  # type: ignore[arg-type]


def test_migrate(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(_options, "lib", Spy(lib, "tse_options_set_migrate", given))
    taskstate.open(path, migrate="refuse").close()  # a new file is made either way
    taskstate.open(path, migrate="auto").close()
    taskstate.open(path, migrate="manual").close()
    taskstate.open(path).close()
    assert given == [lib.TSE_MIGRATE_REFUSE, lib.TSE_MIGRATE_AUTO, lib.TSE_MIGRATE_MANUAL]
    with pytest.raises(taskstate.InvalidArgument) as caught:
        taskstate.open(path, migrate="maybe")  # type: ignore[arg-type]
    assert caught.value.field == "migrate"


@pytest.mark.parametrize(
    "given",
    [
        {"pending_limit": -1},
        {"idempotency_retention": 0.5},
        {"longest_wait": 3601},
        {"retention": 0.5},
        {"tombstones": -1},
        {"feed_retention": 0},
        {"max_bytes": 65535},
        {"checkpoint_bytes": 2**30 + 1},
    ],
)
def test_options_have_rules(path: Path, given: dict[str, Any]) -> None:
    with pytest.raises(taskstate.InvalidArgument) as caught:
        taskstate.open(path, **given)
    assert caught.value.field == next(iter(given))
    assert not path.exists()
