"""What is refused: illegal moves, values outside their rule, write-once fields, missing tasks, a closed engine."""

from case import Case, refusal
from samples import warning

ILLEGAL = refusal(code="illegal_transition")
UNKNOWN = refusal(code="not_found")
CLOSED = refusal(code="closed")


def _brought_to(status: str, name: str) -> Case:
    case = Case(name).create()
    if status != "pending":
        case.start()
    if status == "completed":
        case.complete(install_id="i")
    if status == "failed":
        case.fail(error_message="m")
    return case


def cases() -> list:
    return [*_moves(), *_missing(), *_inputs(), *_write_once(), *_calls(), *_queries(), *_closed()]


def _moves() -> list:
    moves = {
        "start": lambda case: case.start(refused=ILLEGAL),
        "annotate": lambda case: case.annotate(package_id="p", refused=ILLEGAL),
        "complete": lambda case: case.complete(install_id="j", refused=ILLEGAL),
        "fail": lambda case: case.fail(error_message="n", refused=ILLEGAL),
    }
    illegal = [
        ("pending", "complete"), ("pending", "fail"), ("running", "start"), ("completed", "start"),
        ("completed", "annotate"), ("completed", "complete"), ("completed", "fail"), ("failed", "start"),
        ("failed", "annotate"), ("failed", "complete"), ("failed", "fail"),
    ]
    return [moves[move](_brought_to(status, f"{move} on a {status} task")).get() for status, move in illegal]


def _missing() -> list:
    return [
        Case("changing a task that is not there").start(refused=UNKNOWN).annotate(package_id="p", refused=UNKNOWN)
        .complete(install_id="i", refused=UNKNOWN).fail(error_message="m", refused=UNKNOWN),
        Case("changing a task of another zone").create().start(zone_id="z2", refused=UNKNOWN).get(),
        Case("changing a task by an id outside the grammar").start(id="a/b", refused=UNKNOWN).start(
            zone_id="", refused=UNKNOWN),
        Case("a second task with the same id").create(package_id="p").create(refused=refusal(code="already_exists"))
        .get().history(kinds=["created"]),
        Case("the same id even after the end").create().start().complete(install_id="i").create(
            refused=refusal(code="already_exists")),
    ]


def _inputs() -> list:
    bad_link = {"href": "nowhere", "rel": "r"}
    creates = {
        "zone_id": dict(zone_id=""), "zone_id ": dict(zone_id="a b"), "id": dict(id=".."), "id ": dict(id="a" * 129),
        "operation": dict(operation=""), "operation ": dict(operation="Create"),
        "operation  ": dict(operation="upgrade"),
        "install_id": dict(operation="delete"), "install_id ": dict(install_id="."),
        "install_id  ": dict(install_id="i" * 513), "package_id": dict(package_id="a\tb"),
        "package_slug": dict(package_slug="\u009f"), "package_version": dict(package_version=-1),
        "package_version ": dict(package_version=9007199254740992), "links[0].href": dict(links=[bad_link]),
        "links[1].rel": dict(links=[{"href": "/a", "rel": "r"}, {"href": "/a", "rel": "\n"}]),
        "links[0].titles.e": dict(links=[{"href": "/a", "rel": "r", "titles": [["e", "t"]]}]),
        "links[0].properties": dict(
            links=[{"href": "/a", "rel": "r", "properties": '{"a":' + "[" * 29 + "]" * 29 + "}"}]),
        "links[0].properties.a": dict(links=[{"href": "/a", "rel": "r", "properties": '{"a":1,"a":2}'}]),
        "links": dict(links=[{"href": f"/{n}", "rel": "r"} for n in range(65)]),
        "warnings[0].code": dict(warnings=[warning(code="oops")]),
        "warnings[0].request_id": dict(warnings=[warning(request_id="1")]),
        "warnings[0].status": dict(warnings=[warning(status=1000)]),
        "warnings": dict(warnings=[warning(details=[])] * 257),
    }
    every = Case("every broken field is told").create(
        id="a/b", zone_id="a/b", package_id="\x00", package_slug="\x7f", package_version=-1,
        links=[bad_link, bad_link], refused=refusal(
            "zone_id", "id", "links[0].href", "links[1].href", "package_id", "package_slug", "package_version"))
    running = Case("what annotate, complete and fail refuse").create().start()
    return [
        *(Case(f"create refuses {field.strip()} ({field.count(' ') + 1})").create(
            **fields, refused=refusal(field.strip())).list(ids=[]) for field, fields in creates.items()),
        every,
        running.annotate(links=[bad_link], refused=refusal("links[0].href")).complete(
            refused=refusal("install_id")).complete(install_id="..", refused=refusal("install_id")).fail(
            error_message="", refused=refusal("error_message")).fail(
            error_message="m" * 16385, refused=refusal("error_message")).fail(
            error_message="m", error_detail="d" * 16385, refused=refusal("error_detail")).fail(
            error_message="m\x00", refused=refusal("error_message")).complete(
            links=[{"href": "/a", "rel": "result"}, {"href": "/b", "rel": "result"}], refused=refusal("links"))
        .get(revision=2).history(kinds=["created", "started"]),
        Case("a second result link").create(links=[{"href": "/a", "rel": "result"}]).start().complete(
            links=[{"href": "/b", "rel": "result"}], refused=refusal("links")).complete(
            links=[{"href": "/a", "rel": "result"}]),
        Case("more than 64 links in the end").create(links=[{"href": f"/{n}", "rel": "r"} for n in range(64)]).annotate(
            links=[{"href": "/64", "rel": "r"}], refused=refusal("links")).get(revision=1),
    ]


def _write_once() -> list:
    return [
        Case(f"{field} is written once").create(**{field: "a"}).annotate(**{field: "b"}, refused=refusal(field))
        .start().complete(**{"install_id": "a", field: "b"}, refused=refusal(field))
        .annotate(**{field: "a"}).get(revision=2)
        for field in ("install_id", "package_id", "package_slug")
    ]


def _calls() -> list:
    bad = {"request_id": ["a b", "r" * 129, "\u00e9"], "traceparent": ["00-0-0-01", "01" + "-" + "1" * 32 + "-" +
           "1" * 16 + "-01", "00-" + "0" * 32 + "-" + "1" * 16 + "-01"], "actor": ["a\nb", "w" * 257]}
    return [
        Case(f"a call's {field} that breaks its rule ({number})").create(
            call={field: value}, refused=refusal(field)).create().start(call={field: value}, refused=refusal(field))
        .get(revision=1)
        for field, values in bad.items() for number, value in enumerate(values, 1)
    ]


def _queries() -> list:
    queries = {
        "zone_id": dict(zone_id=""), "operation": dict(operation="Create"), "install_id": dict(install_id=".."),
        "package_id": dict(package_id="\n"), "limit": dict(limit=-1), "limit ": dict(limit=1001),
        "after": dict(after="abc"), "before": dict(before="!"), "before ": dict(after="abc", before="abc"),
    }
    return [
        *(Case(f"list refuses {field.strip()} ({field.count(' ') + 1})").create().list(
            **query, refused=refusal(field.strip())) for field, query in queries.items()),
        Case("a cursor is bound to its filter").create().create("t2").list(limit=1, ids=["t2"]).list(
            limit=1, statuses=["pending"], follow="after", refused=refusal("after")).list(
            zone_id="z2", follow="after", refused=refusal("after")),
    ]


def _closed() -> list:
    return [
        Case("a closed engine does nothing").create().close().create("t2", refused=CLOSED).start(refused=CLOSED).list(
            refused=CLOSED).close(),
    ]
