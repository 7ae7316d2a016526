"""docs/guide/reference.md: the tables for a reader. It is written from them with --write, and compared here."""

from typing import Iterable

from sides import Place, Sources, Tables

PATH = "docs/guide/reference.md"
OPTIONS_OF_WORDS = (
    ("mode", "modes", "create"), ("completed", "completed", "see_other"), ("durability", "durabilities", "full"),
    ("migrate", "migrations", "auto"), ("log_level", "log_levels", "warn"),
)  # fmt: skip
TITLES = {
    "limit.id": "`zone_id`, `id`", "limit.name": "`install_id`, `package_id`, `package_slug`", "limit.worker": "`worker`, `actor`",
    "limit.error_message": "`error_message`, a cancel's `reason`", "limit.failure_reason": "a failure's `reason`",
    "limit.attempts": "`max_attempts`", "limit.result": "a stored result", "limit.warning_status": "a warning's `status`",
    "limit.task": "a task's JSON", "limit.json_depth": "its nesting", "limit.lease_token": "a lease's token",
    "limit.position": "a position in the feed", "limit.generation": "a file's `generation`",
    "limit.claim_zones": "zones of a claim", "limit.claim_operations": "operations of a claim",
    "limit.claim_pairs": "zones times operations of a claim", "limit.batch": "changes of a batch",
    "limit.statements": "statements of a call's `also`", "limit.sql": "each of them",
    "argument.lease": "`lease` of a claim, start or heartbeat", "argument.leases": "`limit` of a claim",
    "argument.release_delay": "`delay` of a release", "argument.wait": "`wait` of a claim, wait or feed",
    "argument.list_limit": "`limit` of a list", "argument.history_limit": "`limit` of a history",
    "argument.changes_limit": "`limit` of the feed", "argument.older_than": "`older_than` of a purge",
    "argument.purge_limit": "`limit` of a purge", "argument.timeout": "`timeout` of a call",
}  # fmt: skip


def title(entry: str) -> str:
    return TITLES.get(entry, f"`{entry.partition('.')[2].removesuffix('_min').removesuffix('_max')}`")


def table(*rows: tuple[str, ...]) -> str:
    head, *rest = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rest)) + "\n"


def ranges(tables: Tables, prefix: str, head: tuple[str, ...], more: Iterable[tuple[str, ...]] = ()) -> str:
    rows = []
    for entry, of in tables.ranges.items():
        if not entry.startswith(prefix) or entry == "limit.time":
            continue
        usual = (
            "the engine's"
            if entry == "argument.timeout"
            else of["usual_text"] or ("required" if entry == "argument.older_than" else "")
        )
        name = title(entry) + (" least" if entry.endswith("_min") else " most" if entry.endswith("_max") else "")
        rows.append((name, of["rule"].replace("9007199254740991", "2^53-1"), usual)[: len(head)])
    return table(head, *rows, *more)


def page(tables: Tables) -> str:
    data = tables.data
    words = [
        (f"`{name}`", ", ".join(f"`{word}`" for word in tables.words(words)), f"`{usual}`")
        for name, words, usual in OPTIONS_OF_WORDS
    ]
    mode = (
        f"`{data['file_mode']:04o}` with any of `{data['file_mode_added']:04o}` added",
        f"`{data['file_mode']:04o}`",
    )
    templates = [
        ("`location`", "a path template", f"`{data['location']}`"),
        ("`status_url`", "a path template", f"`{data['status_url']}`"),
    ]
    operations = (
        "`operations`",
        f"`{data['operation_rule']}` each",
        " and ".join(f"`{word}`" for word in data["operations"]) + ", always",
    )
    return f"""# Reference: codes, states, limits, defaults

Every language uses these names and numbers. The tables are those of `taskstate/contract.hpp`, which C++ may include; this
page is written from them. A value outside its range is refused with an error that names the field and the rule.

## Error codes

{table(("number", "code", "meaning"), *[(str(each["number"]), f"`{each['name']}`", each["meaning"]) for each in data["codes"]])}
A change that failed says in its outcome whether it may have happened:

{table(("number", "outcome", "meaning"), *[(str(each["number"]), f"`{each['name']}`", each["meaning"]) for each in data["outcomes"]])}
The `code` of an error object or warning of the HTTP API is one of {", ".join(f"`{word}`" for word in data["api_codes"])}.

## States and kinds

The states are {", ".join(f"`{word}`" for word in tables.words("statuses"))}; the moves {", ".join(f"`{a}` → `{b}`" for a, b in data["moves"])}.

The kinds of failure are {", ".join(f"`{word}`" for word in data["failure_kinds"])}.

The kinds of event are {", ".join(f"`{word}`" for word in data["event_kinds"])}. [What they tell](../concepts.md#its-life).

## Options

{ranges(tables, "option.", ("option", "allowed", "unless set"), [*words, operations, *templates, ("`file_mode`", *mode)])}
## Arguments of calls

{ranges(tables, "argument.", ("argument", "allowed", "unless given"))}
## Limits

{ranges(tables, "limit.", ("of", "allowed"))}
What the engine does by itself: a transaction holds at most {data["group"]} changes; a heartbeat's progress is shown at most once
a second; a claim passes over at most {data["passed_zones"]} zones at their limit; a round of background maintenance purges at most
{data["purged_tasks"]} tasks; a task that has not ended must leave {data["room_to_fail"]} bytes of its size free, so that it can always be failed.

## The fields of a task

On the wire, in this order:

{table(("field", "type", "present"), *[(f"`{each['name']}`", each["type"], each["presence"]) for each in data["wire_fields"]])}
Beside it, never on the wire:

{table(("field", "type", "present"), *[(f"`{each['name']}`", each["type"], each["presence"]) for each in data["hidden_fields"]])}"""


def write(sources: Sources, tables: Tables) -> None:
    (sources.root / PATH).write_text(page(tables), encoding="utf-8")


def compare(sources: Sources, tables: Tables, only: str | None = None) -> tuple[list[Place], list[str]]:
    expected, text = page(tables), sources.text(PATH)
    if text != expected:
        lines = zip(text.splitlines(), expected.splitlines())
        differing = next((number for number, (is_, should) in enumerate(lines, 1) if is_ != should), text.count("\n"))
        return [], [f"{PATH}:{differing}: is not what the tables say; write it with contract.py ROOT TABLES --write"]
    return [Place(PATH, 1, "all", "the whole page", 0, len(text))], []
