from __future__ import annotations

import threading

import pytest
import taskstate
from conftest import START_US, Clock


def test_claims_pass_over_what_is_paused(tasks: taskstate.Engine, clock: Clock) -> None:
    tasks.create("z1", "create", id="t")
    assert tasks.pause(zone="z1", actor="operator")
    assert not tasks.pause(zone="z1")
    clock.advance(1)
    assert tasks.pause(operation="create")
    assert tasks.claim() is None
    zone, operation = tasks.stats().pauses
    assert (zone.zone_id, zone.operation, zone.since_us, zone.actor) == ("z1", None, START_US, "operator")
    assert (operation.zone_id, operation.operation, operation.actor) == (None, "create", None)
    assert (operation.since - zone.since).total_seconds() == 1
    assert tasks.stats().counts[0].count == 1
    assert tasks.unpause(zone="z1") and tasks.unpause(operation="create")
    assert not tasks.unpause(zone="z1")
    assert tasks.stats().pauses == ()
    assert tasks.claim() is not None


def test_a_zone_or_an_operation_is_named_and_not_both(tasks: taskstate.Engine) -> None:
    for arguments, field in (({}, "zone_id"), ({"zone": "z", "operation": "create"}, "operation")):
        with pytest.raises(taskstate.InvalidArgument) as refused:
            tasks.pause(**arguments)
        assert refused.value.field == field


def test_a_waiting_claim_is_woken_when_the_pause_ends(tasks: taskstate.Engine) -> None:
    tasks.pause(zone="z1")
    tasks.create("z1", "create", id="t")
    claimed = []
    waiting = threading.Thread(target=lambda: claimed.append(tasks.claim(wait=600)))
    waiting.start()
    while tasks.stats().waiters == 0:
        pass
    tasks.unpause(zone="z1")
    waiting.join()
    assert claimed[0].task.id == "t"
