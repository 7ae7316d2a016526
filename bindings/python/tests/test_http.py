"""decide() and accept(), and a whole host over the standard library's server."""

from __future__ import annotations

import copy
import email.message
import http.client
import http.server
import json
import pickle
import threading
import uuid
from pathlib import Path
from typing import Any, Iterator, Optional

import pytest
import taskstate
from conftest import Clock
from taskstate._answer import Relevant, relevant

REQUEST_ID = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"


def headers(answer: taskstate.Answer) -> dict[str, str]:
    names = [name for name, _ in answer.headers]
    assert len(names) == len(set(names))
    return dict(answer.headers)


def test_pending_is_200_with_an_etag(tasks: taskstate.Engine) -> None:
    task = tasks.create("z1", "create", id="t")
    answer = tasks.decide("z1", "t", headers={"X-Client-Request-ID": REQUEST_ID})
    sent = headers(answer)
    assert answer.status == 200
    assert answer.body == task.json
    assert sent["Content-Type"] == "application/json"
    assert sent["Cache-Control"] == "private, no-cache"
    assert sent["Retry-After"] == "1"
    assert sent["X-Client-Request-ID"] == REQUEST_ID
    matched = tasks.decide("z1", "t", headers={"if-none-match": sent["ETag"]})
    assert (matched.status, matched.body) == (304, None)
    assert "Content-Type" not in headers(matched)
    assert "304" in repr(matched)


def test_completed_is_303_or_as_asked(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t")
    tasks.start("z1", "t")
    task = tasks.complete("z1", "t", install_id="ins/1")
    answer = tasks.decide("z1", "t")
    assert answer.status == 303
    assert headers(answer)["Location"] == "/zones/z1/installs/ins%2F1"
    assert answer.body == task.json
    answer = tasks.decide("z1", "t", completed="ok")
    assert answer.status == 200
    assert headers(answer)["Link"] == '</zones/z1/installs/ins%2F1>; rel="related"'
    assert tasks.decide("z1", "t", completed="see_other").status == 303


def test_head_has_no_body(tasks: taskstate.Engine) -> None:
    task = tasks.create("z1", "create", id="t")
    answer = tasks.decide("z1", "t", method="HEAD")
    assert (answer.status, answer.body) == (200, None)
    assert headers(answer)["Content-Length"] == str(len(task.json))


def test_unknown_is_404_and_says_nothing_else(tasks: taskstate.Engine) -> None:
    answer = tasks.decide("z1", "nobody", path="/a/b")
    assert answer.status == 404
    assert answer.body is not None
    error = json.loads(answer.body)
    assert error["code"] == "not_found"
    assert error["path"] == "/a/b"
    assert uuid.UUID(error["request_id"])
    assert tasks.decide("z1", "\ud800").status == 404


def test_a_bad_request_id_is_400(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t")
    for bad in ("no uuid", "\ud800", "é"):
        answer = tasks.decide("z1", "t", headers={"X-Client-Request-ID": bad})
        assert answer.status == 400
        assert answer.body is not None and b"validation_error" in answer.body
    assert tasks.decide("z1", "t", headers=[("X-Client-Request-ID", REQUEST_ID)] * 2).status == 400


def test_after_close_decide_still_answers(path: Path) -> None:
    tasks = taskstate.open(path)
    tasks.create("z1", "create", id="t")
    tasks.close()
    answer = tasks.decide("z1", "t")
    assert answer.status == 503
    assert headers(answer)["Retry-After"] == "1"


def test_a_wrong_policy_is_the_callers_mistake(tasks: taskstate.Engine) -> None:
    with pytest.raises(taskstate.InvalidArgument) as caught:
        tasks.decide("z1", "t", completed="maybe")  # type: ignore[arg-type]
    assert caught.value.field == "completed"


def test_accept_of_a_task_is_202(tasks: taskstate.Engine) -> None:
    task = tasks.create("z1", "create", id="t")
    answer = tasks.accept(task, headers={"x-client-request-id": REQUEST_ID})
    sent = headers(answer)
    assert answer.status == 202
    assert sent["Location"] == "/zones/z1/catalog_tasks/t"
    assert sent["X-Client-Request-ID"] == REQUEST_ID
    assert answer.body == task.json


def every_way(tasks: taskstate.Engine) -> Iterator[Optional[taskstate.Task]]:
    """The one task of the zone, from everything that gives tasks."""
    yield tasks.get("z1", "t")
    yield tasks.list("z1").items[0]
    yield next(tasks.iterate("z1"))
    yield pickle.loads(pickle.dumps(tasks.get("z1", "t")))
    yield copy.deepcopy(tasks.get("z1", "t"))


def test_accept_of_a_task_wherever_it_comes_from(tasks: taskstate.Engine) -> None:
    links = '[{"href":"/a","rel":"r","properties":{"n":1.50,"deep":' + "[" * 28 + "]" * 28 + "}}]"
    created = tasks.create("z1", "create", id="t", links=links, warnings=[], package_slug="\U0001f4e6")
    expected = tasks.accept(created, headers={"X-Client-Request-ID": REQUEST_ID})
    assert expected.body == created.json
    for task in every_way(tasks):
        assert task == created
        answer = tasks.accept(task, headers={"X-Client-Request-ID": REQUEST_ID})
        assert (answer.status, answer.headers, answer.body) == (202, expected.headers, expected.body)


def test_accept_of_a_task_that_has_moved_on_is_as_it_was(tasks: taskstate.Engine, clock: Clock) -> None:
    created = tasks.create("z1", "create", id="t")
    clock.advance(1)
    started = tasks.start("z1", "t")
    tasks.complete("z1", "t", install_id="i")
    assert tasks.accept(created).body == created.json
    assert tasks.accept(started).body == started.json != created.json


def test_accept_of_a_task_of_another_engine(tasks: taskstate.Engine) -> None:
    created = tasks.create("z1", "create", id="t")
    with taskstate.open(":memory:") as other:
        assert other.accept(created).body == created.json


def test_accept_of_an_error(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="t")
    with pytest.raises(taskstate.AlreadyExists) as exists:
        tasks.create("z1", "create", id="t")
    answer = tasks.accept(exists.value, path="/zones/z1/installs")
    assert answer.status == 409
    assert headers(answer)["x-should-retry"] == "false"
    assert answer.body is not None and json.loads(answer.body)["path"] == "/zones/z1/installs"
    with pytest.raises(taskstate.InvalidArgument) as invalid:
        tasks.create("z1", "create", package_id="", package_slug="")
    answer = tasks.accept(invalid.value)
    assert answer.status == 400
    assert answer.body is not None
    assert {detail["field"] for detail in json.loads(answer.body)["details"]} == {"$.package_id", "$.package_slug"}


def test_accept_of_a_task_without_a_zone_is_refused(tasks: taskstate.Engine) -> None:
    parsed = taskstate.parse_task(tasks.create("z1", "create", id="t").json)
    with pytest.raises(taskstate.InvalidArgument, match="^zone_id: "):
        tasks.accept(parsed)


def test_accept_of_an_exception_that_no_call_raised_is_refused(tasks: taskstate.Engine) -> None:
    with pytest.raises(taskstate.NotFound) as caught:
        tasks.start("z1", "nobody")
    for error in (taskstate.Busy("mine"), pickle.loads(pickle.dumps(caught.value))):
        with pytest.raises(ValueError, match="^outcome: must be the exception that a call raised"):
            tasks.accept(error)


def test_accept_of_another_type_is_refused(tasks: taskstate.Engine) -> None:
    with pytest.raises(TypeError, match="^outcome: must be a Task"):
        tasks.accept(RuntimeError("other"))  # type: ignore[arg-type]


def message(*pairs: tuple[str, str]) -> email.message.Message:
    made = email.message.Message()
    for name, value in pairs:
        made[name] = value
    return made


@pytest.mark.parametrize(
    "given",
    [
        {"X-CLIENT-REQUEST-ID": "r", "if-none-match": '"a", "b"', "Accept": "*/*", "PREFER": "wait=1"},
        [("x-client-request-id", "r"), ("If-None-Match", '"a"'), ("prefer", "wait=1"), ("IF-NONE-MATCH", '"b"')],
        [(b"x-client-request-id", b"r"), (b"if-none-match", b'"a", "b"'), (b"Prefer", b"wait=1")],
        {b"x-client-request-id": b"r", b"if-none-match": b'"a", "b"', b"prefer": b"wait=1"},
        message(("X-Client-Request-Id", "r"), ("If-None-Match", '"a"'), ("Prefer", "wait=1"), ("If-None-Match", '"b"')),
    ],
)
def test_headers_come_in_many_shapes(given: Any) -> None:
    assert tuple(relevant(given)) == (b"r", b'"a", "b"', b"wait=1")


def test_headers_may_be_absent() -> None:
    assert tuple(relevant(None)) == (None, None, None)
    assert tuple(relevant({})) == (None, None, None)
    assert relevant({"X-Client-Request-IX": "1", "If-None-Matsh": "2"}) == Relevant()
    assert relevant({"If-None-Match": ""}) == Relevant(if_none_match=b"")


class Host(http.server.BaseHTTPRequestHandler):
    """What a host writes: the routes and this copying, nothing more."""

    protocol_version = "HTTP/1.1"
    tasks: taskstate.Engine

    def send(self, answer: taskstate.Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.body is not None and "Content-Length" not in dict(answer.headers):
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.body is not None:
            self.wfile.write(answer.body)

    def do_GET(self) -> None:
        _, _, zone_id, kind, id = self.path.split("/")
        if kind == "catalog_tasks":
            self.send(self.tasks.decide(zone_id, id, headers=self.headers, method=self.command, path=self.path))
        else:
            body = json.dumps({"id": id}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        _, _, zone_id, _ = self.path.split("/")
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            outcome: taskstate.Task | taskstate.Error
            outcome = self.tasks.create(zone_id, "create", package_id=body["package_id"])
        except taskstate.Error as error:
            outcome = error
        self.send(self.tasks.accept(outcome, headers=self.headers, path=self.path))

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def client(tasks: taskstate.Engine) -> Iterator[http.client.HTTPConnection]:
    handler = type("BoundHost", (Host,), {"tasks": tasks})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        yield connection
        connection.close()
        server.shutdown()
        thread.join()


def ask(
    client: http.client.HTTPConnection, method: str, path: str, body: str | None = None, **sent: str
) -> tuple[http.client.HTTPResponse, bytes]:
    client.request(method, path, body=body, headers={name.replace("_", "-"): value for name, value in sent.items()})
    response = client.getresponse()
    return response, response.read()


def test_a_host_over_real_http(client: http.client.HTTPConnection, tasks: taskstate.Engine, clock: Clock) -> None:
    response, body = ask(client, "POST", "/zones/z1/installs", '{"package_id": "pkg_1"}')
    assert response.status == 202
    url = response.headers["Location"]
    id = json.loads(body)["id"]

    response, body = ask(client, "GET", url)
    assert response.status == 200 and json.loads(body)["status"] == "pending"
    assert int(response.headers["Retry-After"]) == 1
    etag = response.headers["ETag"]
    response, body = ask(client, "GET", url, If_None_Match=etag)
    assert (response.status, body) == (304, b"")

    tasks.start("z1", id)
    clock.advance(100)
    response, body = ask(client, "GET", url, If_None_Match=etag)
    assert response.status == 200 and json.loads(body)["status"] == "running"
    assert int(response.headers["Retry-After"]) == 10
    response, body = ask(client, "HEAD", url)
    assert response.status == 200 and body == b""

    tasks.complete("z1", id, install_id="ins_1")
    response, body = ask(client, "GET", url)
    assert response.status == 303 and json.loads(body)["install_id"] == "ins_1"
    response, body = ask(client, "GET", response.headers["Location"])
    assert json.loads(body) == {"id": "ins_1"}

    response, body = ask(client, "POST", "/zones/z1/installs", '{"package_id": ""}')
    assert response.status == 400
    response, body = ask(client, "GET", "/zones/z1/catalog_tasks/unknown", X_Client_Request_ID=REQUEST_ID)
    assert response.status == 404
    assert json.loads(body)["request_id"] == REQUEST_ID
