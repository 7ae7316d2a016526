"""Python's own sqlite3 module on the same file, in the same process: both are one copy of SQLite.

Two copies would drop each other's locks: POSIX ends all of a process's locks on a file when any descriptor of that file
is closed, and only a copy that knows of all of them can keep one open for as long.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
import threading
from contextlib import closing
from pathlib import Path
from typing import Any, Iterator

import pytest
import taskstate

from conftest import claimed

ONLY_IN_SQLITE = "automatic index on %s(%s)"
INSERT = "INSERT INTO installs (task, what) VALUES (:taskstate_id, ?)"


@pytest.fixture
def path(path: Path) -> Path:
    """A database of the host's own."""
    with closing(sqlite3.connect(path)) as host, host:
        host.execute("CREATE TABLE installs (task PRIMARY KEY, what)")
    return path


@pytest.fixture
def tasks(path: Path) -> Iterator[taskstate.Engine]:
    with taskstate.open(path, adopt=True, timeout=30) as engine:
        yield engine


@pytest.fixture
def host(path: Path, tasks: taskstate.Engine) -> Iterator[sqlite3.Connection]:
    """The host's own connection."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
        yield connection


def installs(host: sqlite3.Connection) -> list[Any]:
    return host.execute("SELECT task, what FROM installs ORDER BY task").fetchall()


LIBRARIES = """
import pathlib, sqlite3, sys, taskstate
from taskstate import _native
maps = pathlib.Path("/proc/self/maps").read_text().splitlines()
mapped = {line.split(maxsplit=5)[-1] for line in maps if ".so" in line}
assert [name for name in mapped if "taskstate/_native" in name] == [_native.__file__]
(library,) = [name for name in mapped if "libsqlite3" in name]
holding = {name for name in mapped if sys.argv[2].encode() in pathlib.Path(name).read_bytes()}
assert holding == {library}, holding  # so no copy is linked into the extension or anything else
with taskstate.open(sys.argv[1]) as tasks:
    assert tasks.stats().sqlite_version == sqlite3.sqlite_version
"""


def test_both_are_the_same_library(path: Path, tasks: taskstate.Engine) -> None:
    # In a process of its own: other tests bring a second copy on purpose.
    command = [sys.executable, "-c", LIBRARIES, str(path), ONLY_IN_SQLITE]
    subprocess.run(command, check=True, timeout=60)


WRITER = """
import sys, taskstate
try:
    with taskstate.open(sys.argv[1], timeout=float(sys.argv[2])) as tasks:
        print(tasks.create("z1", "create", id=sys.argv[3]).id)
except taskstate.Busy:
    print("busy")
"""


def writes_elsewhere(path: Path, id: str, timeout: float) -> str:
    """What another process says that tries to write."""
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path), str(timeout), id]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


@pytest.mark.parametrize("write", [False, True])
def test_closing_a_connection_drops_no_lock(tasks: taskstate.Engine, path: Path, write: bool) -> None:
    """While this process holds the write lock, another one must wait, whatever connection is closed meanwhile."""
    another_engine = taskstate.open(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    other = sqlite3.connect(path, isolation_level=None, timeout=0)
    assert other.execute("SELECT count(*) FROM installs").fetchone() == (0,)
    assert len(tasks.list("z1")) == 0
    if write:
        with pytest.raises(taskstate.Busy):
            tasks.create("z1", "create", timeout=0)
    other.close()
    assert writes_elsewhere(path, "theirs", 0.2) == "busy"
    another_engine.close()
    assert writes_elsewhere(path, "theirs", 0.2) == "busy"
    holder.execute("ROLLBACK")
    holder.close()
    assert writes_elsewhere(path, "theirs", 30) == "theirs"
    assert tasks.get("z1", "theirs") is not None


MANY = """
import sys, taskstate
with taskstate.open(sys.argv[1], timeout=60) as tasks:
    for number in range(60):
        tasks.create("theirs", "create", also=[("INSERT INTO installs VALUES (?, 1)", [f"theirs{number}"])])
"""


def test_nothing_is_lost_while_connections_come_and_go(tasks: taskstate.Engine, path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", textwrap.dedent(MANY), str(path)])
    wrong: list[BaseException] = []

    def come_and_go() -> None:
        try:
            while other.poll() is None:
                with closing(sqlite3.connect(path, timeout=60)) as connection:
                    connection.execute("SELECT count(*) FROM installs").fetchone()
        except BaseException as error:
            wrong.append(error)

    visitor = threading.Thread(target=come_and_go)
    visitor.start()
    for number in range(60):
        tasks.create("ours", "create", also=[("INSERT INTO installs VALUES (?, 1)", [f"ours{number}"])])
    assert other.wait(60) == 0
    visitor.join(60)
    assert wrong == []
    with closing(sqlite3.connect(path)) as host:
        assert host.execute("SELECT count(*) FROM installs").fetchone() == (120,)
        assert host.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    counts = {(count.zone_id, count.count) for count in tasks.stats().counts}
    assert counts == {("ours", 60), ("theirs", 60)} and tasks.verify().ok


def test_each_sees_what_the_other_writes(tasks: taskstate.Engine, host: sqlite3.Connection) -> None:
    tasks.create("z1", "create", id="t")
    lease = claimed(tasks)
    lease.complete(install_id="i", also=[(INSERT, ["by the engine"])])
    assert installs(host) == [("t", "by the engine")]
    host.execute("INSERT INTO installs VALUES ('u', 'by the host')")
    host.execute("CREATE TABLE copied (what)")
    tasks.create(
        "z1", "create", id="u", also=["INSERT INTO copied SELECT what FROM installs WHERE task = :taskstate_id"]
    )
    assert host.execute("SELECT what FROM copied").fetchall() == [("by the host",)]
    with pytest.raises(taskstate.InvalidArgument):
        tasks.start("z1", "u", also=[(INSERT, ["twice"])])  # breaks the host's own key
    task = tasks.get("z1", "u")
    assert task is not None and task.status == "pending"
    assert installs(host) == [("t", "by the engine"), ("u", "by the host")]


def test_reading_works_while_the_engine_writes(tasks: taskstate.Engine, host: sqlite3.Connection) -> None:
    host.execute("BEGIN")
    assert installs(host) == []
    for number in range(20):
        tasks.create("z1", "create", id=f"t{number:02}", also=[(INSERT, [number])])
        assert installs(host) == []  # a transaction's view stays
    host.execute("COMMIT")
    assert len(installs(host)) == 20


def test_the_engine_waits_for_the_hosts_transaction(tasks: taskstate.Engine, host: sqlite3.Connection) -> None:
    host.execute("BEGIN IMMEDIATE")
    host.execute("INSERT INTO installs VALUES ('h', 1)")
    created = []
    writer = threading.Thread(target=lambda: created.append(tasks.create("z1", "create", id="t", also=[(INSERT, [2])])))
    writer.start()
    writer.join(0.1)
    assert writer.is_alive() and tasks.get("z1", "t") is None
    host.execute("COMMIT")
    writer.join(30)
    assert len(created) == 1 and installs(host) == [("h", 1), ("t", 2)]
