from __future__ import annotations

import pytest
import taskstate
from conftest import claimed, current, kinds


def test_the_highest_priority_is_claimed_first(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="usual")
    urgent = tasks.create("z1", "create", id="urgent", priority=50, ref="Bestellung 7 ü")
    assert urgent.priority == 50 and urgent.ref == "Bestellung 7 ü"
    assert b"Bestellung" not in urgent.json
    assert current(tasks, "usual").priority == 0 and current(tasks, "usual").ref is None
    assert [claimed(tasks).task.id for _ in range(2)] == ["urgent", "usual"]


@pytest.mark.parametrize("field, value", [("priority", 101), ("priority", -(10**30)), ("ref", ""), ("ref", "x" * 257)])
def test_a_priority_and_a_ref_have_their_bounds(tasks: taskstate.Engine, field: str, value: object) -> None:
    with pytest.raises(taskstate.InvalidArgument) as refused:
        tasks.create("z1", "create", **{field: value})  # type: ignore[arg-type]
    assert refused.value.field == field


def test_a_batch_takes_them_too(tasks: taskstate.Engine) -> None:
    (result,) = tasks.create_many([{"zone_id": "z1", "operation": "create", "priority": -1, "ref": "r"}])
    assert result.value().priority == -1 and result.value().ref == "r"


def test_a_priority_changes_while_nobody_holds_the_task(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t1")
    tasks.create("z1", "create", id="t2")
    assert tasks.reprioritize("z1", "t2", 50, actor="operator").priority == 50
    assert tasks.reprioritize("z1", "t2", 50).revision == 2
    assert kinds(tasks, "t2") == ["created", "reprioritized"]
    event = tasks.history("z1", "t2").events[0]
    assert event.detail == "0 → 50" and event.worker == "operator"
    assert claimed(tasks).task.id == "t2"
    with pytest.raises(taskstate.IllegalTransition, match="release or cancel it first"):
        tasks.reprioritize("z1", "t2", 0)
    with pytest.raises(taskstate.NotFound):
        tasks.reprioritize("z1", "none", 0)
