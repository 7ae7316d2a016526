"""What the engine must answer, worked out a second time from the contract. It judges no input: a case says itself what
is refused, and then the oracle leaves its tasks as they were."""

import copy
import re
from typing import Optional

import wire

CONTENT_TYPE = ("Content-Type", "application/json")
CACHE_CONTROL = ("Cache-Control", "private, no-cache")
LOCATION = "/zones/{zone_id}/installs/{install_id}"
STATUS_URL = "/zones/{zone_id}/catalog_tasks/{task_id}"

# The sentences that clients read. They are part of the answers' bytes, so changing one shows here.
NOT_FOUND = "There is no such task."
UNAVAILABLE = "The task's state cannot be reached right now."
BAD_REQUEST_ID = "The header X-Client-Request-ID must be a UUID."
ALREADY_EXISTS = "A task with this id exists already."
ILLEGAL = "The task's state does not allow this."

WRITTEN_ONCE = ("install_id", "package_id", "package_slug", "package_version")


def task_uuid(number: int) -> str:
    """The injected task ids: the first, the second ..."""
    return f"00000000-0000-7000-8000-{number:012x}"


def request_uuid(number: int) -> str:
    """The injected request ids of error answers: the first, the second ..."""
    return f"00000000-0000-4000-8000-{number:012x}"


def is_uuid(text: str) -> bool:
    groups = text.split("-")
    hexadecimal = all(c in "0123456789abcdefABCDEF" for c in text.replace("-", ""))
    return hexadecimal and [len(group) for group in groups] == [8, 4, 4, 4, 12]


class Oracle:
    """One engine's tasks, clock and ids, and what every call must give."""

    def __init__(self, options: dict) -> None:
        self.options = options
        self.now = 0
        self.tasks: dict = {}
        self.closed = False
        self._task_ids = 0
        self._request_ids = 0

    # ---- Changes: each returns the task as it then is

    def create(self, new: dict, call: dict) -> dict:
        key_id = new.get("id")
        if key_id is None:
            self._task_ids += 1
            key_id = task_uuid(self._task_ids)
        task = {name: copy.deepcopy(value) for name, value in new.items() if name != "id"}
        task.update(id=key_id, status="pending", created_at=self.now, updated_at=self.now, revision=1, attempt=0)
        task.update(client_request_id=call.get("request_id"), traceparent=call.get("traceparent"), events=[])
        self.tasks[new["zone_id"], key_id] = task
        self._record(task, "created", None, call)
        return task

    def start(self, key: tuple, call: dict) -> dict:
        self.tasks[key]["attempt"] += 1
        return self._change(self.tasks[key], "started", "running", call)

    def annotate(self, key: tuple, update: dict, call: dict) -> dict:
        task = self.tasks[key]
        return self._change(task, "annotated", task["status"], call) if self._merge(task, update) else task

    def complete(self, key: tuple, update: dict, call: dict) -> dict:
        self._merge(self.tasks[key], update)
        return self._change(self.tasks[key], "completed", "completed", call)

    def fail(self, key: tuple, update: dict, call: dict) -> dict:
        task = self.tasks[key]
        self._merge(task, update)
        task.update(error_message=update["error_message"], failure_kind="failed")
        task["error_detail"] = update.get("error_detail")
        return self._change(task, "failed", "failed", call)

    def _merge(self, task: dict, update: dict) -> bool:
        changed = False
        for name in WRITTEN_ONCE:
            if update.get(name) is not None and task.get(name) != update[name]:
                task[name] = update[name]
                changed = True
        for name in ("links", "warnings"):
            there = task.setdefault(name, [])
            for item in update.get(name, []):
                if item not in there:
                    there.append(copy.deepcopy(item))
                    changed = True
        return changed

    def _change(self, task: dict, kind: str, status: str, call: dict) -> dict:
        before = task["status"]
        task["status"] = status
        task["revision"] += 1
        task["updated_at"] = max(task["updated_at"], self.now)
        self._record(task, kind, before, call)
        return task

    def _record(self, task: dict, kind: str, before: Optional[str], call: dict) -> None:
        event = {"kind": kind, "from": before, "to": task["status"], "at": task["updated_at"]}
        event.update(revision=task["revision"], attempt=task["attempt"], worker=call.get("actor"))
        event.update(request_id=call.get("request_id"), traceparent=call.get("traceparent"))
        failed = kind == "failed"
        event["message"] = task["error_message"] if failed else None
        event["detail"] = task["error_detail"] if failed else None
        task["events"].append(event)

    # ---- Look-ups

    def list(self, query: dict, position: Optional[tuple]) -> dict:
        """One page; `position` is (direction, key of the row that the cursor names)."""
        rows = [task for task in self.tasks.values() if self._matches(task, query)]
        rows.sort(key=lambda task: (task["created_at"], task["id"]), reverse=True)
        total = len(rows) if query.get("with_total") else None
        direction, place = position or (None, None)
        if direction == "after":
            rows = [task for task in rows if (task["created_at"], task["id"]) < place]
        if direction == "before":
            rows = [task for task in rows if (task["created_at"], task["id"]) > place]
        limit = query.get("limit", 50)
        more = len(rows) > limit
        shown = rows[-limit:] if direction == "before" else rows[:limit]
        older = bool(shown) and (direction == "before" or more)
        newer = bool(shown) and (direction == "after" or (direction == "before" and more))
        return {"tasks": shown, "has_after": older, "has_before": newer, "total_count": total}

    @staticmethod
    def _matches(task: dict, query: dict) -> bool:
        same = ("zone_id", "operation", "install_id", "package_id")
        if any(name in query and task.get(name) != query[name] for name in same):
            return False
        if query.get("statuses") and task["status"] not in query["statuses"]:
            return False
        return query.get("created_from", task["created_at"]) <= task["created_at"] < query.get(
            "created_until", task["created_at"] + 1
        )

    # ---- HTTP answers

    def decide(self, zone_id: str, task_id: str, request: dict) -> dict:
        path = self._fill(self.options.get("status_url", STATUS_URL), zone_id, task_id, None)
        if "." in (zone_id, task_id) or ".." in (zone_id, task_id):
            path = "/"
        given = request.get("client_request_id")
        if self.closed:
            return self._error(503, "service_unavailable", UNAVAILABLE, path, request, retry_after=1)
        if given is not None and not is_uuid(given) and not self.options.get("ignore_bad_request_id"):
            detail = {"code": "validation_error", "field": "X-Client-Request-ID", "message": BAD_REQUEST_ID}
            return self._error(400, "validation_error", BAD_REQUEST_ID, path, request, details=[detail])
        task = self.tasks.get((zone_id, task_id))
        if task is None:
            return self._error(404, "not_found", NOT_FOUND, path, request)
        policy = request.get("completed") or self.options.get("completed", "see_other")
        body = wire.task(task)
        if task["status"] == "completed" and policy == "see_other":
            return self._answer(303, [CONTENT_TYPE, CACHE_CONTROL, ("Location", self._location(task))], body, request)
        tag = ("ETag", wire.etag(task["revision"], body))
        wait = [("Retry-After", str(self._retry_after(task)))] if task["status"] in ("pending", "running") else []
        if self._matches_tag(request.get("if_none_match"), tag[1]):
            return self._answer(304, [CACHE_CONTROL, tag, *wait], None, request)
        link = [("Link", f'<{self._location(task)}>; rel="related"')] if task["status"] == "completed" else []
        return self._answer(200, [CONTENT_TYPE, CACHE_CONTROL, tag, *wait, *link], body, request)

    def accept_task(self, task: dict, request: dict) -> dict:
        where = self._fill(self.options.get("status_url", STATUS_URL), task["zone_id"], task["id"], None)
        headers = [CONTENT_TYPE, CACHE_CONTROL, ("Retry-After", str(self._retry_after(task))), ("Location", where)]
        return self._answer(202, headers, wire.task(task), request)

    def accept_error(self, error: dict, request: dict) -> dict:
        code = error["code"]
        if code == "invalid_argument":
            rules = list(zip(error["fields"], error["rules"]))
            details = [{"code": "validation_error", "field": "$." + f, "message": rule} for f, rule in rules]
            return self._error(400, "validation_error", ": ".join(rules[0]), "/", request, details=details)
        if code == "closed":
            return self._error(503, "service_unavailable", UNAVAILABLE, "/", request, retry_after=1)
        if code == "not_found":
            return self._error(404, "not_found", NOT_FOUND, "/", request)
        message = {"already_exists": ALREADY_EXISTS, "illegal_transition": ILLEGAL}[code]
        return self._error(409, "conflict", message, "/", request, never_retry=True)

    def _error(self, status: int, code: str, message: str, path: str, request: dict, **more: object) -> dict:
        given = request.get("client_request_id")
        if given is None or not is_uuid(given):
            self._request_ids += 1
            given = request_uuid(self._request_ids)
        body = wire.warning({
            "code": code, "details": more.get("details", []), "message": message, "path": request.get("path", path),
            "request_id": given, "status": status, "timestamp": self.now,
        })
        headers = [CONTENT_TYPE, CACHE_CONTROL]
        if "retry_after" in more:
            headers.append(("Retry-After", str(more["retry_after"])))
        if more.get("never_retry"):
            headers.append(("x-should-retry", "false"))
        return self._answer(status, headers, body, request)

    @staticmethod
    def _answer(status: int, headers: list, body: Optional[str], request: dict) -> dict:
        given = request.get("client_request_id")
        if given is not None and is_uuid(given):
            headers = headers + [("X-Client-Request-ID", given)]
        if request.get("method") == "HEAD" and body is not None:
            headers = headers + [("Content-Length", str(len(body.encode())))]
            body = None
        return {"status": status, "headers": [list(header) for header in headers], "body": body}

    def _retry_after(self, task: dict) -> int:
        least, most = self.options.get("retry_after", [1, 30])
        return min(max((self.now - task["created_at"]) // 10_000_000, least), most)

    def _location(self, task: dict) -> str:
        for link in task.get("links", []):
            if link["rel"] == "result":
                return link["href"]
        return self._fill(self.options.get("location", LOCATION), task["zone_id"], task["id"], task["install_id"])

    @staticmethod
    def _fill(template: str, zone_id: str, task_id: str, install_id: Optional[str]) -> str:
        for hole, value in (("{zone_id}", zone_id), ("{task_id}", task_id), ("{install_id}", install_id)):
            template = template.replace(hole, wire.percent_encoded(value or ""))
        return template

    @staticmethod
    def _matches_tag(field: Optional[str], tag: str) -> bool:
        """Weak comparison (RFC 9110, section 13.1.2), up to the first entry that is no entity tag. A compressing proxy may
        have marked the tag."""
        if field is None:
            return False
        same = {tag} | {tag[:-1] + before + coding + '"' for before in ("-", "--", ";")
                        for coding in ("gzip", "br", "zstd", "deflate")}
        entries = [entry.strip(" \t") for entry in field.split(",")]
        if entries == ["*"]:
            return True
        for entry in entries:
            if entry.removeprefix("W/") in same:
                return True
            if entry and not re.fullmatch(r'(W/)?"[^"\x00-\x20\x7f]*"', entry):
                return False
        return False
