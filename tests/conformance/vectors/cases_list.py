"""Lists: order, filters, pages in both directions."""

from case import NOON, SECOND, Case


def _five(name: str) -> Case:
    """Five tasks, a second apart, the third and the fourth at the same moment."""
    case = Case(name)
    for number, seconds in enumerate((0, 1, 2, 2, 3), 1):
        case.at(NOON + seconds * SECOND).create(f"t{number}", package_id="p" if number % 2 else "q")
    return case


def cases() -> list:
    mixed = Case("filters").create("a").later(1).create("b", operation="delete", install_id="i").later(1).create(
        "c", package_id="p", install_id="i").later(1).create("d").start("a").start("c").complete("c").start("d").fail(
        "d", error_message="m").create("a", zone_id="z2")
    return [
        Case("an empty zone").create(zone_id="z2").list(ids=[], with_total=True),
        Case("one task").create().list(ids=["t1"]).list(limit=1, ids=["t1"], with_total=True),
        _five("newest first, by id where time is the same").list(ids=["t5", "t4", "t3", "t2", "t1"], with_total=True),
        _five("pages forth and back").list(limit=2, ids=["t5", "t4"], with_total=True).list(
            limit=2, follow="after", ids=["t3", "t2"]).list(limit=2, follow="after", ids=["t1"]).list(
            limit=2, follow="before", ids=["t3", "t2"]).list(limit=2, follow="before", ids=["t5", "t4"]),
        _five("pages of one").list(limit=1, ids=["t5"]).list(limit=1, follow="after", ids=["t4"]).list(
            limit=1, follow="after", ids=["t3"]).list(limit=1, follow="after", ids=["t2"]).list(
            limit=1, follow="before", ids=["t3"]),
        _five("a page size may change on the way").list(limit=1, ids=["t5"]).list(
            limit=1000, follow="after", ids=["t4", "t3", "t2", "t1"], with_total=True),
        _five("what comes later does not shift a page").list(limit=2, ids=["t5", "t4"]).create("t6").create("t0").at(
            NOON).create("t00").list(limit=2, follow="after", ids=["t3", "t2"]).list(
            limit=2, follow="after", ids=["t1", "t00"]),
        _five("a filter goes through all pages").list(package_id="p", limit=2, ids=["t5", "t3"], with_total=True).list(
            package_id="p", limit=2, follow="after", ids=["t1"], with_total=True),
        mixed.list(ids=["d", "c", "b", "a"]).list(statuses=["pending"], ids=["b"]).list(
            statuses=["completed", "failed"], ids=["d", "c"]).list(
            statuses=["running"], with_total=True, ids=["a"]).list(
            operation="delete", ids=["b"]).list(install_id="i", ids=["c", "b"]).list(package_id="p", ids=["c"]).list(
            created_from=NOON + SECOND, created_until=NOON + 3 * SECOND, ids=["c", "b"]).list(
            operation="delete", install_id="j", ids=[]).list(operation="not_allowed_here", ids=[]).list(
            zone_id="z2", ids=["a"]),
        _full("fifty by default"),
    ]


def _full(name: str) -> Case:
    case = Case(name)
    for number in range(51):
        case.create(f"t{number:02}")
    return case.list(with_total=True).list(follow="after", ids=["t00"])
