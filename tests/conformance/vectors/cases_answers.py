"""The answers to the status request, row by row."""

from case import NOON, SECOND, Case
from samples import NOT_BMP, UUID, warning

UPPER = UUID.upper()


def _completed(name: str, install_id: str = "ins_1", **options: object) -> Case:
    return Case(name, **options).create().start().complete(install_id=install_id)


def cases() -> list:
    return [*_alive(), *_retry_after(), *_completions(), *_policy(), *_not_found(), *_request_ids(), *_closed()]


def _alive() -> list:
    return [
        Case("pending").create().decide(status=200, stated={"Retry-After": "1", "Location": None}),
        Case("running").create(package_id="p").start().decide(status=200, stated={"Retry-After": "1"}),
        Case("failed").create().start().fail(error_message="No \u2028 room.", warnings=[warning()]).decide(
            status=200, stated={"Retry-After": None, "Location": None}),
        Case("what is private stays so").create(payload="secret", call={"actor": "api"}).start().fail(
            error_message="m", error_detail="secret").decide(status=200),
        Case("HEAD has the headers and no body").create(package_slug="\u00e9").decide(method="HEAD", status=200)
        .decide(method="GET", status=200).decide(method="head").decide(method="POST"),
        Case("HEAD of everything else").decide(method="HEAD", status=404).create().start().complete(install_id="i")
        .decide(method="HEAD", status=303, stated={"Location": "/zones/z1/installs/i"}),
        Case("a poll from birth to result").create(id=None, package_id="pkg_1").later(1).decide(
            "00000000-0000-7000-8000-000000000001").start("00000000-0000-7000-8000-000000000001").later(30).decide(
            "00000000-0000-7000-8000-000000000001", stated={"Retry-After": "3"}).complete(
            "00000000-0000-7000-8000-000000000001", install_id="ins_1").decide(
            "00000000-0000-7000-8000-000000000001", status=303),
    ]


def _retry_after() -> list:
    ages = [(0, "1"), (10, "1"), (19.999999, "1"), (20, "2"), (299.9, "29"), (300, "30"), (301, "30"), (1e6, "30")]
    growing = Case("Retry-After grows with age, within its bounds").create()
    for age, seconds in ages:
        growing.at(NOON + int(age * SECOND)).decide(status=200, stated={"Retry-After": seconds})
    bounds = {
        "a lower bound": ([5, 30], 0, "5"), "an upper bound": ([1, 7], 1000, "7"), "both the same": ([3, 3], 100, "3"),
        "from zero": ([0, 0], 500, "0"), "a day": ([86400, 86400], 0, "86400"),
    }
    return [
        growing,
        *(Case("Retry-After with " + what, retry_after=limits).create().later(age).decide(
            stated={"Retry-After": seconds}) for what, (limits, age, seconds) in bounds.items()),
        Case("Retry-After counts from creation, not from the start").create().later(100).start().later(100).decide(
            stated={"Retry-After": "20"}),
        Case("Retry-After before the task was created").create().later(-100).decide(stated={"Retry-After": "1"}),
    ]


def _completions() -> list:
    return [
        _completed("completed leads to the install").decide(
            status=303, stated={"Location": "/zones/z1/installs/ins_1", "Retry-After": None, "ETag": None}),
        _completed("an install id is percent-encoded", 'a/b?c#d%e f"\u00e9' + NOT_BMP).decide(
            stated={"Location": "/zones/z1/installs/a%2Fb%3Fc%23d%25e%20f%22%C3%A9%F0%9F%98%80"}),
        _completed("an install id full of traps", "//evil\\..").decide(
            stated={"Location": "/zones/z1/installs/%2F%2Fevil%5C.."}),
        _completed("unreserved characters stay", "-._~aZ9").decide(stated={"Location": "/zones/z1/installs/-._~aZ9"}),
        Case("a result link leads where it says").create().start().complete(
            links=[{"href": "/reports/7?format=pdf", "rel": "result"}]).decide(
            status=303, stated={"Location": "/reports/7?format=pdf"}),
        Case("a result link wins over the install").create().start().complete(
            install_id="ins_1", links=[{"href": "/a", "rel": "more"}, {"href": "/r/%2F", "rel": "result"}]).decide(
            status=303, stated={"Location": "/r/%2F"}),
        _completed("a location of the host's own", location="/apps/{install_id}/of-{task_id}?zone={zone_id}").decide(
            stated={"Location": "/apps/ins_1/of-t1?zone=z1"}),
        _completed("a location without holes", location="/done").decide(stated={"Location": "/done"}),
        Case("a completed delete leads to its install").create(operation="delete", install_id="i").start().complete(
            warnings=[warning()]).decide(status=303, stated={"Location": "/zones/z1/installs/i"}),
    ]


def _policy() -> list:
    link = {"Link": '</zones/z1/installs/ins_1>; rel="related"', "Location": None, "Retry-After": None}
    at_open = _completed("completed as 200, decided at open", completed="ok").decide(status=200, stated=link)
    tag = at_open.etag()
    return [
        at_open.decide(if_none_match=tag, status=304, stated={"Link": None}).decide(completed="see_other", status=303),
        _completed("completed as 200, decided for one request").decide(completed="ok", status=200, stated=link).decide(
            status=303).decide(completed="see_other", status=303),
        _completed("see_other at open is the default", completed="see_other").decide(status=303),
        Case("200 with a result link", completed="ok").create().start().complete(
            links=[{"href": "/r", "rel": "result"}]).decide(status=200, stated={"Link": '</r>; rel="related"'}),
        Case("the policy touches completed tasks only", completed="ok").create().decide(
            status=200, stated={"Link": None}),
    ]


def _not_found() -> list:
    return [
        Case("an unknown task").decide(status=404),
        Case("a task of another zone").create().decide(zone_id="z2", status=404),
        Case("unknown and foreign look alike").create(zone_id="z2").decide(client_request_id=UUID, path="/p").decide(
            "t2", client_request_id=UUID, path="/p"),
        Case("ids outside the grammar").decide("a b", status=404).decide("t1", "\u00e9", status=404).decide(
            "a\r\nX: y", status=404).decide("x" * 200, status=404),
        Case("dots are no id").decide("..", status=404).decide("t1", ".", status=404),
        Case("each error has its own request id").decide().decide().later(1).decide(),
        Case("the request's path stands in the error").decide(path="/v1/zones/z1/catalog_tasks/t1?x=y z"),
        Case("a status URL of the host's own stands in the error", status_url="/t/{zone_id}:{task_id}").decide(),
    ]


def _request_ids() -> list:
    return [
        Case("the client's request id is echoed").create().decide(client_request_id=UUID).start().decide(
            client_request_id=UPPER, stated={"X-Client-Request-ID": UPPER}).complete(install_id="i").decide(
            client_request_id=UUID, status=303),
        Case("the client's request id is the error's").decide(client_request_id=UPPER, status=404),
        Case("a request id that is none").create().decide(client_request_id="1", status=400).decide(
            client_request_id="", status=400).decide(client_request_id=UUID + "0", status=400).decide(
            client_request_id="{" + UUID[1:-1] + "}", status=400).decide(
            client_request_id=UUID + "\r\nX: y", status=400),
        Case("a bad request id is judged before the ids").decide("a b", client_request_id="x", status=400),
        Case("a bad request id is ignored", ignore_bad_request_id=True).create().decide(
            client_request_id="x\r\ny", status=200, stated={"X-Client-Request-ID": None}).decide(
            "t2", client_request_id="x", status=404).decide(client_request_id=UUID, status=200),
        Case("HEAD of a bad request").decide(method="HEAD", client_request_id="x", status=400),
    ]


def _closed() -> list:
    return [
        Case("a closed engine").create().close().decide(status=503, stated={"Retry-After": "1"}).decide(
            "t2", client_request_id=UUID, status=503).decide(method="HEAD", status=503),
        Case("a closed engine is judged first").close().decide("a b", client_request_id="x", status=503),
    ]
