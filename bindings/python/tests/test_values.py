"""Tasks, events and their kin as Python values."""

from __future__ import annotations

import copy
import pickle
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import taskstate
from taskstate import _records


def test_values_are_immutable(tasks: taskstate.Engine) -> None:
    task = tasks.create("z1", "create", id="t")
    event = tasks.history("z1", "t").events[0]
    page = tasks.list("z1")
    answer = tasks.decide("z1", "t")
    values: list[tuple[object, str]] = [
        (task, "status"),
        (event, "kind"),
        (page, "items"),
        (answer, "body"),
        (tasks.verify(), "ok"),
    ]
    for value, name in values:
        with pytest.raises(AttributeError):
            setattr(value, name, None)
        with pytest.raises(AttributeError):
            setattr(value, "anything", 1)


def test_changing_a_parsed_list_changes_no_task(tasks: taskstate.Engine) -> None:
    task = tasks.create("z1", "create", links=[{"href": "/a", "rel": "r"}])
    task.links.clear()
    assert task.links == [{"href": "/a", "rel": "r"}]


def test_tasks_compare_by_what_they_show(tasks: taskstate.Engine) -> None:
    task = tasks.create("z1", "create", id="t")
    assert tasks.get("z1", "t") == task == tasks.list("z1").items[0]
    assert {task, tasks.list("z1").items[0]} == {task}
    assert tasks.start("z1", "t") != task
    assert task != "t"
    assert "id" in repr(task) or "'t'" in repr(task)


def test_values_can_be_pickled_and_copied(tasks: taskstate.Engine) -> None:
    task = tasks.create("z1", "create", id="t", package_id="p")
    event = tasks.history("z1", "t").events[0]
    for value in (task, event):
        assert pickle.loads(pickle.dumps(value)) == value
        assert copy.deepcopy(value) == value
    assert pickle.loads(pickle.dumps(task)).package_id == "p"


def test_values_outlive_their_engine(path: Path) -> None:
    engine = taskstate.open(path)
    task = engine.create("z1", "create", id="t", payload=b"p")
    engine.close()
    del engine
    assert task.id == "t"


def test_payload_does_not_show_in_a_repr(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t", payload=b"secret")
    assert "secret" not in repr(tasks.get("z1", "t", payload=True))


@pytest.mark.parametrize("us", [0, 1, -1, 253402300799999999, -62135596800000000, 1577459899117001])
def test_times_are_exact(us: int) -> None:
    time = _records.to_datetime(us)
    assert time.utcoffset() == timedelta(0)
    assert _records.to_us(time) == us


def test_a_time_in_another_zone_is_the_same_time() -> None:
    there = datetime(2020, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert _records.to_us(there) == _records.to_us(datetime(2020, 1, 1, tzinfo=timezone.utc))
    with pytest.raises(ValueError, match="aware"):
        _records.to_us(datetime(2020, 1, 1))


def test_integers_of_any_length_can_be_read(tasks: taskstate.Engine) -> None:
    digits = "9" * 6000
    task = tasks.create("z1", "create", links=f'[{{"href":"/a","rel":"r","properties":{{"n":{digits}}}}}]')
    assert format(task.links[0]["properties"]["n"], "f") == digits
    assert digits.encode() in task.json


def test_a_status_is_its_text() -> None:
    assert list(taskstate.Status) == ["pending", "running", "completed", "failed"]


@pytest.mark.parametrize(
    ("keywords", "name"),
    [
        ({"package_id": 5}, "package_id"),
        ({"package_version": 1.5}, "package_version"),
        ({"package_version": "3"}, "package_version"),
        ({"payload": "text"}, "payload"),
        ({"links": {"href": "/a", "rel": "r"}}, "links"),
        ({"id": b"t"}, "id"),
    ],
)
def test_a_value_of_another_type_is_a_type_error(
    tasks: taskstate.Engine, keywords: dict[str, object], name: str
) -> None:
    with pytest.raises(TypeError, match=f"^{name}: must be"):
        tasks.create("z1", "create", **keywords)  # type: ignore[arg-type]
    assert len(tasks.list("z1")) == 0
