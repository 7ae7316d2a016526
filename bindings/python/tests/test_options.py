"""Every keyword of open() changes what it says."""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import taskstate
from conftest import Clock
from taskstate import _options
from taskstate._native import lib
from taskstate._records import to_datetime


def test_a_new_file_is_private(path: Path) -> None:
    taskstate.open(str(path)).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_mode(path: Path) -> None:
    modes: list[taskstate.Mode] = ["read_write", "read_only"]
    for mode in modes:
        with pytest.raises(taskstate.Error):
            taskstate.open(path, mode=mode)
        assert not path.exists()
    taskstate.open(path, mode="create").close()
    with taskstate.open(path, mode="read_write") as tasks:
        tasks.create("z1", "create", id="t")
    with taskstate.open(path, mode="read_only") as tasks:
        assert tasks.get("z1", "t") is not None
    with pytest.raises(taskstate.InvalidArgument) as caught:
        taskstate.open(path, mode="rw")  # type: ignore[arg-type]
    assert caught.value.field == "mode"


def test_adopt(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE mine (x)")
    raw.close()
    with pytest.raises(taskstate.NotATaskstateFile):
        taskstate.open(path)
    with taskstate.open(path, adopt=True) as tasks:
        tasks.create("z1", "create", id="t")
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT count(*) FROM mine").fetchone() == (0,)
    raw.close()


@pytest.mark.parametrize("timeout", [0, 0.2, timedelta(milliseconds=200)])
def test_timeout(path: Path, timeout: Any) -> None:
    with taskstate.open(path, timeout=timeout) as tasks:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        with pytest.raises(taskstate.Busy):
            tasks.create("z1", "create")
        waited = time.monotonic() - started
        other.execute("ROLLBACK")
        other.close()
        assert tasks._seconds(None) == (0.2 if timeout else 0)
    assert waited >= (0.19 if timeout else 0)


def test_operations(path: Path) -> None:
    with taskstate.open(path, operations=["upgrade", "repair"]) as tasks:
        assert tasks.create("z1", "repair").operation == "repair"
    with taskstate.open(path, operations=["create"], reconfigure=True) as tasks:
        with pytest.raises(taskstate.InvalidArgument) as caught:
            tasks.create("z1", "upgrade")
        assert caught.value.field == "operation"
    with pytest.raises(taskstate.InvalidArgument):
        taskstate.open(path, operations=["Bad"])


def test_location_and_status_url(path: Path) -> None:
    options = {"location": "/i/{install_id}", "status_url": "/t/{zone_id}/{task_id}"}
    with taskstate.open(path, **options) as tasks:  # type: ignore[arg-type]
        task = tasks.create("z1", "create", id="t")
        assert dict(tasks.accept(task).headers)["Location"] == "/t/z1/t"
        tasks.start("z1", "t")
        tasks.complete("z1", "t", install_id="i1")
        assert dict(tasks.decide("z1", "t").headers)["Location"] == "/i/i1"
    for name in options:
        with pytest.raises(taskstate.InvalidArgument) as caught:
            taskstate.open(path, **{name: "//elsewhere"})  # type: ignore[arg-type]
        assert caught.value.field == name


def test_completed(path: Path) -> None:
    with taskstate.open(path, completed="ok") as tasks:
        tasks.create("z1", "create", id="t")
        tasks.start("z1", "t")
        tasks.complete("z1", "t", install_id="i1")
        assert tasks.decide("z1", "t").status == 200
        assert tasks.decide("z1", "t", completed="see_other").status == 303


def test_retry_after(path: Path, clock: Clock) -> None:
    with taskstate.open(path, retry_after=(3, 5), clock=clock) as tasks:
        tasks.create("z1", "create", id="t")
        assert dict(tasks.decide("z1", "t").headers)["Retry-After"] == "3"
        clock.advance(1000)
        assert dict(tasks.decide("z1", "t").headers)["Retry-After"] == "5"
    for bad in [(5, 3), (-1, 3), (1, 86401), (1, 2**40)]:
        with pytest.raises(taskstate.InvalidArgument):
            taskstate.open(path, retry_after=bad)


def test_ignore_bad_request_id(path: Path) -> None:
    with taskstate.open(path, ignore_bad_request_id=True) as tasks:
        tasks.create("z1", "create", id="t")
        assert tasks.decide("z1", "t", headers={"X-Client-Request-ID": "no uuid"}).status == 200


def test_any_filesystem_reaches_the_library(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(_options, "lib", Spy(lib, "tse_options_set_any_filesystem", given))
    taskstate.open(path, any_filesystem=True).close()
    taskstate.open(path).close()
    assert given == [1, 0]


class Spy:
    """The library, and a list of what one of its setters is given."""

    def __init__(self, library: Any, name: str, given: list[int]) -> None:
        self._library = library
        self._name = name
        self._given = given

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._library, name)
        if name != self._name:
            return function

        def spied(options: Any, value: Any, error: Any) -> Any:
            self._given.append(value)
            return function(options, value, error)

        return spied


def fail_a_look_up(path: Path, **options: Any) -> None:
    """Opens a damaged file and asks for a task, which is worth a line in the log."""
    with taskstate.open(path, **options) as tasks:
        assert tasks.decide("z1", "t7").status == 500


def test_log_goes_to_stderr_unless_told_otherwise(damaged: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fail_a_look_up(damaged)
    line = capfd.readouterr().err
    assert "corrupt" in line and line.endswith("\n")


def test_log_file(damaged: Path, tmp_path: Path) -> None:
    log = tmp_path / "tasks.log"
    fail_a_look_up(damaged, log_file=log)
    once = log.read_text()
    assert "corrupt" in once and once.endswith("\n")
    fail_a_look_up(damaged, log_file=str(log))
    assert log.read_text().startswith(once) and len(log.read_text()) > len(once)


def test_log_to_a_callable(damaged: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lines: list[tuple[str, str]] = []
    fail_a_look_up(damaged, log=lambda level, line: lines.append((level, line)))
    assert [level for level, _ in lines] == ["error"]
    assert "corrupt" in lines[0][1] and not lines[0][1].endswith("\n")
    assert capfd.readouterr().err == ""


def test_log_to_a_logger(damaged: Path, caplog: pytest.LogCaptureFixture) -> None:
    fail_a_look_up(damaged, log=logging.getLogger("taskstate.test"))
    assert [(record.name, record.levelno) for record in caplog.records] == [("taskstate.test", logging.ERROR)]
    assert "corrupt" in caplog.text


def test_log_level(damaged: Path) -> None:
    lines: list[str] = []
    fail_a_look_up(damaged, log=lambda level, line: lines.append(line), log_level="off")
    assert lines == []
    fail_a_look_up(damaged, log=lambda level, line: lines.append(line), log_level="error")
    assert len(lines) == 1
    with pytest.raises(taskstate.InvalidArgument) as caught:
        taskstate.open(damaged, log_level="loud")  # type: ignore[arg-type]
    assert caught.value.field == "log_level"


def test_clock_in_microseconds_or_as_datetime(path: Path, clock: Clock) -> None:

    with taskstate.open(path, clock=clock) as tasks:
        assert tasks.create("z1", "create").created_at_us == clock.us
    with taskstate.open(path, clock=lambda: to_datetime(clock.us + 1)) as tasks:
        assert tasks.create("z1", "create").created_at_us == clock.us + 1


def test_the_clock_is_the_systems_unless_given(path: Path) -> None:
    with taskstate.open(path) as tasks:
        assert abs(tasks.create("z1", "create").created_at.timestamp() - time.time()) < 5


def test_ids(path: Path) -> None:

    asked = []

    def make(kind: str) -> uuid.UUID:
        asked.append(kind)
        return uuid.UUID(int=len(asked))

    with taskstate.open(path, ids=make) as tasks:
        assert tasks.create("z1", "create").id == "00000000-0000-0000-0000-000000000001"
        body = tasks.decide("z1", "unknown").body
        assert body is not None and b"00000000-0000-0000-0000-000000000002" in body
    assert asked == ["task", "request"]


def test_memory_is_private(tmp_path: Path) -> None:
    with taskstate.open(":memory:") as a, taskstate.open(":memory:") as b:
        a.create("z1", "create", id="t")
        assert b.get("z1", "t") is None
    assert os.listdir(tmp_path) == []


def test_every_setter_has_a_keyword() -> None:
    setters = {name for name in dir(lib) if name.startswith(("tse_options_set_", "tse_options_add_"))}
    names = {name.split("_", 3)[3] for name in setters}
    renamed = {"operation": "operations", "log_callback": "log"}
    assert {renamed.get(name, name) for name in names} == set(_options.Options._fields)


@pytest.mark.parametrize("relative", [False, True])
def test_a_path_is_not_simplified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, relative: bool) -> None:
    (tmp_path / "releases" / "7").mkdir(parents=True)
    (tmp_path / "current").symlink_to("releases/7")
    monkeypatch.chdir(tmp_path)
    path = "current/../tasks.db" if relative else f"{tmp_path}/current/../tasks.db"
    sqlite3.connect(path).close()
    with taskstate.open(path, adopt=True, log_file=path + ".log") as tasks:
        tasks.create("z1", "create", id="t")
        tasks.backup(path + ".copy")
        monkeypatch.chdir("/")
        tasks.reopen()
        assert tasks.get("z1", "t") is not None
    assert [entry.name for entry in tmp_path.iterdir() if "tasks.db" in entry.name] == []
    assert (tmp_path / "releases" / "tasks.db").stat().st_size > 0
    assert (tmp_path / "releases" / "tasks.db.log").exists()


def test_a_working_directory_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(taskstate.Error):
        taskstate.open("tasks.db")
    with taskstate.open(tmp_path / "tasks.db") as tasks:
        tasks.create("z1", "create")


def test_settings_of_the_file(path: Path) -> None:
    with taskstate.open(path, pending_limit=1, operations=["report"]) as first, taskstate.open(path) as second:
        second.create("z1", "report", id="a")
        with pytest.raises(taskstate.LimitExceeded):
            second.create("z1", "report")
        other: dict[str, Any] = {
            "operations": ("create",),
            "location": "/elsewhere",
            "status_url": "/tasks/{task_id}",
            "completed": "ok",
            "retry_after": (0, 1),
            "ignore_bad_request_id": True,
            "adopt_request_id": True,
            "running_limit": 2,
            "pending_limit": 0,
            "idempotency_retention": 60,
            "retention": 60,
            "result_retention": 60,
            "tombstones": 60,
            "feed_retention": 60,
        }
        for name, value in other.items():
            with pytest.raises(taskstate.InvalidArgument, match="with reconfigure") as refused:
                taskstate.open(path, **{name: value})
            assert refused.value.field == name
        taskstate.open(path, pending_limit=1, adopt_request_id=False, ignore_bad_request_id=False).close()
        taskstate.open(path, **other, reconfigure=True).close()
        assert first.get("z1", "a") is not None
        first.create("z1", "create", id="b")
        with pytest.raises(taskstate.InvalidArgument, match="not allowed here"):
            first.create("z1", "report")
