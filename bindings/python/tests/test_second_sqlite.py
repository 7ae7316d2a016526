"""Other SQLites on the same file, in the same process: a second copy of another version, Python's sqlite3 module, and
plain open() and close(). None of them drops the engine's locks, and the engine drops none of theirs.

The control is a connection of Python's sqlite3 in the engine's place: it must be hurt, or nothing was tried.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
import threading
from contextlib import closing
from pathlib import Path
from typing import Any, Callable, Iterator

import apsw  # brings an SQLite of its own
import pytest
import taskstate

Act = Callable[[Path], None]


@pytest.fixture
def path(path: Path) -> Path:
    """A database of the host's own."""
    with closing(sqlite3.connect(path)) as host, host:
        host.execute("PRAGMA journal_mode = WAL")
        host.execute("CREATE TABLE notes (text)")
    return path


@pytest.fixture
def tasks(path: Path) -> Iterator[taskstate.Engine]:
    with taskstate.open(path, adopt=True, timeout=60) as engine:
        engine.create("z1", "create", id="t")
        yield engine


def locks_on(path: Path) -> set[str]:
    """The locks that anybody holds on the database and its -shm, as the kernel lists them."""
    found = set()
    for suffix in ("", "-shm"):
        info = os.stat(f"{path}{suffix}")
        file = f"{os.major(info.st_dev):02x}:{os.minor(info.st_dev):02x}:{info.st_ino}"
        for line in Path("/proc/locks").read_text().splitlines():
            words = line.split()
            if file in words:
                found.add(" ".join([suffix, words[1], *words[3:4], *words[-2:]]))
    return found


def read_with_a_second_copy(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as second:
        assert list(second.execute("SELECT count(*) FROM notes")) == [(0,)]


def write_with_a_second_copy(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as second:
        second.set_busy_timeout(60_000)
        second.execute("INSERT INTO notes VALUES ('theirs'); DELETE FROM notes")


def open_and_close(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").read_bytes()


ACTS: list[Act] = [read_with_a_second_copy, write_with_a_second_copy, open_and_close]


def test_it_is_another_copy(tasks: taskstate.Engine) -> None:
    assert apsw.sqlite_lib_version() != sqlite3.sqlite_version == tasks.stats().sqlite_version
    assert tasks.stats().locks == "ofd"


@pytest.mark.parametrize("act", ACTS)
def test_the_engines_locks_stay(tasks: taskstate.Engine, path: Path, act: Act) -> None:
    before = locks_on(path)
    assert before
    act(path)
    assert before <= locks_on(path)
    assert tasks.create("z1", "create", id="after").revision == 1
    assert {task.id for task in tasks.list("z1")} == {"t", "after"}


@pytest.mark.parametrize("act", ACTS)
def test_the_control_loses_its_locks(path: Path, act: Act) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as control:
        control.execute("SELECT count(*) FROM notes").fetchone()
        before = locks_on(path)
        act(path)
        assert before
        assert not Path(f"{path}-shm").exists() or not before <= locks_on(path)


INSERT = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    connection.execute("INSERT INTO notes VALUES ('theirs')")
    print("written")
except sqlite3.OperationalError as error:
    print(error)
"""


def inserts_elsewhere(path: Path) -> str:
    """What another process says that tries to write."""
    command = [sys.executable, "-c", INSERT, str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


@pytest.mark.parametrize("connect", [sqlite3.connect, lambda path: apsw.Connection(str(path))], ids=["python", "second"])
def test_an_engine_that_comes_and_goes_drops_no_lock_of_others(path: Path, connect: Callable[[Path], Any]) -> None:
    with taskstate.open(path, adopt=True) as tasks:
        tasks.create("z1", "create", id="t")
    with closing(connect(path)) as other:
        other.execute("SELECT count(*) FROM notes").fetchall()
        with taskstate.open(path) as tasks:
            other.execute("BEGIN IMMEDIATE")
            other.execute("INSERT INTO notes VALUES ('kept')")
            assert tasks.get("z1", "t") is not None
            with pytest.raises(taskstate.Busy):
                tasks.create("z1", "create", timeout=0)
        assert inserts_elsewhere(path) == "database is locked"
        other.execute("COMMIT")
    with closing(sqlite3.connect(path)) as host:
        assert host.execute("SELECT text FROM notes").fetchall() == [("kept",)]
        assert host.execute("PRAGMA integrity_check").fetchone() == ("ok",)


MANY = """
import sys, taskstate
with taskstate.open(sys.argv[1], timeout=60) as tasks:
    for number in range(60):
        tasks.create("theirs", "create")
"""


def test_nothing_is_lost_beside_a_second_copy(tasks: taskstate.Engine, path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", textwrap.dedent(MANY), str(path)])
    wrong: list[BaseException] = []

    def come_and_go() -> None:
        try:
            while other.poll() is None:
                write_with_a_second_copy(path)
                open_and_close(path)
        except BaseException as error:
            wrong.append(error)

    visitor = threading.Thread(target=come_and_go)
    visitor.start()
    for _ in range(60):
        tasks.create("ours", "create")
    assert other.wait(120) == 0
    visitor.join(120)
    assert wrong == []
    assert len(tasks.list("ours", limit=1000)) == len(tasks.list("theirs", limit=1000)) == 60
    assert tasks.verify().ok
