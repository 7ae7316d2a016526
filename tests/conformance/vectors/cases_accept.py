"""The answers to the request that created the task."""

from case import Case, refusal
from samples import NOT_BMP, UUID

EXISTS = refusal(code="already_exists")


def _plain(size: int) -> str:
    return f"must be 1 to 512 bytes; has {size} bytes"


ID = 'must be 1 to 128 of A-Z a-z 0-9 - . _ ~ and not "." or ".."; has 3 bytes'
HREF = "must be an absolute path, an http or https URL or a #fragment; has 7 bytes"
VERSION = "must be 0 to 2^53-1; is negative"


def cases() -> list:
    return [
        Case("accepted").create(package_id="pkg_1").accept(
            status=202, stated={"Location": "/zones/z1/catalog_tasks/t1", "Retry-After": "1", "ETag": None}),
        Case("accepted, named by the engine").create(id=None).accept(
            stated={"Location": "/zones/z1/catalog_tasks/00000000-0000-7000-8000-000000000001"}),
        Case("accepted, with a request id").create(call={"request_id": UUID}).accept(client_request_id=UUID).accept(
            status=202, client_request_id="bad", stated={"X-Client-Request-ID": None}),
        Case("accepted, at a status URL of the host's own", status_url="/{task_id}/in/{zone_id}?v=1").create(
            zone_id="a~b").accept(stated={"Location": "/t1/in/a~b?v=1"}),
        Case("accepted, with Retry-After bounds", retry_after=[4, 9]).create().accept(stated={"Retry-After": "4"}),
        Case("accepted, later").create(package_slug=NOT_BMP).later(55).accept(stated={"Retry-After": "5"}),
        Case("accepted, a delete").create(operation="delete", install_id="i").accept(status=202),
        Case("a HEAD that was accepted").create().accept(method="HEAD", status=202),
        Case("a duplicate id").create().create(refused=EXISTS).accept(
            status=409, stated={"x-should-retry": "false", "Retry-After": None}),
        Case("a duplicate id, with request id and path").create().create(refused=EXISTS).accept(
            status=409, client_request_id=UUID, path="/zones/z1/installs"),
        Case("one bad field").create(id="a/b", refused=refusal(("id", ID))).accept(status=400),
        Case("several bad fields").create(
            id="a/b", package_id="p" * 513, package_version=-1, links=[{"href": "nowhere", "rel": "r"}],
            refused=refusal(("id", ID), ("links[0].href", HREF), ("package_id", _plain(513)),
                            ("package_version", VERSION)),
        ).accept(status=400, path="/zones/z1/installs").accept(status=400, client_request_id=UUID),
        Case("a delete without install").create(
            operation="delete", refused=refusal(("install_id", "must be present when the operation is delete"))
        ).accept(status=400),
        Case("a closed engine accepts nothing").close().create(refused=refusal(code="closed")).accept(
            status=503, stated={"Retry-After": "1"}, client_request_id=UUID),
        Case("an illegal move as an answer").create().start().start(refused=refusal(code="illegal_transition")).accept(
            status=409, stated={"x-should-retry": "false"}),
        Case("a missing task as an answer").start(refused=refusal(code="not_found")).accept(status=404),
    ]
