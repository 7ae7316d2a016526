"""The content of an open file is replaced by SQL: each engine is told once, and nothing from before counts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import taskstate


def copy(source: Path, target: Path) -> None:
    """All pages, as the sqlite3 shell's .backup and .restore do."""
    with closing(sqlite3.connect(source, timeout=60)) as from_, closing(sqlite3.connect(target, timeout=60)) as to:
        from_.backup(to)


@pytest.fixture
def saved(path: Path, tmp_path: Path) -> Path:
    with taskstate.open(path) as tasks:
        tasks.create("z1", "create", id="t", max_attempts=3)
    copy(path, tmp_path / "copy.db")
    return tmp_path / "copy.db"


def test_a_call_is_told_once_and_is_not_done(path: Path, saved: Path) -> None:
    with taskstate.open(path) as tasks, taskstate.open(path) as other:
        tasks.start("z1", "t")
        copy(saved, path)
        for engine in (other, tasks):
            with pytest.raises(taskstate.Restored) as caught:
                engine.create("z1", "create", id="x")
            assert caught.value.outcome == "not_done"
        assert tasks.get("z1", "x") is None
        tasks.create("z1", "create", id="x")
        other.start("z1", "x")


def test_a_kept_answer_is_not_given_for_ever(path: Path, saved: Path) -> None:
    with taskstate.open(path) as tasks, taskstate.open(path) as other:
        tasks.start("z1", "t")
        tasks.complete("z1", "t", install_id="ins_1")
        assert [tasks.decide("z1", "t").status for _ in range(3)] == [303] * 3
        copy(saved, path)
        with pytest.raises(taskstate.Restored):
            other.create("z1", "create")
        for _ in range(5):
            other.create("z1", "create")
        assert [tasks.decide("z1", "t").status for _ in range(3)] == [200] * 3


def test_a_lease_and_a_position_from_before_are_void(path: Path, saved: Path) -> None:
    with taskstate.open(path) as tasks:
        old = tasks.claim(worker="old", lease=3600)
        assert old is not None
        position = tasks.read_changes().position
        copy(saved, path)
        assert tasks.decide("z1", "t").status == 200
        with pytest.raises(taskstate.Restored):
            tasks.read_changes(position)
        new = tasks.claim(worker="new", lease=3600)
        assert new is not None
        with pytest.raises(taskstate.LeaseLost):
            old.complete(install_id="old")
        new.complete(install_id="new")
        task = tasks.get("z1", "t")
        assert task is not None and task.install_id == "new"


def test_an_engine_that_only_reads(path: Path, saved: Path) -> None:
    with taskstate.open(path) as tasks, taskstate.open(path, mode="read_only") as reader:
        tasks.start("z1", "t")
        position = reader.read_changes().position
        copy(saved, path)
        assert '"pending"' in str(reader.decide("z1", "t").body)
        with pytest.raises(taskstate.Restored):
            reader.read_changes(position)
        reader.read_changes()
