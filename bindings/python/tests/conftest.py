"""What every test starts from: a real file, and an engine over it whose clock the test moves."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Callable, Iterator

import pytest
import taskstate
from taskstate._native import ffi
from taskstate._watch import Watch

# A shell that runs the tests in the background has it ignored, for them and their children.
signal.signal(signal.SIGINT, signal.default_int_handler)

START_US = 1_577_459_899_117_000  # 2019-12-27T15:18:19.117Z


#: What long-running tests counted; the last lines of the report.
campaigns: list[str] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in campaigns:
        terminalreporter.write_line(line)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.us = START_US

    def __call__(self) -> int:
        return self.us

    def advance(self, seconds: float) -> None:
        self.us += int(seconds * 1_000_000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.db"


@pytest.fixture
def damaged(path: Path) -> Path:
    """A file that opens, but whose tasks cannot be read."""
    with taskstate.open(path) as engine:
        for number in range(200):
            engine.create("z1", "create", id=f"t{number}", package_slug="s" * 200)
    content = path.read_bytes()
    pages = [content[at : at + 4096] for at in range(0, len(content), 4096)]
    path.write_bytes(b"".join(b"\xa5" * 4096 if b"s" * 200 in page else page for page in pages))
    return path


@pytest.fixture
def tasks(path: Path, clock: Clock) -> Iterator[taskstate.Engine]:
    with taskstate.open(path, clock=clock) as engine:
        yield engine


def in_child(body: Callable[[], None]) -> int:
    """Runs body in a forked child; its exit status, 0 if nothing was raised."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            body()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def held(tasks: taskstate.Engine) -> taskstate.Lease:
    tasks.create("z1", "create", id="t", max_attempts=2)
    return claimed(tasks, worker="w1")


def anything(watch: Watch) -> None:
    """Has it watch for whatever can be claimed."""
    watch.claim((ffi.NULL, 0, ffi.NULL, 0))


def kinds(tasks: taskstate.Engine, id: str) -> list[str]:
    return [event.kind for event in tasks.history("z1", id)][::-1]


def claimed(tasks: taskstate.Engine, **options: object) -> taskstate.Lease:
    lease = tasks.claim(**options)  # type: ignore[arg-type]
    assert lease is not None
    return lease


def current(tasks: taskstate.Engine, id: str) -> taskstate.Task:
    task = tasks.get("z1", id)
    assert task is not None
    return task
