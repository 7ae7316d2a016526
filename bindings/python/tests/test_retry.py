from __future__ import annotations

import pytest
import taskstate


def test_a_failed_task_is_retried_once_unless_again(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t", payload=b"{}", priority=50, ref="order 7", max_attempts=3)
    with pytest.raises(taskstate.IllegalTransition, match="only a failed task can be retried"):
        tasks.retry("z1", "t")
    tasks.cancel("z1", "t")
    first = tasks.retry("z1", "t", request_id="req")
    assert first.status == "pending" and first.priority == 50 and first.ref == "order 7" and first.max_attempts == 3
    assert first.links == [{"href": "/zones/z1/catalog_tasks/t", "rel": "predecessor"}]
    assert first.client_request_id == "req"
    whole = tasks.get("z1", first.id, payload=True)
    assert whole is not None and whole.payload == b"{}"
    with pytest.raises(taskstate.AlreadyExists, match=first.id):
        tasks.retry("z1", "t")
    assert tasks.retry("z1", "t", again=True).id != first.id
    with pytest.raises(taskstate.NotFound):
        tasks.retry("z1", "none")
