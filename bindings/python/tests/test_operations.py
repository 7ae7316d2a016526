from __future__ import annotations

import sqlite3
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import taskstate
from conftest import START_US, Clock
from taskstate import Status

LINK = {
    "href": "/docs/a",
    "rel": "help",
    "properties": {"http://example.com/p": 1.5},
    "titles": {"en": "A"},
    "type": "text/html",
}
WARNING = {
    "code": "validation_error",
    "details": [{"code": "bad_request", "field": "$.a", "message": "m"}],
    "message": "kept",
    "path": "/x",
    "request_id": "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e",
    "status": 0,
    "timestamp": "2019-12-27T18:11:19.117Z",
}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_task_from_birth_to_completion(tasks: taskstate.Engine, clock: Clock) -> None:
    task = tasks.create("z1", "create", package_id="pkg_1")
    assert task.status is Status.PENDING
    assert task.revision == 1
    clock.advance(1)
    task = tasks.start("z1", task.id)
    assert task.status is Status.RUNNING
    clock.advance(1)
    task = tasks.complete("z1", task.id, install_id="ins_1")
    assert task.status is Status.COMPLETED
    assert task.install_id == "ins_1"
    assert task.revision == 3
    assert task.created_at == datetime(2019, 12, 27, 15, 18, 19, 117000, tzinfo=timezone.utc)
    assert task.updated_at - task.created_at == timedelta(seconds=2)
    assert tasks.get("z1", task.id) == task


def test_create_takes_every_field(tasks: taskstate.Engine) -> None:
    task = tasks.create(
        "z1",
        "delete",
        id="t-1",
        install_id="ins_1",
        package_id="pkg_1",
        package_slug="slüg",
        package_version=0,
        links=[LINK],
        warnings=[WARNING],
        payload=memoryview(b"\x00\xffwork"),
        request_id="req-1",
        traceparent=TRACE,
        actor="api",
        timeout=timedelta(seconds=2),
    )
    assert task.zone_id == "z1"
    assert task.id == "t-1"
    assert task.operation == "delete"
    assert task.install_id == "ins_1"
    assert task.package_id == "pkg_1"
    assert task.package_slug == "slüg"
    assert task.package_version == 0
    assert task.links == [LINK]
    assert task.warnings == [WARNING]
    assert task.client_request_id == "req-1"
    assert task.traceparent == TRACE
    assert task.error_message is None and task.error_detail is None and task.failure_kind is None
    plain = tasks.get("z1", "t-1")
    assert plain is not None and plain.payload is None
    whole = tasks.get("z1", "t-1", payload=True, timeout=1)
    assert whole is not None and whole.payload == b"\x00\xffwork"


def test_an_id_is_made_where_none_is_given(tasks: taskstate.Engine) -> None:
    assert uuid.UUID(tasks.create("z1", "create").id).version == 7


def test_json_is_the_wire_form(tasks: taskstate.Engine) -> None:
    task = tasks.create("z1", "create", id="t", links='[{"href":"/a","rel":"r","properties":{"n":1.50}}]')
    assert task.json == (
        b'{"id":"t","created_at":"2019-12-27T15:18:19.117Z","operation":"create","status":"pending",'
        b'"updated_at":"2019-12-27T15:18:19.117Z","links":[{"href":"/a","rel":"r","properties":{"n":1.50}}]}'
    )
    assert task.links_json == '[{"href":"/a","rel":"r","properties":{"n":1.50}}]'
    assert task.links[0]["properties"]["n"] == 1.5
    assert task.warnings == [] and task.warnings_json is None


def test_annotate_adds_and_ignores_what_is_there(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t")
    first = tasks.annotate("z1", "t", package_slug="s", package_version=3, links=[LINK], warnings=[WARNING])
    assert (first.package_slug, first.package_version, first.links) == ("s", 3, [LINK])
    again = tasks.annotate("z1", "t", links=[LINK], actor="w1")
    assert again == first
    assert again.revision == 2
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.annotate("z1", "t", package_slug="other")
    assert caught.value.field == "package_slug"


def test_fail_keeps_the_detail_private(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t")
    tasks.start("z1", "t")
    task = tasks.fail("z1", "t", "It broke.", error_detail="Traceback ...", warnings=[WARNING])
    assert task.status is Status.FAILED
    assert task.error_message == "It broke."
    assert task.error_detail == "Traceback ..."
    assert task.failure_kind == "failed"
    assert b"Traceback" not in task.json
    assert tasks.fail("z1", "t", "It broke.", error_detail="Traceback ...", warnings=[WARNING]) == task


def test_get_of_nothing_is_none(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t")
    assert tasks.get("z1", "other") is None
    assert tasks.get("z2", "t") is None
    assert tasks.get("z1", "no/id") is None
    assert tasks.get("z1", "lone \ud800 surrogate") is None


def test_history_tells_who_and_when(tasks: taskstate.Engine, clock: Clock) -> None:
    tasks.create("z1", "create", id="t", request_id="r1", actor="api")
    clock.advance(1.5)
    tasks.start("z1", "t", traceparent=TRACE, actor="w1")
    tasks.fail("z1", "t", "sorry", error_detail="why", request_id="r3")
    failed, started, born = tasks.history("z1", "t")
    assert [event.kind for event in (born, started, failed)] == ["created", "started", "failed"]
    assert (born.from_status, born.to_status) == (None, Status.PENDING)
    assert (started.from_status, started.to_status) == (Status.PENDING, Status.RUNNING)
    assert (born.request_id, born.worker, born.at_us) == ("r1", "api", START_US)
    assert (started.traceparent, started.worker) == (TRACE, "w1")
    assert started.at - born.at == timedelta(seconds=1.5)
    assert (failed.message, failed.detail, failed.request_id) == ("sorry", "why", "r3")
    assert [event.revision for event in (born, started, failed)] == [1, 2, 3]
    assert born.sequence < started.sequence < failed.sequence
    assert (born.epoch, born.attempt) == (0, 0)
    assert len(tasks.history("z1", "unknown")) == 0


def test_history_comes_in_pages(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t")
    tasks.create("z1", "create", id="u")
    tasks.start("z1", "t")
    for number in range(4):
        tasks.annotate("z1", "t", package_version=number)
    whole = tasks.history("z1", "t")
    assert [event.revision for event in whole] == [6, 5, 4, 3, 2, 1]
    assert whole.after_cursor is None
    pages = []
    after = None
    while True:
        page = tasks.history("z1", "t", limit=4, after=after)
        pages.append([event.revision for event in page])
        after = page.after_cursor
        if after is None:
            break
        tasks.annotate("z1", "t", package_version=9)
    assert pages == [[6, 5, 4, 3], [2, 1]]
    for wrong in (0, -1, 1001):
        with pytest.raises(taskstate.InvalidArgument) as refused:
            tasks.history("z1", "t", limit=wrong)
        assert refused.value.field == "limit"
    cursor = tasks.history("z1", "t", limit=1).after_cursor
    for id, foreign in (("u", cursor), ("t", "x")):
        with pytest.raises(taskstate.InvalidArgument) as refused:
            tasks.history("z1", id, after=foreign)
        assert refused.value.field == "after"


def test_list_pages_and_filters(tasks: taskstate.Engine, clock: Clock) -> None:
    for number in range(7):
        tasks.create("z1", "create", id=f"t{number}", package_id="a" if number % 2 else "b")
        clock.advance(1)
    tasks.create("z2", "create", id="elsewhere")
    tasks.start("z1", "t0")

    page = tasks.list("z1", limit=3, total=True)
    assert [task.id for task in page] == ["t6", "t5", "t4"]
    assert len(page) == 3 and page.total_count == 7
    assert page.before_cursor is None and page.after_cursor is not None
    older = tasks.list("z1", limit=3, after=page.after_cursor)
    assert [task.id for task in older.items] == ["t3", "t2", "t1"]
    assert older.total_count is None and older.before_cursor is not None
    assert [task.id for task in tasks.list("z1", limit=3, before=older.before_cursor)] == ["t6", "t5", "t4"]

    def ids(**query: object) -> list[str]:
        return [task.id for task in tasks.list("z1", **query)]  # type: ignore[arg-type]

    assert ids(status="running") == ["t0"]
    assert ids(status=[Status.RUNNING, "failed"]) == ["t0"]
    assert ids(status=Status.PENDING, package_id="a") == ["t5", "t3", "t1"]
    assert ids(operation="delete") == []
    assert ids(install_id="ins") == []
    start = datetime(2019, 12, 27, 15, 18, 19, 117000, tzinfo=timezone.utc)
    assert ids(created_from=start + timedelta(seconds=5)) == ["t6", "t5"]
    assert ids(created_from=START_US, created_until=START_US + 1_000_000) == ["t0"]


def test_operators_list_all_zones(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="a")
    tasks.create("z2", "create", id="b", request_id="req-1")
    tasks.create("z1", "create", id="c")
    tasks.cancel("z1", "a")
    assert tasks.claim(worker="w1", zones=["z2"]) is not None

    def ids(**query: object) -> list[str]:
        return [task.id for task in tasks.iterate(None, **query)]  # type: ignore[arg-type]

    assert ids(limit=1) == ["c", "b", "a"]
    assert ids(failure_kind="cancelled") == ["a"]
    assert ids(worker="w1") == ["b"]
    assert ids(client_request_id="req-1") == ["b"]
    assert ids(ref="order 7") == []
    assert tasks.list(None, limit=1, total=True).total_count == 3
    for zone, query in ((None, {"failure_kind": "gone"}), ("", {})):
        with pytest.raises(taskstate.InvalidArgument) as refused:
            tasks.list(zone, **query)
        assert refused.value.field == (next(iter(query)) if query else "zone_id")


def test_iterate_reads_all_pages(tasks: taskstate.Engine, clock: Clock) -> None:
    for number in range(23):
        tasks.create("z1", "create", id=f"t{number:02}")
    listed = [task.id for task in tasks.iterate("z1", limit=5)]
    assert listed == [f"t{number:02}" for number in range(22, -1, -1)]
    assert [task.id for task in tasks.iterate("empty")] == []


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 1001}, {"limit": 2**70}, {"after": "nonsense"}])
def test_list_refuses_what_it_cannot_mean(tasks: taskstate.Engine, query: dict[str, object]) -> None:
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.list("z1", **query)  # type: ignore[arg-type]
    assert caught.value.field == next(iter(query))


def test_a_cursor_belongs_to_its_filter(tasks: taskstate.Engine) -> None:
    for number in range(3):
        tasks.create("z1", "create", id=f"t{number}")
    cursor = tasks.list("z1", limit=1).after_cursor
    with pytest.raises(taskstate.InvalidArgument):
        tasks.list("z1", limit=1, status="pending", after=cursor)
    with pytest.raises(taskstate.InvalidArgument):
        tasks.list("z1", limit=1, after=cursor, before=cursor)


def test_status_filter_must_be_a_status(tasks: taskstate.Engine) -> None:
    with pytest.raises(ValueError, match="not a valid Status"):
        tasks.list("z1", status="finished")


def test_verify_counts_what_it_saw(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t")
    tasks.start("z1", "t")
    report = tasks.verify()
    assert report.ok and report.problems == ()
    assert (report.task_count, report.event_count) == (1, 2)
    assert report.text
    assert "ok" in repr(report)


def test_verify_finds_damage(path: Path) -> None:
    with taskstate.open(path) as tasks:
        tasks.create("z1", "create", id="t")
    with sqlite3.connect(path) as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f'DROP TRIGGER "{name}"')
        raw.execute("DELETE FROM taskstate_events")
    raw.close()
    with taskstate.open(path) as tasks:
        report = tasks.verify()
    assert not report.ok
    assert len(report.problems) > 0
    assert all(isinstance(problem, str) and problem for problem in report.problems)


def test_can_transition() -> None:
    legal = {("pending", "running"), ("running", "completed"), ("running", "failed")}
    for a in Status:
        for b in Status:
            assert taskstate.can_transition(a, b.value) == ((a.value, b.value) in legal)
    with pytest.raises(ValueError):
        taskstate.can_transition("pending", "done")


def test_parse_and_validate() -> None:
    wire = (
        b'{"id":"id","created_at":"2019-12-27T18:11:19.117Z","operation":"create","status":"pending",'
        b'"updated_at":"2019-12-27T18:11:19.117Z","error_message":"error_message"}'
    )
    task = taskstate.parse_task(wire)
    assert task.json == wire
    assert taskstate.parse_task(wire.decode()) == task
    assert (task.zone_id, task.revision, task.error_message) == (None, 0, "error_message")
    with pytest.raises(taskstate.InvalidArgument) as caught:
        taskstate.validate(task)
    assert caught.value.details[0].field == "error_message"
    taskstate.validate(wire.replace(b',"error_message":"error_message"', b""))
    with pytest.raises(taskstate.InvalidArgument):
        taskstate.parse_task(b"{")
