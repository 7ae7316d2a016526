"""How a case is described: open it, say what is done; each step is written down with what the oracle expects of it."""

from typing import Any, Optional

import wire
from oracle import Oracle

NOON = 1_577_448_000_000_000  # 2019-12-27T12:00:00Z
SECOND = 1_000_000

HIDDEN = ("revision", "error_detail", "failure_kind", "client_request_id", "traceparent")


def refusal(*broken: "str | tuple[str, str]", code: str = "invalid_argument") -> dict:
    """A refused call: the fields at fault in their order, each alone or, where its text reaches the wire, with its
    rule."""
    pairs = [(one, "") if isinstance(one, str) else one for one in broken]
    return {"code": code, "fields": [field for field, _ in pairs], "rules": [rule for _, rule in pairs]}


class Case:
    """One engine and the steps that are taken with it. Time stands still unless at() or later() moves it."""

    def __init__(self, name: str, **options: Any) -> None:
        self.name = name
        self.options = options
        self.steps: list = []
        self._oracle = Oracle(options)
        self._oracle.now = NOON
        self._outcome: tuple = ()
        self._page: Optional[dict] = None

    def at(self, us: int) -> "Case":
        self._oracle.now = us
        return self

    def later(self, seconds: float) -> "Case":
        return self.at(self._oracle.now + int(seconds * SECOND))

    # ---- Changes. `refused` says that the call must fail so, and that nothing changes.

    def create(self, id: Optional[str] = "t1", zone_id: str = "z1", operation: str = "create",
               refused: Optional[dict] = None, call: Optional[dict] = None, **fields: Any) -> "Case":
        new = {"zone_id": zone_id, "operation": operation, **fields}
        if id is not None:
            new["id"] = id
        return self._change({"do": "create", "new": new}, call, refused, lambda: self._oracle.create(new, call or {}))

    def start(self, id: str = "t1", zone_id: str = "z1", refused: Optional[dict] = None,
              call: Optional[dict] = None) -> "Case":
        step = {"do": "start", "zone_id": zone_id, "id": id}
        return self._change(step, call, refused, lambda: self._oracle.start((zone_id, id), call or {}))

    def annotate(self, id: str = "t1", **more: Any) -> "Case":
        return self._update("annotate", id, **more)

    def complete(self, id: str = "t1", **more: Any) -> "Case":
        return self._update("complete", id, **more)

    def fail(self, id: str = "t1", **more: Any) -> "Case":
        return self._update("fail", id, **more)

    def _update(self, do: str, id: str, zone_id: str = "z1", refused: Optional[dict] = None, repeated: bool = False,
                call: Optional[dict] = None, **update: Any) -> "Case":
        key = (zone_id, id)
        step = {"do": do, "zone_id": zone_id, "id": id, "update": update}
        if repeated:
            return self._change(step, call, refused, lambda: self._oracle.tasks[key])
        return self._change(step, call, refused, lambda: getattr(self._oracle, do)(key, update, call or {}))

    def _change(self, step: dict, call: Optional[dict], refused: Optional[dict], apply: Any) -> "Case":
        if call:
            step["call"] = call
        if refused is not None:
            self._outcome = ("error", refused)
            return self._step(step, self._error(refused))
        self._outcome = ("task", apply())
        return self._step(step, {"task": self._shown(self._outcome[1])})

    # ---- Look-ups

    def get(self, id: str = "t1", zone_id: str = "z1", payload: bool = False, **stated: Any) -> "Case":
        """`stated`: hidden fields that the case states by itself, checked against the oracle."""
        task = self._oracle.tasks.get((zone_id, id))
        shown = None if task is None else self._shown(task, payload)
        self._agree(shown or {}, stated)
        return self._step({"do": "get", "zone_id": zone_id, "id": id, "payload": payload}, {"task": shown})

    def list(self, refused: Optional[dict] = None, follow: Optional[str] = None, ids: Optional[list] = None,
             **query: Any) -> "Case":
        """`follow`: "after" or "before", with that cursor of the page before; `ids`: the page as the case states it."""
        query = {"zone_id": "z1", **query}
        step = {"do": "list", "query": query}
        if follow:
            step["follow"] = follow
        if refused is not None:
            return self._step(step, self._error(refused))
        position = None
        if follow and self._page:
            edge = self._page["tasks"][-1 if follow == "after" else 0]
            position = (follow, (edge["created_at"], edge["id"]))
        page = self._page = self._oracle.list(query, position)
        if ids is not None:
            assert [task["id"] for task in page["tasks"]] == ids, (self.name, page)
        return self._step(step, {"page": {**page, "tasks": [wire.task(task) for task in page["tasks"]]}})

    def history(self, id: str = "t1", zone_id: str = "z1", kinds: Optional[list] = None) -> "Case":
        task = self._oracle.tasks.get((zone_id, id))
        events = [dict(event) for event in task["events"]] if task else []
        if kinds is not None:
            assert [event["kind"] for event in events] == kinds, (self.name, events)
        return self._step({"do": "history", "zone_id": zone_id, "id": id}, {"events": events})

    # ---- Answers. What a case states by itself about one (`status`, `Retry_After`, `body` ...) must be the oracle's.

    def decide(self, id: str = "t1", zone_id: str = "z1", status: Optional[int] = None, stated: Optional[dict] = None,
               **request: Any) -> "Case":
        answer = self._oracle.decide(zone_id, id, request)
        self._agree(answer, {} if status is None else {"status": status})
        self._agree(dict(answer["headers"]), stated or {})
        step = {"do": "decide", "zone_id": zone_id, "id": id, "request": request}
        return self._step(step, {"answer": answer})

    def accept(self, status: Optional[int] = None, stated: Optional[dict] = None, **request: Any) -> "Case":
        """The answer for what the step before gave, be it a task or an error."""
        kind, outcome = self._outcome
        judge = self._oracle.accept_task if kind == "task" else self._oracle.accept_error
        answer = judge(outcome, request)
        self._agree(answer, {} if status is None else {"status": status})
        self._agree(dict(answer["headers"]), stated or {})
        return self._step({"do": "accept", "request": request}, {"answer": answer})

    def etag(self, id: str = "t1", zone_id: str = "z1") -> str:
        """The task's entity tag as it is now, for If-None-Match."""
        task = self._oracle.tasks[zone_id, id]
        return wire.etag(task["revision"], wire.task(task))

    # ---- The codec, and closing

    def parse(self, json: str, gives: Optional[str] = None, refused: Optional[dict] = None) -> "Case":
        """Reads a wire form; it must come out as `gives`, by default as it went in."""
        hidden = {"zone_id": None, "revision": 0, **{name: None for name in HIDDEN[1:]}, "payload": None}
        expected = self._error(refused) if refused else {"task": {"json": gives or json, **hidden}}
        return self._step({"do": "parse", "json": json}, expected)

    def validate(self, json: str, refused: Optional[dict] = None) -> "Case":
        return self._step({"do": "validate", "json": json}, self._error(refused) if refused else {"done": True})

    def close(self) -> "Case":
        self._oracle.closed = True
        return self._step({"do": "close"}, {"done": True})

    # ---- What is written down

    def _step(self, step: dict, expected: dict) -> "Case":
        self.steps.append({"now": self._oracle.now, **step, "expect": expected})
        return self

    def _agree(self, worked_out: dict, stated: dict) -> None:
        for name, value in stated.items():
            assert worked_out.get(name) == value, (self.name, name, worked_out.get(name), value)

    @staticmethod
    def _error(refused: dict) -> dict:
        return {"error": {"code": refused["code"], "fields": refused["fields"], "outcome": "not_done"}}

    @staticmethod
    def _shown(task: dict, payload: bool = False) -> dict:
        shown = {"json": wire.task(task), "zone_id": task["zone_id"], **{name: task.get(name) for name in HIDDEN}}
        return {**shown, "payload": task.get("payload") if payload else None}

    def written(self) -> dict:
        return {"name": self.name, "options": self.options, "steps": self.steps}
