"""migrate(): here there is only this release, so nothing is older."""

from __future__ import annotations

from pathlib import Path

import pytest

import taskstate


def test_a_file_of_this_release_has_nothing_to_migrate(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    lines: list[str] = []
    with taskstate.open(path, migrate="manual"):
        done = taskstate.migrate(path, log=lambda level, line: lines.append(line), log_level="info", timeout=60)
    assert done == taskstate.Migration(2, 2, 0, 0)
    assert (done.from_schema, done.to_schema) == (2, 2)
    assert not any("migration" in line for line in lines)
    assert not Path(f"{path}.schema2").exists()


def test_what_cannot_be_migrated(tmp_path: Path) -> None:
    with pytest.raises(taskstate.Unavailable):
        taskstate.migrate(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()
    with pytest.raises(taskstate.InvalidArgument) as caught:
        taskstate.migrate(":memory:")
    assert caught.value.field == "path"
    (tmp_path / "text").write_text("no database, and long enough to be one" * 100)
    with pytest.raises(taskstate.NotATaskstateFile):
        taskstate.migrate(str(tmp_path / "text"))
    with pytest.raises(taskstate.InvalidArgument):
        taskstate.migrate(tmp_path / "none.db", timeout=-1)
