"""The numbers and words of the newest schema: what its CHECKs and triggers allow is what the contract says."""

import re

from sides import Place, Sources, Tables

# The entry of each column that a CHECK bounds.
COLUMNS = {
    "limit.id": "zone_id id task_id",
    "limit.operation": "operation",
    "limit.name": "install_id package_id package_slug",
    "limit.idempotency_key": "key",
    "limit.package_version": "package_version",
    "limit.error_message": "error_message",
    "limit.error_detail": "error_detail event_detail detail event_message message",
    "limit.failure_reason": "failure_reason",
    "limit.worker": "worker event_worker actor",
    "limit.request_id": "client_request_id event_request_id request_id",
    "limit.traceparent": "traceparent event_traceparent",
    "limit.ref": "ref",
    "limit.priority": "priority",
    "limit.attempts": "max_attempts",
    "limit.payload": "payload",
    "limit.result": "result",
    "limit.media_type": "result_media_type",
    "limit.task": "links warnings body",
    "limit.lease_clock": "lease_clock",
    "limit.generation": "generation",
    "limit.time": "created_at updated_at not_before start_by at until expires_at purged_at since",
    "argument.lease": "lease_duration",
}
ENTRY_OF = {column: entry for entry, columns in COLUMNS.items() for column in columns.split()}
WORDS = {"status": "statuses", "from_status": "statuses", "to_status": "statuses", "failure_kind": "failure_kinds"}
# Bounds that no user meets: what they are is the file's own affair.
OF_THE_FILE = {
    "taskstate_metrics",
    "taskstate_settings",
    "taskstate_pauses.name",
    "schema_hash",
    "outcome_digest",
    "fingerprint",
    "event_kind",
    "kind",
    "revision",
}
# Words of SQL's functions, of JSON, and of the file's own tables.
OF_SQL = {"now", "object", "rel", "href", "result", "zone", "operation"}
# What the first schema allows beyond the contract; its successor does not.
KNOWN = {
    "src/store/sqlite/schema_v1.sql": {
        "worker",
        "event_worker",
        "traceparent",
        "event_traceparent",
        "error_detail",
        "event_detail",
    },
}

BOUNDS = re.compile(
    r"(?:length\((?:CAST\((?P<blob>\w+) AS BLOB\)|(?P<text>\w+))\)|\b(?P<value>\w+)) "
    r"(?:BETWEEN (?P<least>-?\d+) AND (?P<most>-?\d+)|<= (?P<up_to>\d+)|= (?P<exactly>\d{2,}))"
)


def newest(sources: Sources) -> str:
    return max(sources.files("src/store/sqlite/schema_v*.sql"), key=lambda path: int(re.findall(r"\d+", path)[-1]))


def compare(sources: Sources, tables: Tables, only: str | None = None) -> tuple[list[Place], list[str]]:
    path = newest(sources)
    text = sources.text(path)
    places: list[Place] = []
    problems: list[str] = []
    columns: set[str] = set()

    def expect(
        found: re.Match[str], group: int | str, entry: str, spelled: object, expected: object, what: str
    ) -> None:
        place = sources.place(path, found, entry, group)
        places.append(place)
        if spelled != expected:
            problems.append(f"{path}:{place.line}: {what}: is {spelled}, {entry} is {expected}")

    for table in re.finditer(r"^CREATE TABLE (\w+) \((.*?)^\)", text, flags=re.M | re.S):
        for column in re.compile(
            r"^  (\w+)\s+(?:INTEGER|TEXT|BLOB)\b(?:(?!^  \w+\s+(?:INTEGER|TEXT|BLOB)\b|^  (?:UNIQUE|CHECK|PRIMARY)).)*",
            re.M | re.S,
        ).finditer(text, *table.span(2)):
            name = column.group(1)
            columns |= {name} if table.group(1) == "taskstate_tasks" else set()
            what = f"{table.group(1)}.{name}"
            for bound in BOUNDS.finditer(text, *column.span()):
                if (bound["blob"] or bound["text"] or bound["value"]) != name:
                    continue
                entry = ENTRY_OF.get(name)
                if entry is None:
                    if not OF_THE_FILE & {name, what, table.group(1)} and any(
                        int(bound[part] or 0) > 1 for part in ("least", "most", "up_to", "exactly")
                    ):
                        problems.append(
                            f"{path}:{sources.place(path, bound, '').line}: {what}: no entry of the contract for this bound"
                        )
                    continue
                if name in KNOWN.get(path, ()):
                    continue
                expected = tables.ranges[entry]
                for part, of in (("least", "least"), ("most", "most"), ("up_to", "most"), ("exactly", "most")):
                    if bound[part] is not None:
                        expect(bound, part, f"{entry}", int(bound[part]), expected[of], what)
            words = WORDS.get(name)
            if words:
                found = {m.group(1): m for m in re.compile(rf"\b{name} = '(\w+)'").finditer(text, *column.span())}
                for word, m in found.items():
                    expect(m, 1, f"{words}.{word}", word in tables.words(words), True, what)
                for word in tables.words(words):
                    if found and word not in found:
                        problems.append(f"{path}: {what}: does not allow {word}, which is in {words}")
            entry = ENTRY_OF.get(name)
            default = re.compile(r"DEFAULT (-?\d+)").search(text, *column.span())
            if default and entry and tables.ranges[entry]["usual"] is not None:
                expect(
                    default, 1, f"{entry}", int(default.group(1)), tables.ranges[entry]["usual"], what + " by default"
                )

    lists = {"links": "limit.links", "warnings": "limit.warnings"}
    for pattern in (
        r"NOT BETWEEN 1 AND (?P<most>\d+)[^;]*?json_each\(NEW\.(?P<list>links|warnings)\)",
        r"(?P<list>links|warnings) is a JSON array of 1 to (?P<most>\d+)",
    ):
        found = list(re.finditer(pattern, text))
        for m in found:
            expect(m, "most", lists[m["list"]], int(m["most"]), tables.ranges[lists[m["list"]]]["most"], m["list"])
        if {m["list"] for m in found} != set(lists):
            problems.append(f"{path}: nothing bounds the number of links and of warnings")
    moves = re.search(r"illegal move; legal are ([^']*)'", text)
    if moves:
        spelled = [pair.split(" to ") for pair in moves.group(1).split(", ")]
        expect(moves, 1, "moves.running", spelled, tables.data["moves"], "the legal moves")
    else:
        problems.append(f"{path}: no trigger tells the legal moves")
    # Whatever else is a word in quotes: a status or kind that triggers compare or write.
    known = {
        word: table
        for table in ("operations", "statuses", "failure_kinds", "event_kinds")
        for word in tables.words(table)
    }
    for word in re.finditer(r"'([a-z_]+)'", text):
        if word.group(1) not in OF_SQL:
            expect(
                word, 1, f"{known.get(word.group(1), 'kinds')}.{word.group(1)}", word.group(1) in known, True, "a word"
            )
    for kind in ("created", "external", "purged"):
        if f"'{kind}'" not in text:
            problems.append(f"{path}: no trigger writes the event {kind}")
    kept = {name for name in [*tables.words("wire_fields"), *tables.words("hidden_fields")]} - {"payload", "replayed"}
    problems += [f"{path}: taskstate_tasks has no column {name}" for name in sorted(kept - columns)]
    return places, problems
