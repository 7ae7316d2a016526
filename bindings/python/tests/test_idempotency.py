"""The same request twice makes one task; a retry says what it tries again."""

from __future__ import annotations

import pickle
import uuid
from pathlib import Path

import pytest
import taskstate

from conftest import Clock, kinds


def test_the_same_key_gives_the_first_task(tasks: taskstate.Engine) -> None:
    first = tasks.create("z1", "create", package_id="p", payload=b"x", idempotency_key="k")
    assert not first.replayed
    again = tasks.create("z1", "create", package_id="p", payload=b"x", idempotency_key="k")
    assert again.replayed and again.id == first.id and again.json == first.json
    assert len(tasks.list("z1")) == 1
    assert kinds(tasks, first.id) == ["created"]


def test_it_is_given_as_it_is_by_then(tasks: taskstate.Engine) -> None:
    first = tasks.create("z1", "create", idempotency_key="k")
    tasks.start("z1", first.id)
    again = tasks.create("z1", "create", id="other", not_before=tasks._now_us(), idempotency_key="k")
    assert (again.id, again.status, again.replayed) == (first.id, "running", True)
    assert pickle.loads(pickle.dumps(again)).replayed
    found = tasks.get("z1", first.id)
    assert found is not None and not found.replayed


def test_other_content_is_a_mismatch(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", package_id="p", idempotency_key="k")
    with pytest.raises(taskstate.IdempotencyMismatch) as caught:
        tasks.create("z1", "create", package_id="q", idempotency_key="k")
    assert caught.value.outcome is taskstate.Outcome.NOT_DONE
    assert tasks.accept(caught.value).status == 409
    assert len(tasks.list("z1")) == 1


def test_a_key_is_its_zones(tasks: taskstate.Engine) -> None:
    ids = {tasks.create(zone, "create", idempotency_key="k").id for zone in ("z1", "z2")}
    assert len(ids) == 2


@pytest.mark.parametrize("key", ["", "k" * 513, "a\nb"])
def test_a_key_has_rules(tasks: taskstate.Engine, key: str) -> None:
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.create("z1", "create", idempotency_key=key)
    assert caught.value.field == "idempotency_key"


def test_a_key_must_be_text(tasks: taskstate.Engine) -> None:
    with pytest.raises(TypeError, match="idempotency_key"):
        tasks.create("z1", "create", idempotency_key=7)  # type: ignore[arg-type]


def test_a_key_is_kept_for_as_long_as_open_says(path: Path, clock: Clock) -> None:
    with taskstate.open(path, clock=clock, idempotency_retention=60) as tasks:
        first = tasks.create("z1", "create", idempotency_key="k")
        clock.advance(59)
        assert tasks.create("z1", "create", idempotency_key="k").id == first.id
        clock.advance(2)
        later = tasks.create("z1", "create", idempotency_key="k")
        assert later.id != first.id and not later.replayed


def test_a_request_id_may_be_the_key(path: Path) -> None:
    request_id = str(uuid.uuid4())
    with taskstate.open(path, adopt_request_id=True) as tasks:
        first = tasks.create("z1", "create", request_id=request_id)
        assert tasks.create("z1", "create", request_id=request_id).replayed
        assert not tasks.create("z1", "create", request_id="no-uuid").replayed
        assert not tasks.create("z1", "create", request_id="no-uuid").replayed
        assert tasks.create("z1", "create", request_id=request_id).id == first.id
    with taskstate.open(path) as tasks:
        assert not tasks.create("z1", "create", request_id=str(uuid.uuid4())).replayed


def test_a_retry_points_to_what_failed(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t")
    tasks.start("z1", "t")
    with pytest.raises(taskstate.IllegalTransition):
        tasks.create("z1", "create", retry_of="t")
    tasks.fail("z1", "t", "sorry")
    retry = tasks.create("z1", "create", retry_of="t")
    assert [(link["rel"], link["href"]) for link in retry.links] == [("predecessor", "/zones/z1/catalog_tasks/t")]
    with pytest.raises(taskstate.NotFound):
        tasks.create("z2", "create", retry_of="t")


def test_a_zone_may_have_so_many_pending(path: Path) -> None:
    with taskstate.open(path, pending_limit=2) as tasks:
        tasks.create("z1", "create", id="t0")
        tasks.create("z1", "create", id="t1")
        with pytest.raises(taskstate.LimitExceeded) as caught:
            tasks.create("z1", "create")
        answer = tasks.accept(caught.value)
        assert answer.status == 429 and "Retry-After" in dict(answer.headers)
        tasks.create("z2", "create")
        tasks.start("z1", "t0")
        tasks.create("z1", "create", id="t2")
