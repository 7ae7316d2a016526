"""What ends up in a header of an answer, and what somebody could put there: as real responses, read by a real client."""

from __future__ import annotations

import http.client
import json
import string
from typing import Iterator
from urllib.parse import quote, unquote

import pytest
import taskstate

from test_http import ask, client  # noqa: F401  the fixture
from test_privacy import ManualClock

HOSTILE = [
    "a\r\nSet-Cookie: evil=1",
    "a\nX-Evil: 1",
    "a\rX-Evil: 1",
    "a\r\n\r\n<script>",
    "a\r\n folded: 1",  # obs-fold
    "a\r\n\tfolded",
    "a\0b",
    "%0d%0aSet-Cookie:%20evil=1",
    "%0D%0AX-Evil:1",
    "%250d%250aX-Evil:1",
    "\u560d\u560aX-Evil: 1",  # whose lowest bytes are CR and LF
    "\u010d\u010aX-Evil: 1",
    "a\u0085b",
    "a\u2028X-Evil: 1",
    "//evil.example/",
    "/\\\\evil.example",
    "https://evil.example/",
    "../../../evil",
    "a/../../evil",
    "?x=1#y",
    "a, b; rel=next>",
    '"quoted"',
    "\u202eevil",
    "x" * 512,
    "\u00e9" * 256,
]
ALLOWED = set(string.ascii_letters + string.digits + "-._~/%")
KNOWN = {
    "Server", "Date", "Content-Type", "Cache-Control", "ETag", "Retry-After", "Location", "Link", "x-should-retry",
    "Preference-Applied", "X-Client-Request-ID", "Content-Length",
}  # fmt: skip


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def tasks(path: object, clock: ManualClock) -> Iterator[taskstate.Engine]:
    with taskstate.open(path, clock=clock, longest_wait=1) as engine:  # type: ignore[arg-type]
        yield engine


def assert_clean(response: http.client.HTTPResponse, body: bytes) -> None:
    names = [name for name, _ in response.getheaders()]
    assert set(names) <= KNOWN and len(names) == len(set(names))
    for _, value in response.getheaders():
        assert all(" " <= character < "\x7f" for character in value)
    assert response.status in (200, 202, 303, 304, 400, 404)
    if body:
        json.loads(body)


@pytest.mark.parametrize("value", HOSTILE)
def test_no_install_id_leads_elsewhere(client: http.client.HTTPConnection, tasks: taskstate.Engine, value: str) -> None:  # noqa: F811
    tasks.create("z1", "create", id="t")
    tasks.start("z1", "t")
    try:
        tasks.complete("z1", "t", install_id=value)
    except taskstate.InvalidArgument:
        tasks.complete("z1", "t", install_id="harmless")
        value = "harmless"
    response, body = ask(client, "GET", "/zones/z1/catalog_tasks/t")
    assert_clean(response, body)
    location = response.headers["Location"]
    assert response.status == 303 and location.startswith("/zones/z1/installs/")
    assert set(location) <= ALLOWED and location.count("/") == 4
    assert unquote(location.rsplit("/", 1)[1]) == value


@pytest.mark.parametrize("value", HOSTILE)
def test_no_result_link_leads_elsewhere(client: http.client.HTTPConnection, tasks: taskstate.Engine, value: str) -> None:  # noqa: F811
    for number, href in enumerate((value, "/" + value)):
        tasks.create("z1", "create", id=f"t{number}")
        tasks.start("z1", f"t{number}")
        try:
            tasks.complete("z1", f"t{number}", links=[{"href": href, "rel": "result"}])
        except taskstate.InvalidArgument:
            continue
        for policy in ("see_other", "ok"):
            answer = tasks.decide("z1", f"t{number}", completed=policy)  # type: ignore[arg-type]
            assert all("\r" not in text and "\n" not in text for header in answer.headers for text in header)
        response, body = ask(client, "GET", f"/zones/z1/catalog_tasks/t{number}")
        assert_clean(response, body)
        location = response.headers["Location"]
        assert location == href and location.startswith("/") and not location.startswith("//")
        assert not {"\\", "..", " "} & {part for part in location.split("/")} and location.isascii()


@pytest.mark.parametrize("value", HOSTILE)
def test_no_request_comes_back_in_a_header(client: http.client.HTTPConnection, tasks: taskstate.Engine, value: str) -> None:  # noqa: F811
    tasks.create("z1", "create", id="t")
    sent = value.encode()
    for id in ("t", "nobody", value):
        for method in ("GET", "HEAD"):
            answer = tasks.decide(
                "z1",
                id,
                headers=[("X-Client-Request-ID", sent), ("If-None-Match", sent), ("Prefer", b"wait=0, " + sent)],
                method=method,
                path=value,
            )
            for name, header in answer.headers:
                assert name in KNOWN and all(" " <= character < "\x7f" for character in header)
                assert "evil" not in header.lower()
    response, body = ask(client, "GET", "/zones/z1/catalog_tasks/" + quote(value, safe="%"))
    assert_clean(response, body)
    for name in ("X-Client-Request-ID", "If-None-Match", "Prefer"):
        header = {name.replace("-", "_"): quote(value, safe=" %,;=\"<>#?/:\\")}
        assert_clean(*ask(client, "GET", "/zones/z1/catalog_tasks/t", **header))
