"""A task's life: legal moves, additions, repetition, history, and clocks that jump."""

from case import NOON, SECOND, Case, refusal
from samples import NOT_BMP, UUID, warning

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
LINK = {
    "href": "/docs?a=b", "rel": "help", "properties": '{"n":1.50,"big":12345678901234567890123,"z":-0,"x":1e400}',
    "titles": [["de", "Hilfe"], ["en", "help"]], "type": "text/html",
}
QUOTES = 'a "b" \\ c\'/<&>'


def cases() -> list:
    return [*_births(), *_outcomes(), *_additions(), *_repetitions(), *_clocks()]


def _births() -> list:
    return [
        Case("created with as little as possible").create().get(revision=1),
        Case("the engine names the task").create(id=None).create(id=None, operation="delete", install_id="ins_1"),
        Case("created with everything").create(
            operation="delete", install_id="ins/1 \u00e9", package_id="pkg_1", package_slug=QUOTES,
            package_version=0, links=[LINK], warnings=[warning()], payload='{"secret":true}',
            call={"request_id": UUID, "traceparent": TRACE, "actor": "api \u4e2d"},
        ).get(payload=True, client_request_id=UUID, traceparent=TRACE).history(kinds=["created"]),
        Case("an operation of the host's own", operations=["upgrade", "x_9"]).create(operation="upgrade").create(
            id="t2", operation="x_9").create(id="t3", operation="delete", install_id="i"),
        Case("unicode in every name").create(
            install_id=NOT_BMP, package_id="\u2028", package_slug="\u00e9\u0301\u4e2d\ufeff"
        ).get(),
        Case("ids at the edges of their grammar").create(id="~", zone_id="-._~").get("~", "-._~").create(
            id="a" * 128, zone_id="Z" * 128).get("a" * 128, "Z" * 128),
        Case("the largest package_version").create(package_version=9007199254740991),
        Case("the same id in another zone").create().create(zone_id="z2", package_id="other").get().get(zone_id="z2"),
        Case("a zone is told apart by case").create(zone_id="z").create(zone_id="Z").get(zone_id="Z").get(id="T1"),
        Case("nothing there").get().get(id="").get(id="a/b").get(id="..", zone_id=".").history(kinds=[]),
    ]


def _outcomes() -> list:
    return [
        Case("from pending to completed").create().later(1).start(call={"actor": "w1"}).later(2.5).complete(
            install_id="ins_1", call={"request_id": "req-1", "traceparent": TRACE, "actor": "w1"}
        ).get(revision=3).history(kinds=["created", "started", "completed"]),
        Case("from pending to failed").create().start().later(60).fail(
            error_message="No room.\nTry later.", error_detail="disk 3: ENOSPC"
        ).get(error_detail="disk 3: ENOSPC", failure_kind="failed").history(kinds=["created", "started", "failed"]),
        Case("failed with all that can be told").create().start().fail(
            error_message=QUOTES + "\u2028" + NOT_BMP, install_id="ins_1", package_id="p", package_slug="s",
            package_version=7, links=[LINK], warnings=[warning()],
        ),
        Case("completed with all that can be told").create().start().complete(
            install_id="ins_1", package_id="p", package_slug="s", package_version=7, links=[LINK], warnings=[warning()]
        ),
        Case("completed with an install known from the start").create(operation="delete", install_id="i").start()
        .complete().decide(status=303),
        Case("completed with a result link known from the start").create(
            links=[{"href": "/r/1", "rel": "result"}]).start().complete(),
        Case("the longest error message").create().start().fail(error_message="\u00e9" * 8192),
        Case("an empty error detail is kept out of the wire").create().start().fail(
            error_message="m", error_detail="d" * 16384).get(),
    ]


def _additions() -> list:
    other = {"href": "#more", "rel": "more"}
    return [
        Case("annotated while pending and while running").create().later(1).annotate(package_id="p").later(1).start()
        .later(1).annotate(package_slug="s", package_version=1, install_id="i").get(revision=4)
        .history(kinds=["created", "annotated", "started", "annotated"]),
        Case("links and warnings are appended in order").create(links=[LINK]).annotate(
            links=[other], warnings=[warning()]).annotate(warnings=[warning(status=201)]).get(revision=3),
        Case("exact duplicates are ignored").create(links=[LINK], warnings=[warning()]).later(1).annotate(
            links=[LINK, other, other], warnings=[warning()]).get(revision=2),
        Case("adding what is there changes nothing").create(package_id="p", links=[LINK], warnings=[warning()]).later(5)
        .annotate(package_id="p", links=[LINK], warnings=[warning()]).annotate().get(revision=1)
        .history(kinds=["created"]),
        Case("a link that differs in a number's spelling is another").create(links=[LINK]).annotate(
            links=[{**LINK, "properties": '{"n":1.5}'}]).get(revision=2),
        Case("package_version may be corrected").create(package_version=1).annotate(package_version=2).get(revision=2),
    ]


def _repetitions() -> list:
    gone_by = refusal(code="illegal_transition")
    return [
        Case("completing twice the same way changes nothing").create().start().complete(install_id="i").later(9)
        .complete(install_id="i", repeated=True).get(revision=3).history(kinds=["created", "started", "completed"]),
        Case("completing twice with links and warnings").create().start().complete(
            install_id="i", links=[LINK], warnings=[warning()]
        ).complete(install_id="i", links=[LINK], warnings=[warning()], repeated=True),
        Case("failing twice the same way changes nothing").create().start().fail(error_message="m", error_detail="d")
        .later(9).fail(error_message="m", error_detail="d", repeated=True).get(revision=3),
        Case("completing another way").create().start().complete(install_id="i").complete(
            install_id="j", refused=gone_by).complete(package_id="p", install_id="i", refused=gone_by).get(revision=3),
        Case("failing another way").create().start().fail(error_message="m").fail(
            error_message="n", refused=gone_by).fail(error_message="m", error_detail="d", refused=gone_by).get(),
        Case("a repetition after the file moved on").create().start().complete(install_id="i").create("t2").start("t2")
        .complete(install_id="i", repeated=True),
    ]


def _clocks() -> list:
    return [
        Case("microseconds are kept, milliseconds shown").at(NOON + 999_999).create().later(0.000001).start().get()
        .history(),
        Case("time runs backwards").create().at(NOON - 3600 * SECOND).start().later(-7).annotate(package_id="p")
        .complete(install_id="i").get().history(kinds=["created", "started", "annotated", "completed"]),
        Case("time runs backwards and comes back").create().later(-5).start().later(65).fail(error_message="m").get(),
        Case("before 1970").at(-1).create().later(2).start(),
        Case("a leap day").at(1_582_934_400_000_000).create().at(951_782_400_000_000).create("t2"),
        Case("the first and the last moment").at(-62_167_219_200_000_000).create().at(253_402_300_799_999_999).start(),
    ]
