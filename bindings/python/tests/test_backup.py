"""Copies of a file in use."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from pathlib import Path

import pytest
import taskstate
import taskstate.aio

from conftest import claimed


@pytest.mark.parametrize("kind", [str, Path])
def test_a_copy_is_whole_by_itself(tasks: taskstate.Engine, tmp_path: Path, kind: type) -> None:
    for number in range(50):
        tasks.create("z1", "create", id=f"t{number}", payload=b"p" * 1000)
    copied = tmp_path / "there" / "copy\u00e9.db"
    copied.parent.mkdir()
    tasks.backup(kind(copied))
    assert os.listdir(copied.parent) == [copied.name]
    tasks.create("z1", "create", id="later")
    with taskstate.open(copied, mode="read_write") as other:
        assert other.verify().ok
        assert [task.json for task in other.list("z1", limit=1000)] == [
            task.json for task in tasks.list("z1", limit=1000) if task.id != "later"
        ]
        assert other.history("z1", "t7").events == tasks.history("z1", "t7").events


def test_leases_and_cursors_are_none_of_its_own(tasks: taskstate.Engine, tmp_path: Path) -> None:
    for number in range(3):
        tasks.create("z1", "create", id=f"t{number}")
    lease = claimed(tasks, lease=3600)
    cursor = tasks.list("z1", limit=1).after_cursor
    tasks.backup(tmp_path / "copy.db")
    with taskstate.open(tmp_path / "copy.db") as copied:
        with pytest.raises(taskstate.Error):
            copied.lease(lease.token)
        with pytest.raises(taskstate.InvalidArgument):
            copied.list("z1", after=cursor)
    lease.complete(install_id="i")


def test_others_write_meanwhile(tasks: taskstate.Engine, tmp_path: Path) -> None:
    stop = threading.Event()
    wrong: list[BaseException] = []

    def write() -> None:
        try:
            while not stop.is_set():
                tasks.create("z1", "create", payload=b"p" * 1000)
        except BaseException as error:
            wrong.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    counts = []
    for number in range(5):
        tasks.backup(tmp_path / f"{number}.db", timeout=60)
        with taskstate.open(tmp_path / f"{number}.db") as copied:
            assert copied.verify().ok
            counts.append(copied.stats().pending)
    stop.set()
    writer.join(60)
    assert wrong == [] and counts == sorted(counts)


def test_an_older_copy_is_replaced(tasks: taskstate.Engine, tmp_path: Path) -> None:
    for number in range(2):
        tasks.create("z1", "create", id=f"t{number}")
        tasks.backup(tmp_path / "copy.db")
    with taskstate.open(tmp_path / "copy.db") as copied:
        assert len(copied.list("z1")) == 2


def test_what_is_refused(tasks: taskstate.Engine, path: Path, tmp_path: Path) -> None:
    tasks.create("z1", "create")
    with pytest.raises(taskstate.InvalidArgument):
        tasks.backup(path)
    with taskstate.open(tmp_path / "used.db") as used:
        used.create("z1", "create", id="theirs")
        with pytest.raises(taskstate.AlreadyExists):
            tasks.backup(tmp_path / "used.db")
        assert used.get("z1", "theirs") is not None
    with pytest.raises(taskstate.Error) as caught:
        tasks.backup(tmp_path / "no directory" / "copy.db")
    assert caught.value.outcome is taskstate.Outcome.NOT_DONE
    before = sorted(os.listdir(tmp_path))
    token = taskstate.CancelToken()
    token.cancel()
    with pytest.raises(taskstate.Cancelled):
        tasks.backup(tmp_path / "copy.db", cancel=token)
    assert sorted(os.listdir(tmp_path)) == before
    with pytest.raises(TypeError):
        tasks.backup(7)  # type: ignore[arg-type]
    tasks.close()
    with pytest.raises(taskstate.Closed):
        tasks.backup(tmp_path / "copy.db")


@pytest.mark.parametrize("kind", ["fifo", "link", "dangling", "directory", "device"])
def test_what_is_no_regular_file_stays(tasks: taskstate.Engine, tmp_path: Path, kind: str) -> None:
    target = tmp_path / kind
    (tmp_path / "precious").write_text("precious")
    if kind == "fifo":
        os.mkfifo(target)
    elif kind == "directory":
        target.mkdir()
    elif kind == "device":
        try:
            os.mknod(target, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
        except PermissionError:
            target = Path(os.devnull)  # whose directory is not ours either
    else:
        target.symlink_to(tmp_path / ("precious" if kind == "link" else "nowhere"))
    before = os.lstat(target)
    with pytest.raises(taskstate.InvalidArgument, match="path") as caught:
        tasks.backup(target)
    assert caught.value.outcome is taskstate.Outcome.NOT_DONE
    assert os.lstat(target).st_ino == before.st_ino
    assert (tmp_path / "precious").read_text() == "precious"


def test_companions_of_the_file_are_no_place(tasks: taskstate.Engine, path: Path) -> None:
    tasks.create("z1", "create", id="t")
    for suffix in ("-wal", "-shm", "-journal", "-taskstate"):
        with pytest.raises(taskstate.InvalidArgument, match="path"):
            tasks.backup(f"{path}{suffix}")
    tasks.close()
    with taskstate.open(path) as reopened:
        assert reopened.get("z1", "t") is not None and reopened.verify().ok


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
@pytest.mark.parametrize("earlier", [False, True])
def test_nothing_is_put_beside_the_log_of_another(
    tasks: taskstate.Engine, tmp_path: Path, suffix: str, earlier: bool
) -> None:
    if earlier:
        tasks.backup(tmp_path / "copy.db")
    (tmp_path / f"copy.db{suffix}").write_bytes(b"")
    with pytest.raises(taskstate.AlreadyExists, match=suffix):
        tasks.backup(tmp_path / "copy.db")
    assert (tmp_path / "copy.db").exists() is earlier


def test_a_file_that_is_no_backup_stays(tasks: taskstate.Engine, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    with pytest.raises(taskstate.AlreadyExists, match="no earlier backup"):
        tasks.backup(tmp_path / "precious")
    assert (tmp_path / "precious").read_text() == "precious"


def test_in_an_event_loop(path: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with taskstate.aio.open(path) as tasks:
            await tasks.create("z1", "create", id="t")
            await tasks.backup(tmp_path / "copy.db")
        async with taskstate.aio.open(tmp_path / "copy.db") as copied:
            assert await copied.get("z1", "t") is not None

    asyncio.run(body())
