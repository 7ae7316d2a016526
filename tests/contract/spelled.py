"""Limits, ranges and defaults as they are spelled in comments, texts of errors, documents and code.

Every number that looks like one is found, given to the entry of the contract whose name stands next to it, and compared.
A number that no entry accounts for is a fault, too: it belongs to the contract, or to NO_LIMITS with a reason.
"""

import functools
import math
import re
from typing import Iterator, NamedTuple

from sides import Place, Sources, Tables

FILES = (
    "capi/taskstate.h", "capi/*.cpp", "capi/*.hpp", "include/taskstate/*.hpp", "include/taskstate/detail/*.hpp",
    "src/core/*.[ch]pp", "src/engine/*.[ch]pp", "src/store/*.[ch]pp",
    "bindings/go/*.go", "bindings/python/src/taskstate/*.py", "bindings/python/src/taskstate/aio/*.py",
    "bindings/python/native/*.[ch]", "bindings/python/native/*.[ch]pp", "bindings/*/README.md", "README.md",
    "docs/concepts.md", "docs/guide/*.md", "docs/internals/file-format.md", "docs/internals/architecture.md", "docs/internals/coherence.md",
)  # fmt: skip

# What stands next to a number that spells the entry; the name in any language. The nearest one that fits counts.
ALIASES = {
    "limit.id": r"zone.?id\b|(?<!request )(?<!boot )(?<!install )\bid\b|check_id|is_id",
    "limit.boot_id": r"boot.?id|this boot",
    "limit.operation": r"operation",
    "limit.name": r"install.?id|package.?id|package.?slug|\bname\b",
    "limit.idempotency_key": r"idempotency.?key|per zone|the zone.s: the same key",
    "limit.package_version": r"version",
    "limit.error_message": r"error.?message|\breason|public|\bmessage",
    "limit.error_detail": r"error.?detail|detail|private",
    "limit.worker": r"\bactor|\bworker|who acts|who claims",
    "limit.request_id": r"request.?id|visible ASCII",
    "limit.traceparent": r"traceparent",
    "limit.attempts": r"max.?attempts",
    "limit.payload": r"payload|opaque bytes|\(opaque|for the worker|what the worker needs",
    "limit.ref": r"\bref\b",
    "limit.priority": r"priority",
    "limit.result": r"what the task produced|what it produced|\ba result has",
    "limit.media_type": r"media.?type",
    "limit.links": r"\blinks?\b",
    "limit.warnings": r"\bwarnings?\b|shape is the body of an error",
    "limit.warning_status": r"\bstatus\b",
    "limit.task": r"json\b|the whole|wire form",
    "limit.json_depth": r"nested",
    "limit.time": r"years 0|rfc3339|check_time",
    "limit.lease_token": r"\btoken|lease token|format_lease",
    "limit.position": r"position",
    "limit.claim_zones": r"\bzones\b",
    "limit.claim_operations": r"\boperations\b",
    "limit.claim_pairs": r"\bpairs|times\s+operations",
    "limit.batch": r"batch|changes\b",
    "limit.statements": r"statements?\b|\balso\b",
    "limit.sql": r"\bsql\b|statement",
    "option.timeout": r"timeout",
    "option.housekeeping": r"housekeeping|how often the engine|held back|whose not_before has come|tick\(\) \[|ends leases and expires tasks|and the like",
    "option.running_limit": r"running.?limit|may run at once",
    "option.pending_limit": r"pending.?limit|may be pending",
    "option.idempotency_retention": r"idempotency.?retention|a key is kept",
    "option.longest_wait": r"longest.?wait",
    "option.retention": r"(?<!_)\bretention|WithRetention|set_retention|purges what has ended|purges it|purges it by itself",
    "option.result_retention": r"result.?retention|stored results?\b",
    "option.tombstones": r"tombstone",
    "option.feed_retention": r"feed.?retention",
    "option.max_bytes": r"max.?bytes",
    "option.checkpoint_bytes": r"checkpoint.?bytes|-wal`*,? from which|moves it into",
    "option.answer_cache_bytes": r"cache.?bytes|rendered",
    "option.retry_after_min": r"retry.?after",
    "option.retry_after_max": r"retry.?after",
    "argument.start_within": r"start.?within|if that is later",
    "argument.lease": r"\blease(?:_us|_s)?\b|\bleases\b|without a heartbeat",
    "argument.leases": r"claim.?many|at most this many leases|at once|\btake\b|up to ``limit`` tasks|spec\.limit",
    "argument.release_delay": r"delay",
    "argument.list_limit": r"tse_list|\blist\b|ListQuery|created_until|CreatedUntil",
    "argument.history_limit": r"[Hh]istory",
    "argument.changes_limit": r"\bchanges\(|Changes|events of a batch|events,|\bflags\b|read at a time",
    "argument.older_than": r"older.?than|so long ago",
    "argument.purge_limit": r"at most so many",
    "progress_pace": r"progress",
    "group": r"group|taskstate_changes_total",
    "passed_zones": r"such zones|zones at their limit|passed",
    "purged_tasks": r"purges|housekeep",
    "wall_leap": r"leapt|gains",
    "wall_pause": r"nothing expires|until this call|until|the wall clock is right|says? that the clock is right|\bor (?=24)",
    "room_to_fail": r"room",
}


class Named(NamedTuple):
    """What no name next to it tells."""

    path: str  # a regular expression for all of it
    line: str  # one that finds the number with what stands around it
    entry: str  # of the contract; or, in NO_LIMITS, why it is none


# Bare numbers. The group is the number, whatever it is; the last word of the entry says which of its numbers that is.
NAMED = [
    Named(r"src/core/validate\.cpp", r"up to (\d+) of a-z", "limit.operation.most"),
    Named(r"bindings/go/batch\.go", r"BatchMax = (\d+)", "limit.batch.most"),
    Named(r"bindings/go/worker\.go", r"longestDetail = (\d+)", "limit.error_detail.most"),
    Named(r"bindings/python/.*/_lease\.py", r"_DETAIL_BYTES = (\d+)", "limit.error_detail.most"),
    Named(r"bindings/python/.*/_engine\.py", r"limit: int = (\d{4})", "argument.list_limit.most"),
    Named(r"bindings/python/.*/_batch\.py", r"one more than ([\d,]+)", "limit.batch.most"),
    Named(r"docs/guide/monitoring\.md", r"(\d+) the most", "group"),
]
NO_LIMITS = [
    Named(
        r".*",
        r"0[-–]9|2\*\*\d+|\d{4}-\d\d|\d+ as hex|^#define TSE_\w+ ",
        "a character class, a date's form; a constant that is compared by its name",
    ),
    Named(
        r".*",
        r"1 and up(?=; grows|: a zone|: a count)|years 0+ to 9999|[Tt]he 16 bytes of a UUID|16 bytes as (lower-case )?hex|16 bytes(?= for a sequence|, the same|, kept with)",
        "a count begins at 1; RFC 3339; RFC 9562; XXH3-128",
    ),
    Named(
        r".*",
        r"less than 1 KiB each|status 0 unless|from 400 to 503|has 0 bytes|\b\d+ ?% ",
        "measured; statuses of HTTP",
    ),
    Named(r".*", r"0 → 50", "an example of a change"),
    Named(r"src/core/time\..*", r".*", "the calendar"),
    Named(r".*", r"8-4-4-4-12|<= [1-9]\b", "a UUID; an index"),
    Named(r"src/core/range\.hpp", r"// Appends what is wrong.*", "an example"),
    Named(r"src/store/store\.hpp", r"limit = \d+", "of a query whose caller names its own"),
    Named(r"src/core/validate\.cpp", r"up to \d+ of a-z", "named"),
    Named(r"src/core/json\.cpp", r"longest_name = 32", "of a name in a path of errors"),
    Named(
        r"src/engine/.*",
        r"usual_entry = 512|shortest_sleep\{1000\}|longest_sleep\{1000\}|events_per_commit = 256",
        "a measure of the engine's own",
    ),
    Named(r"bindings/python/.*", r"<= 4000|_LONGEST_S = .*", "what Python converts at once; what poll() can wait"),
    Named(
        r"docs/internals/file-format\.md",
        r"^(?!.*`taskstate_payloads`).*",
        "the file's own layout; what is a limit stands in the schema, which is compared",
    ),
    Named(
        r"docs/internals/(architecture|coherence)\.md",
        r"7 … 63|every 5 ms|4 … 1,024 ms|every 50 ms|400 bytes|bytes 8 to 39",
        "a measure of the engine's own",
    ),
    Named(
        r"docs/guide/processes\.md",
        r"every 50 ms|up to 64 descriptors",
        "how the engine looks, and what it keeps: no promise",
    ),
]

# Texts that are spelled as they are: what finds one, and the entry that says it.
TEXTS = (
    (re.compile(r"\[a-z\]\[a-z0-9_\](?:\{\d+,\d+\}|\*)"), "operation_rule"),
    (re.compile(r"/zones/\{zone_id\}/\w+/\{install_\w+\}"), "location"),
    (re.compile(r"/zones/\{zone_id\}/\w+/\{task_\w+\}"), "status_url"),
    (re.compile(r"(?<![\w\\])0o?6\d\d\b"), "file_mode"),
    (re.compile(r"(?<![\w\\])0o?0[1-7][0-7]\b"), "file_mode_added"),
)

UNITS = {
    "bytes": ("bytes", 1), "byte": ("bytes", 1), "KiB": ("bytes", 1 << 10), "MiB": ("bytes", 1 << 20), "GiB": ("bytes", 1 << 30),
    "us": ("us", 1), "ms": ("us", 1000), "s": ("us", 10**6), "second": ("us", 10**6), "seconds": ("us", 10**6),
    "min": ("us", 60 * 10**6), "minutes": ("us", 60 * 10**6), "h": ("us", 3600 * 10**6), "hours": ("us", 3600 * 10**6), "hour": ("us", 3600 * 10**6),
    "days": ("us", 86400 * 10**6), "day": ("us", 86400 * 10**6), "years": ("us", 366 * 86400 * 10**6), "year": ("us", 366 * 86400 * 10**6),
}  # fmt: skip
UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
NUMBER = r"(?<![\w.#^/{*-])(?:2\^53[-−]1|\d[\d,]*\d|\d)(?![\w^*]|[.,:]\d)"
TOKEN = re.compile(
    rf"(?P<least>{NUMBER})(?: (?P<least_unit>{UNIT})\b)?(?: ?(?:-|–|…|\.\.\.) ?| to )(?P<most>2\^53[-−]1|\d[\d,]*)(?![\w,]*\d)(?: (?P<most_unit>{UNIT})\b)?"
    rf"|(?:<=(?! 0\b)|[Aa]t most|[Uu]p to) (?P<up_to>{NUMBER})(?: (?P<up_to_unit>{UNIT})\b)?"
    rf"|(?P<floor>{NUMBER})(?: (?P<floor_unit>{UNIT})\b)? and up"
    rf"|(?:0|[Aa]bsent|TSE_NONE|nil|None): (?P<usual>{NUMBER})(?: (?P<usual_unit>{UNIT})\b)?(?![\w(])"
    rf"|(?P<default>{NUMBER})(?: (?P<default_unit>{UNIT})\b)? unless"
    rf"|(?P<any>{NUMBER}) (?P<any_unit>{UNIT})\b"
    r"|chrono::(?P<span_unit>microseconds|milliseconds|seconds|minutes|hours)[({](?P<span>[\d' *]+)[)}]"
    rf"|(?P<bare>(?<![\w.])(?:32|50|64|100|128|256|512|999|1,?000|1,?024|10,?000|16,?384|65,?536|86,?400|1,?048,?576)(?![\w.]|,\d|'\d))"
)
IGNORED = re.compile(
    r"RFC \d+|[Ss]ections? [\d.]+|@?[Ss]ince 0\.\d|https?://\S+|utf-8|std::u?int\d+_t|^#include[^\n]*|[a-z]+\d+(?:_t)?\b|\b0x[0-9a-fA-F]+|```.*?```",
    re.M | re.S,
)


def value(number: str, unit: str | None) -> tuple[str | None, int]:
    """The dimension, if there is a unit, and the number in its smallest unit."""
    plain = 2**53 - 1 if "^" in number else int(number.replace(",", ""))
    if unit is None:
        return None, plain
    dimension, scale = UNITS[unit]
    return dimension, plain * scale


class Fact(NamedTuple):
    """What an entry says, in the smallest unit."""

    dimension: str | None
    scale: int
    least: int | None
    most: int | None
    usual: int | None

    def holds(self, spelled: tuple[str | None, int], *parts: str) -> bool:
        dimension, number = spelled
        if dimension is not None and dimension != self.dimension:
            return False
        numbers = {getattr(self, part) for part in parts if getattr(self, part) is not None}
        if dimension is None:
            return number in {each // self.scale for each in numbers} or number in numbers
        return number in numbers


def facts(tables: Tables) -> dict[str, Fact]:
    made = {}
    for entry, of in tables.ranges.items():
        dimension, scale = {"bytes": ("bytes", 1), "us": ("us", 1), "s": ("us", 10**6)}.get(of["unit"], (None, 1))
        scaled = [None if of[part] is None else of[part] * scale for part in ("least", "most", "usual")]
        made[entry] = Fact(dimension, scale, *scaled)
    for entry, dimension in (
        ("progress_pace", "us"),
        ("group", None),
        ("passed_zones", None),
        ("purged_tasks", None),
        ("wall_leap", "us"),
        ("wall_pause", "us"),
        ("room_to_fail", "bytes"),
    ):
        made[entry] = Fact(dimension, 1, None, tables.data[entry], None)
    return made


def span_of(token: re.Match[str]) -> int:
    """The microseconds of a std::chrono duration, whose number may be a product."""
    scale = {"microseconds": 1, "milliseconds": 1000}.get(token["span_unit"]) or UNITS[token["span_unit"]][1]
    return scale * math.prod(int(factor.replace("'", "")) for factor in token["span"].split("*"))


def fits(token: re.Match[str], fact: Fact) -> bool:
    def given(part: str) -> tuple[str | None, int]:
        return value(token[part], token[part + "_unit"])

    if token["least"] is not None:
        most = given("most")
        least = value(token["least"], token["least_unit"])
        if least[0] is None and least[1] == 0:
            least = (most[0], 0)
        return fact.holds(least, "least") and fact.holds(most, "most")
    if token["up_to"] is not None:
        return fact.holds(given("up_to"), "most")
    if token["floor"] is not None:
        return fact.holds(given("floor"), "least") and fact.most is None
    if token["usual"] is not None:
        return fact.holds(given("usual"), "usual")
    if token["default"] is not None:
        return fact.holds(given("default"), "usual")
    if token["span"] is not None:
        return fact.holds(("us", span_of(token)), "least", "most", "usual")
    if token["any"] is not None:
        return fact.holds(given("any"), "least", "most", "usual")
    return fact.holds((None, int(token["bare"].replace(",", ""))), "most", "usual")


def could_be(token: re.Match[str], fact: Fact) -> bool:
    """Whether the unit is one of the entry's."""
    units = {
        token[group]
        for group in ("least_unit", "most_unit", "up_to_unit", "floor_unit", "usual_unit", "default_unit", "any_unit")
    } - {None}
    dimensions = {UNITS[unit][0] for unit in units} | ({"us"} if token["span"] else set())
    return dimensions <= {fact.dimension} if dimensions else fact.dimension != "us" or fact.scale > 1


@functools.lru_cache(maxsize=None)
def alias(entry: str) -> re.Pattern[str]:
    return re.compile(ALIASES[entry], re.I | re.M)


WINDOW = 420  # characters


def distance(text: str, token: re.Match[str], entry: str) -> float:
    """How far the nearest name of the entry is. One on the same line, and one before the number, is nearer."""
    start, end = max(0, token.start() - WINDOW), min(len(text), token.end() + WINDOW)
    best = float("inf")
    if entry not in ALIASES:
        return best
    for name in alias(entry).finditer(text, start, end):
        if name.end() <= token.start():
            lines = text.count("\n", name.end(), token.start())
            best = min(best, token.start() - name.end() + 60 * lines)
        elif name.start() >= token.end():
            lines = text.count("\n", token.end(), name.start())
            best = min(best, 40 + name.start() - token.end() + 60 * lines)
    return best


def named(path: str, text: str, token: re.Match[str], names: list[Named]) -> str | None:
    line_start = text.rfind("\n", 0, token.start()) + 1
    line_end = text.find("\n", token.end())
    line = text[line_start : len(text) if line_end < 0 else line_end]
    at, end = token.start() - line_start, token.end() - line_start
    for each in names:
        if re.fullmatch(each.path, path):
            for found in re.finditer(each.line, line):
                if found.start() < end and found.end() > at:
                    return each.entry
    return None


# A bare number in code is a limit if what is set to it is called one.
CALLED_A_LIMIT = re.compile(
    r"\b\w*(most|max|MAX|Max|longest|shortest|limit|default|usual|least|_per_|LIMIT|Longest|BYTES)\w*\b[^=({]*[={(]"
)


def tokens(path: str, text: str) -> Iterator[re.Match[str]]:
    blank = IGNORED.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)
    yield from TOKEN.finditer(blank)


def is_called_a_limit(text: str, token: re.Match[str]) -> bool:
    before = text[text.rfind("\n", 0, token.start()) + 1 : token.start()]
    return CALLED_A_LIMIT.search(before) is not None


def compare_texts(sources: Sources, tables: Tables, path: str) -> tuple[list[Place], list[str]]:
    places, problems = [], []
    for pattern, entry in TEXTS:
        expected = tables.data[entry]
        expected = f"{expected:04o}" if isinstance(expected, int) else expected
        for found in pattern.finditer(sources.text(path)):
            place = sources.place(path, found, entry)
            places.append(place)
            if found.group().replace("0o", "0") != expected:
                problems.append(f"{path}:{place.line}: {found.group()} is not the contract's {entry}, {expected}")
    return places, problems


def compare_named(sources: Sources, tables: Tables, path: str) -> tuple[list[Place], list[str]]:
    places, problems = [], []
    for each in NAMED:
        if not re.fullmatch(each.path, path):
            continue
        entry, _, part = each.entry.rpartition(".")
        expected = tables.ranges[entry][part] if entry else tables.data[part]
        if entry == "limit.operation":
            expected -= 1  # after the first letter
        for found in re.finditer(each.line, sources.text(path)):
            place = sources.place(path, found, entry or part, 1)
            places.append(place)
            if int(found.group(1).replace(",", "")) != expected:
                problems.append(f"{path}:{place.line}: {found.group(1)} is not the contract's {each.entry}, {expected}")
    return places, problems


def compare(sources: Sources, tables: Tables, only: str | None = None) -> tuple[list[Place], list[str]]:
    known = facts(tables)
    places, problems = [], []
    for path in [only] if only else sources.files(*FILES):
        if path.endswith("_test.go") or path == "docs/guide/reference.md":
            continue
        text = sources.text(path)
        taken = []
        for found, wrong in (compare_texts(sources, tables, path), compare_named(sources, tables, path)):
            places += found
            problems += wrong
            taken += [(place.start, place.end) for place in found]
        for token in tokens(path, text):
            if named(path, text, token, NO_LIMITS):
                continue
            if (
                (token["bare"] or token["span"])
                and not path.endswith(".md")
                and not is_called_a_limit(text, token)
                and "," not in token.group()
            ):
                continue
            if any(start <= token.start() and token.end() <= end for start, end in taken):
                continue
            near = {entry: distance(text, token, entry) for entry, fact in known.items() if could_be(token, fact)}
            entry = min(near, key=near.__getitem__, default=None)
            # Two entries may have the very same name, as the two ends of Retry-After.
            same = (
                [each for each in near if near[each] == near[entry] < float("inf") and fits(token, known[each])]
                if entry
                else []
            )
            if same and not token["bare"]:
                entry = same[-1]
                places.append(sources.place(path, token, entry))
            else:
                line = text.count("\n", 0, token.start()) + 1
                problems.append(
                    f"{path}:{line}: no entry of the contract says {' '.join(token.group().split())}: {text.splitlines()[line - 1].strip()[:100]}"
                )
    return places, problems
