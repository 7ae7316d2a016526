"""The conformance vectors that every language runs; tests/conformance/vectors/README.md describes them."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Dict, List, Optional, Union

import pytest

import taskstate

VECTORS = Path(__file__).parents[3] / "tests" / "conformance" / "vectors"
CASES = [case for file in sorted(VECTORS.glob("*.json")) for case in json.loads(file.read_text("ascii"))["cases"]]

Json = Dict[str, Any]


def _link(link: Json) -> str:
    """A link as JSON text: its properties are text already and must stay as they are spelled."""
    members: Dict[str, str] = {}
    members.update((name, json.dumps(link[name])) for name in ("href", "rel", "type") if name in link)
    if "titles" in link:
        members["titles"] = json.dumps(dict(link["titles"]))
    if "properties" in link:
        members["properties"] = link["properties"]
    return "{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}"


def _warning(warning: Json) -> Json:
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=warning["timestamp"])
    return {**warning, "timestamp": moment.isoformat()}


def _fields(source: Json) -> Json:
    fields = dict(source)
    if "links" in fields:
        fields["links"] = "[" + ",".join(map(_link, fields["links"])) + "]"
    if "warnings" in fields:
        fields["warnings"] = [_warning(warning) for warning in fields["warnings"]]
    if "payload" in fields:
        fields["payload"] = fields["payload"].encode()
    return fields


def _request(request: Json) -> Json:
    names = {"client_request_id": "X-Client-Request-ID", "if_none_match": "If-None-Match"}
    headers = [(names[name], value) for name, value in request.items() if name in names]
    return {"headers": headers, **{name: value for name, value in request.items() if name not in names}}


def _told_task(task: Optional[taskstate.Task]) -> Json:
    if task is None:
        return {"task": None}
    hidden = ("zone_id", "revision", "error_detail", "failure_kind", "client_request_id", "traceparent")
    payload = None if task.payload is None else task.payload.decode()
    return {"task": {"json": task.json.decode(), "payload": payload, **{name: getattr(task, name) for name in hidden}}}


def _told_error(error: taskstate.Error) -> Json:
    fields = [detail.field for detail in error.details]
    return {"error": {"code": error.code, "fields": fields, "outcome": error.outcome.value}}


def _told_answer(answer: taskstate.Answer) -> Json:
    body = None if answer.body is None else answer.body.decode()
    return {"answer": {"status": answer.status, "headers": [list(line) for line in answer.headers], "body": body}}


def _told_page(page: taskstate.Page) -> Json:
    told = {"tasks": [task.json.decode() for task in page], "total_count": page.total_count}
    return {"page": {**told, "has_after": bool(page.after_cursor), "has_before": bool(page.before_cursor)}}


def _told_event(event: taskstate.Event) -> Json:
    before = None if event.from_status is None else event.from_status.value
    same = ("kind", "revision", "attempt", "worker", "request_id", "traceparent", "message", "detail")
    told = {name: getattr(event, name) for name in same}
    return {**told, "from": before, "to": event.to_status.value, "at": event.at_us}


class Runner:
    """One case's engine, and what its steps hand on to each other."""

    def __init__(self, path: Path, options: Json) -> None:
        self.now = 0
        self.ids = {"task": 0, "request": 0}
        self.outcome: Union[taskstate.Task, taskstate.Error, None] = None
        self.page: Optional[taskstate.Page] = None
        self.engine = taskstate.open(path, clock=lambda: self.now, ids=self.next_id, **options)

    def next_id(self, kind: str) -> uuid.UUID:
        self.ids[kind] += 1
        version = 7 if kind == "task" else 4
        return uuid.UUID(f"00000000-0000-{version}000-8000-{self.ids[kind]:012x}")

    def run(self, step: Json) -> Json:
        self.now = step["now"]
        try:
            told: Json = getattr(self, step["do"], self.change)(step)
            return told
        except taskstate.Error as error:
            self.outcome = error
            return _told_error(error)

    def change(self, step: Json) -> Json:
        fields = {**_fields(step.get("new") or step.get("update") or {}), **step.get("call", {})}
        key = {name: step[name] for name in ("zone_id", "id") if name in step}
        task: taskstate.Task = getattr(self.engine, step["do"])(**key, **fields)
        self.outcome = task
        return _told_task(task)

    def get(self, step: Json) -> Json:
        return _told_task(self.engine.get(step["zone_id"], step["id"], payload=step["payload"]))

    def list(self, step: Json) -> Json:
        query = dict(step["query"])
        if "follow" in step:
            query[step["follow"]] = getattr(self.page, step["follow"] + "_cursor")
        renamed = {"statuses": "status", "with_total": "total"}
        self.page = self.engine.list(**{renamed.get(name, name): value for name, value in query.items()})
        return _told_page(self.page)

    def history(self, step: Json) -> Json:
        events = self.engine.history(step["zone_id"], step["id"]).events[::-1]
        numbers = [event.sequence for event in events]
        assert numbers == sorted(set(numbers))
        return {"events": [_told_event(event) for event in events]}

    def decide(self, step: Json) -> Json:
        return _told_answer(self.engine.decide(step["zone_id"], step["id"], **_request(step["request"])))

    def accept(self, step: Json) -> Json:
        assert self.outcome is not None
        return _told_answer(self.engine.accept(self.outcome, **_request(step["request"])))

    def parse(self, step: Json) -> Json:
        return _told_task(taskstate.parse_task(step["json"]))

    def validate(self, step: Json) -> Json:
        taskstate.validate(taskstate.parse_task(step["json"]))
        return {"done": True}

    def close(self, step: Json) -> Json:
        self.engine.close()
        return {"done": True}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_vector(case: Json, tmp_path: Path) -> None:
    runner = Runner(tmp_path / "tasks.db", case["options"])
    try:
        for number, step in enumerate(case["steps"], 1):
            assert runner.run(step) == step["expect"], f"step {number}"
    finally:
        runner.engine.close()


def test_there_are_many_and_no_two_share_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    names: List[str] = [case["name"] for case in CASES]
    with capsys.disabled():
        print(f"\nPython: {len(names)} conformance cases")
    assert len(names) == len(set(names)) >= 60
