"""Every failure is an exception that says what, and whether something may have happened."""

from __future__ import annotations

import os
import pickle
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Callable

import pytest
import taskstate
from taskstate import _errors
from taskstate._native import ffi, lib


def code_names() -> dict[int, str]:
    names = {}
    number = 1
    while lib.tse_code_name(number) != ffi.NULL:
        names[number] = ffi.string(lib.tse_code_name(number)).decode()
        number += 1
    return names


def test_every_code_has_its_exception() -> None:
    names = code_names()
    constants = {name[4:].lower(): getattr(lib, name) for name in dir(lib) if name.startswith("TSE_")}
    assert len(names) == 26
    assert set(_errors.BY_CODE) == set(names.values())
    for number, name in names.items():
        exception = _errors.BY_CODE[name]
        assert constants[name] == number
        assert exception.code == name
        assert exception.__name__ == "".join(part.capitalize() for part in name.split("_"))
        assert getattr(taskstate, exception.__name__) is exception
        assert exception.__name__ in taskstate.__all__


def test_some_are_pythons_own_kinds_too() -> None:
    assert issubclass(taskstate.InvalidArgument, ValueError)
    assert issubclass(taskstate.NotFound, LookupError)
    assert issubclass(taskstate.Busy, TimeoutError)
    assert issubclass(taskstate.AccessDenied, PermissionError)
    assert issubclass(taskstate.NoMemory, MemoryError)


def test_invalid_argument_has_a_detail_per_field(tasks: taskstate.Engine) -> None:
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.create("z/1", "create", package_id="secret\x00", package_version=2**80)
    error = caught.value
    assert error.code == "invalid_argument"
    assert error.outcome is taskstate.Outcome.NOT_DONE
    assert {detail.field for detail in error.details} == {"zone_id", "package_id", "package_version"}
    assert error.field == error.details[0].field
    assert "secret" not in str(error) + str(error.details)


def test_text_that_is_no_unicode_is_refused_by_name(tasks: taskstate.Engine) -> None:
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.create("z1", "create", package_id="\ud800")
    assert caught.value.field == "package_id"
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.create("z1", "create", links=[{"href": "/a", "rel": "r", "properties": {"n": float("nan")}}])
    assert caught.value.field is not None and caught.value.field.startswith("links")


@pytest.mark.parametrize(
    ("keywords", "field"),
    [({"request_id": "a b"}, "request_id"), ({"traceparent": "no"}, "traceparent"), ({"actor": ""}, "actor")],
)
def test_what_a_call_carries_is_checked(tasks: taskstate.Engine, keywords: dict[str, str], field: str) -> None:
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.create("z1", "create", **keywords)  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize("timeout", [-1, -1e300, float("nan")])
def test_a_timeout_must_be_a_time(tasks: taskstate.Engine, timeout: float) -> None:
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.get("z1", "t", timeout=timeout)
    assert "timeout" in (caught.value.field or "")


def test_a_timeout_may_be_endless(tasks: taskstate.Engine) -> None:
    assert tasks.get("z1", "t", timeout=float("inf")) is None


def test_not_found(tasks: taskstate.Engine) -> None:
    for call in (tasks.start, tasks.annotate, tasks.complete):
        with pytest.raises(taskstate.NotFound):
            call("z1", "nobody")
    with pytest.raises(taskstate.NotFound):
        tasks.fail("z1", "nobody", "m")


def test_already_exists(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t")
    with pytest.raises(taskstate.AlreadyExists) as caught:
        tasks.create("z1", "create", id="t")
    assert caught.value.outcome is taskstate.Outcome.NOT_DONE


def test_illegal_transition_names_the_states(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t")
    with pytest.raises(taskstate.IllegalTransition, match="pending.*completed"):
        tasks.complete("z1", "t", install_id="i")


def test_busy_while_another_holds_the_file(path: Path) -> None:
    with taskstate.open(path, timeout=0.05) as tasks:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(taskstate.Busy) as caught:
            tasks.create("z1", "create", id="t")
        assert caught.value.outcome is taskstate.Outcome.NOT_DONE
        other.execute("ROLLBACK")
        other.close()
        assert tasks.get("z1", "t") is None
        assert tasks.create("z1", "create", id="t").revision == 1


def test_read_only(path: Path) -> None:
    taskstate.open(path).close()
    with taskstate.open(path, mode="read_only") as tasks:
        with pytest.raises(taskstate.ReadOnly):
            tasks.create("z1", "create")
        assert tasks.get("z1", "t") is None


def test_not_a_taskstate_file(path: Path) -> None:
    path.write_bytes(b"something else altogether" * 100)
    with pytest.raises(taskstate.NotATaskstateFile):
        taskstate.open(path)
    assert path.read_bytes() == b"something else altogether" * 100


def test_schema_too_new(path: Path) -> None:
    taskstate.open(path).close()
    with sqlite3.connect(path) as raw:
        columns = [row[1] for row in raw.execute("PRAGMA table_info(taskstate_meta)")]
        if "min_reader" in columns:
            raw.execute("DROP TRIGGER IF EXISTS taskstate_meta_change")
            raw.execute("UPDATE taskstate_meta SET schema = 99, min_reader = 99, min_writer = 99")
        else:
            raw.execute("UPDATE taskstate_meta SET value = 99 WHERE key IN ('schema', 'min_reader', 'min_writer')")
    raw.close()
    with pytest.raises(taskstate.SchemaTooNew):
        taskstate.open(path)


def test_corrupt(damaged: Path) -> None:
    with pytest.raises(taskstate.Corrupt), taskstate.open(damaged) as tasks:
        tasks.get("z1", "t7")


def test_moved(path: Path) -> None:
    tasks = taskstate.open(path)
    tasks.create("z1", "create", id="t")
    path.rename(path.with_suffix(".old"))
    with pytest.raises(taskstate.Moved):
        tasks.start("z1", "t")
    tasks.close()


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-taskstate"])
def test_moved_under_a_reader(path: Path, tmp_path: Path, suffix: str) -> None:
    writer = taskstate.open(path, log_level="off")
    writer.create("z1", "create", id="t")
    with taskstate.open(path, mode="read_only", log_level="off") as reader:
        assert [reader.decide("z1", "t").status for _ in range(3)] == [200] * 3
        (tmp_path / "other").write_bytes(Path(f"{path}{suffix}").read_bytes())
        (tmp_path / "other").replace(f"{path}{suffix}")
        time.sleep(1.1)  # it looks once a second at the least
        assert reader.decide("z1", "t").status == 500
        with pytest.raises(taskstate.Moved):
            reader.get("z1", "t")
    writer.close()


def test_closed(path: Path) -> None:
    tasks = taskstate.open(path)
    tasks.close()
    tasks.close()
    calls: list[Callable[[], object]] = [
        lambda: tasks.create("z1", "create"),
        lambda: tasks.start("z1", "t"),
        lambda: tasks.annotate("z1", "t"),
        lambda: tasks.complete("z1", "t", install_id="i"),
        lambda: tasks.fail("z1", "t", "m"),
        lambda: tasks.get("z1", "t"),
        lambda: tasks.list("z1"),
        lambda: tasks.history("z1", "t"),
        lambda: tasks.verify(),
    ]
    for call in calls:
        with pytest.raises(taskstate.Closed):
            call()
    tasks.reopen()
    assert tasks.create("z1", "create").revision == 1
    tasks.close()


def test_a_missing_directory_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(taskstate.Error) as caught:
        taskstate.open(tmp_path / "no" / "catalog.db")
    assert caught.value.code == "unavailable"


def run(program: str, *arguments: object) -> str:
    """A Python program in a process of its own; what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_access_denied(path: Path) -> None:
    taskstate.open(path).close()
    path.chmod(0)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if os.geteuid() == 0:
                os.setuid(65534)  # root may read what nobody may
            taskstate.open(path, mode="read_write")
        except taskstate.AccessDenied:
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def test_io_error_poisons_and_reopening_helps(path: Path) -> None:
    out = run(
        """
        import os, sys, taskstate
        tasks = taskstate.open(sys.argv[1], log_level="off")
        tasks.create("z1", "create", id="t")
        null = os.open("/dev/null", os.O_RDWR)
        for number in os.listdir("/proc/self/fd"):  # the log is taken away
            try:
                if os.readlink(f"/proc/self/fd/{number}").endswith("-wal"):
                    os.dup2(null, int(number))
            except FileNotFoundError:
                pass
        codes = []
        for _ in range(2):
            try:
                tasks.create("z1", "create", id="u")
            except taskstate.Error as error:
                codes.append(f"{error.code}/{error.outcome.value}")
        tasks.reopen()
        print(*codes, tasks.get("z1", "t").id, tasks.create("z1", "create", id="v").revision)
        """,
        path,
    )
    assert out.split() == ["io_error/unknown", "io_error/not_done", "t", "1"]


def test_errors_can_be_pickled(tasks: taskstate.Engine) -> None:
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.create("z 1", "create")
    copied = pickle.loads(pickle.dumps(caught.value))
    assert type(copied) is taskstate.InvalidArgument
    assert str(copied) == str(caught.value)
    assert (copied.field, copied.details, copied.outcome) == (
        caught.value.field,
        caught.value.details,
        caught.value.outcome,
    )
    assert pickle.loads(pickle.dumps(taskstate.Busy("late"))).args == ("late",)
