"""Statements of the host's own in the transaction of a change: all of it or nothing."""

from __future__ import annotations

import asyncio
import math
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Iterator

import pytest
import taskstate
import taskstate.aio
from conftest import claimed, current

INSERT = "INSERT INTO log (zone, id, at, what) VALUES (:taskstate_zone_id, :taskstate_id, :taskstate_now, :what)"


@pytest.fixture
def path(path: Path) -> Path:
    """A database of the host's own."""
    with closing(sqlite3.connect(path)) as host, host:
        host.execute("CREATE TABLE log (zone, id, at, what)")
    return path


@pytest.fixture
def tasks(path: Path) -> Iterator[taskstate.Engine]:
    with taskstate.open(path, adopt=True) as engine:
        yield engine


def rows(path: Path, sql: str = "SELECT zone, id, what FROM log ORDER BY rowid") -> list[Any]:
    with closing(sqlite3.connect(path)) as host:
        return host.execute(sql).fetchall()


def said(what: str) -> list[taskstate.Statement]:
    return [(INSERT, {"what": what})]


def test_every_change_takes_statements(tasks: taskstate.Engine, path: Path) -> None:
    tasks.create("z1", "create", id="a", also=said("create"))
    tasks.start("z1", "a", also=said("start"))
    tasks.annotate("z1", "a", package_slug="s", also=said("annotate"))
    tasks.complete("z1", "a", install_id="i", also=said("complete"))
    tasks.create("z1", "create", id="b")
    tasks.start("z1", "b", lease=30, also=said("start leased"))
    tasks.cancel("z1", "b", force=True, also=said("cancel"))
    tasks.create("z1", "create", id="c", max_attempts=3)
    lease = claimed(tasks, also=said("claim"))
    lease.heartbeat({"href": "/p", "rel": "progress"}, also=said("heartbeat"))
    lease.annotate(package_slug="s", also=said("lease annotate"))
    lease.release(also=said("release"))
    (lease,) = tasks.claim_many(1, also=said("claim many"))
    lease.fail("sorry", also=said("lease fail"))
    tasks.create("z1", "create", id="d")
    for lease in tasks.work(also=said("work")):
        lease.complete(install_id="i", also=said("lease complete"))
        break
    tasks.create("z1", "create", id="e")
    tasks.start("z1", "e")
    tasks.fail("z1", "e", "sorry", also=said("fail"))
    assert tasks.erase("z1", "e", also=said("erase"))
    assert tasks.purge(0, also=said("purge")) == 4
    ends = rows(path)
    assert ends[:-4] == [
        ("z1", "a", "create"),
        ("z1", "a", "start"),
        ("z1", "a", "annotate"),
        ("z1", "a", "complete"),
        ("z1", "b", "start leased"),
        ("z1", "b", "cancel"),
        ("z1", "c", "claim"),
        ("z1", "c", "heartbeat"),
        ("z1", "c", "lease annotate"),
        ("z1", "c", "release"),
        ("z1", "c", "claim many"),
        ("z1", "c", "lease fail"),
        ("z1", "d", "work"),
        ("z1", "d", "lease complete"),
        ("z1", "e", "fail"),
        ("z1", "e", "erase"),
    ]
    assert sorted(ends[-4:]) == [("z1", id, "purge") for id in "abcd"]


def test_they_see_the_time_of_the_change(tasks: taskstate.Engine, path: Path) -> None:
    task = tasks.create("z1", "create", also=said("x"))
    tasks.start("z1", task.id, also=said("y"))
    assert rows(path, "SELECT at FROM log") == [(event.at_us,) for event in tasks.history("z1", task.id)][::-1]


@pytest.mark.parametrize(
    ("value", "stored", "kind"),
    [
        (None, None, "null"),
        (True, 1, "integer"),
        (7, 7, "integer"),
        (-(2**63), -(2**63), "integer"),
        (2**63 - 1, 2**63 - 1, "integer"),
        (1.5, 1.5, "real"),
        (math.inf, math.inf, "real"),
        ("", "", "text"),
        ("h\u00e9 \U0001f600", "h\u00e9 \U0001f600", "text"),
        (b"", b"", "blob"),
        (b"\x00\xff", b"\x00\xff", "blob"),
        (bytearray(b"a"), b"a", "blob"),
        (memoryview(b"abc")[::2], b"ac", "blob"),
        (taskstate.Status.FAILED, "failed", "text"),
    ],
)
def test_values(tasks: taskstate.Engine, path: Path, value: Any, stored: Any, kind: str) -> None:
    sequence = ("INSERT INTO log (what) VALUES (?)", [value])
    colon = ("INSERT INTO log (what) VALUES (:it)", {"it": value})
    spelled = ("INSERT INTO log (what) VALUES ($it)", {"$it": value})
    tasks.create("z1", "create", also=[sequence, colon, spelled])
    assert rows(path, "SELECT what, typeof(what) FROM log") == [(stored, kind)] * 3


def test_values_in_order_leave_out_what_is_filled_in(tasks: taskstate.Engine, path: Path) -> None:
    sql = "INSERT INTO log (zone, id, at, what) VALUES (?, :taskstate_id, ?, ?)"
    tasks.create("z1", "create", id="t", also=[(sql, (1, 2, 3))])
    assert rows(path, "SELECT * FROM log") == [(1, "t", 2, 3)]


def test_a_statement_may_be_text_alone(tasks: taskstate.Engine, path: Path) -> None:
    sql = "INSERT INTO log (id) VALUES (:taskstate_id)"
    tasks.create("z1", "create", id="a", also=sql)
    tasks.create("z1", "create", id="b", also=[sql, sql])
    tasks.create("z1", "create", id="c", also=(each for each in [sql]))
    assert rows(path, "SELECT id FROM log") == [("a",), ("b",), ("b",), ("c",)]


def test_what_fails_undoes_all(tasks: taskstate.Engine, path: Path) -> None:
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.create("z1", "create", id="t", also=[*said("first"), "INSERT INTO nowhere VALUES (1)"])
    assert caught.value.field == "also[1]"
    assert caught.value.outcome is taskstate.Outcome.NOT_DONE
    assert tasks.get("z1", "t") is None
    assert rows(path) == []
    tasks.create("z1", "create", id="t", also=said("second"))
    assert rows(path) == [("z1", "t", "second")]


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE log",
        "UPDATE taskstate_tasks SET status = 2",
        "PRAGMA user_version = 1",
        "COMMIT",
        "INSERT INTO log VALUES (1, 2, 3, 4); SELECT 1",
        "no SQL",
        "",
        "SELECT :unbound",
        "SELECT \ud800",
        "SELECT 1" + " " * 65536,
    ],
)
def test_what_is_refused(tasks: taskstate.Engine, sql: str) -> None:
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.create("z1", "create", id="t", also=[sql])
    assert caught.value.field == "also[0]"
    assert tasks.get("z1", "t") is None


@pytest.mark.parametrize(
    ("also", "message"),
    [
        ([7], r"also\[0\]: must be SQL"),
        (["SELECT 1", ("SELECT 1",)], r"also\[1\]: must be SQL"),
        ([(b"SELECT 1", ())], r"also\[0\]: its SQL must be a str, not bytes"),
        ([("SELECT ?", "x")], r"also\[0\]: its parameters must be a sequence or a mapping, not str"),
        ([("SELECT ?", {1})], r"also\[0\]: its parameters must be a sequence or a mapping, not set"),
        ([("SELECT ?", [object()])], r"also\[0\]: a parameter must be None, a number, text or bytes, not object"),
        ([("SELECT :a", {1: 1})], r"also\[0\]: a parameter's name must be a str, not int"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_statement_is_a_type_error(tasks: taskstate.Engine, also: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        tasks.create("z1", "create", also=also)
    assert len(tasks.list("z1")) == 0


@pytest.mark.parametrize("parameters", [[2**63], [-(2**63) - 1], ["\ud800"], {"\ud800": 1}, {"other": 1}, [1, 2], []])
def test_values_that_do_not_fit(tasks: taskstate.Engine, parameters: Any) -> None:
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.create("z1", "create", also=["SELECT 1", ("SELECT ?", parameters)])
    assert caught.value.field == "also[1]"
    assert len(tasks.list("z1")) == 0


def test_there_may_be_64_of_them(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", also=["SELECT 1"] * 64)
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.create("z1", "create", also=["SELECT 1"] * 65)
    assert caught.value.field == "also[64]"


def test_they_run_only_when_something_changes(tasks: taskstate.Engine, path: Path) -> None:
    tasks.create("z1", "create", id="t", idempotency_key="k", also=said("create"))
    assert tasks.create("z1", "create", idempotency_key="k", also=said("replay")).replayed
    tasks.start("z1", "t")
    tasks.complete("z1", "t", install_id="i")
    tasks.complete("z1", "t", install_id="i", also=said("repetition"))
    assert tasks.claim(also=said("nothing to claim")) is None
    with pytest.raises(taskstate.IllegalTransition):
        tasks.start("z1", "t", also=said("refused"))
    assert rows(path) == [("z1", "t", "create")]


def test_a_lost_lease_writes_nothing(tasks: taskstate.Engine, path: Path) -> None:
    tasks.create("z1", "create", id="t")
    lease = claimed(tasks)
    tasks.cancel("z1", "t", force=True)
    with pytest.raises(taskstate.LeaseLost):
        lease.complete(install_id="i", also=said("zombie"))
    assert rows(path) == [] and current(tasks, "t").status == "failed"


def test_in_an_event_loop(path: Path) -> None:
    async def body() -> None:
        async with taskstate.aio.open(path, adopt=True) as tasks:
            await tasks.create("z1", "create", id="t", also=said("create"))
            lease = await tasks.claim(also=said("claim"))
            assert lease is not None
            await lease.complete(install_id="i", also=said("complete"))
            await tasks.create("z1", "create", id="u")
            await (await tasks.start("z1", "u", lease=5, also=said("start"))).release(also=said("release"))

    asyncio.run(body())
    assert [what for _, _, what in rows(path)] == ["create", "claim", "complete", "start", "release"]


def test_a_statement_that_does_not_end_is_ended_at_the_deadline(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="endless")
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    with pytest.raises(taskstate.Busy) as late:
        tasks.start("z1", "endless", also=[endless], timeout=0.1)
    assert late.value.field == "also[0]"
    assert late.value.outcome is taskstate.Outcome.NOT_DONE
    assert tasks.get("z1", "endless").status == "pending"
