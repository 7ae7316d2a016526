"""The fields of a task, and the kinds and operations wherever they are listed."""

import re
from typing import Any, Iterable

from listing import HEADER, PYTHON, Comparison, Spelled, camel, without_comments
from sides import Place, Sources, Tables

PROSE = (
    HEADER,
    "include/taskstate/*.hpp",
    "include/taskstate/detail/*.hpp",
    "bindings/go/*.go",
    "bindings/python/src/taskstate/*.py",
    "bindings/python/src/taskstate/aio/*.py",
    "docs/*.md",
    "docs/guide/*.md",
    "docs/internals/*.md",
    "bindings/*/README.md",
)


def compare_fields(to: Comparison, tables: Tables) -> None:
    wire, hidden = tables.words("wire_fields"), tables.words("hidden_fields")
    everything = [*wire, *hidden]

    def check(
        path: str,
        what: str,
        within: str,
        word: str,
        expected: list[str],
        ignored: Iterable[str] = (),
        spelling: Any = str,
    ) -> None:
        text = to.sources.text(path)
        part = re.search(within, text, flags=re.M | re.S)
        if part is None:
            to.problems.append(f"{path}: {what}: not found")
            return
        code = text if path.endswith((".py", ".md", ".sql")) else without_comments(text)
        found = {
            m.group(1): m for m in re.compile(word, re.M).finditer(code, *part.span(1)) if m.group(1) not in ignored
        }
        to.same(
            path,
            what,
            {name: Spelled(None, m, 1) for name, m in found.items()},
            {spelling(name): (None, f"fields.{name}") for name in expected},
        )
        order = [name for name in found if name in [spelling(field) for field in wire]]
        if order != [spelling(field) for field in wire if field in expected]:
            to.problems.append(f"{path}: {what}: the wire's fields stand in the order {', '.join(order)}")

    check(
        HEADER,
        "tse_task_view",
        r"^typedef struct tse_task_view \{(.*?)^\} tse_task_view;",
        r"^  \w+ (\w+);",
        everything,
        {"struct_size", "json"},
    )
    member = r"^  [\w:<>]+ (\w+)(?:\{\}| = [^;]+)?;"
    check("include/taskstate/task.hpp", "Task", r"^struct Task \{(.*?)^\};", member, everything, {"json"})
    check("src/core/task.hpp", "Task", r"^struct Task \{(.*?)^\};", member, ["zone_id", *wire])
    check("src/core/codec_parse.cpp", "task_fields", r"task_fields\[\] = \{(.*?)\};", r'"(\w+)"', wire)
    go = lambda name: re.sub(r"Id$|Id(?=[A-Z])", "ID", camel(name))  # noqa: E731
    check(
        "bindings/go/task.go",
        "Task",
        r"^type Task struct \{(.*?)^\}",
        r"^\t([A-Z]\w+) +[\w.*\[\]]+",
        everything,
        {"JSON"},
        go,
    )
    check(
        PYTHON + "_task.py",
        "Task",
        r"^class Task\(.*?\n((?:\n|    .*\n)*)",
        r"^    @property\n    def (\w+)\(",
        everything,
        {"json", "links_json", "warnings_json", "created_at_us", "updated_at_us", "not_before_us", "start_by_us"},
    )
    concepts = "docs/concepts.md"
    check(concepts, "the fields", r"^\| field \| \| rule \|\n(.*?)^\n", r"(?:^\| |(?<=`), )`(\w+)`(?=[^|]* \| )", wire)


TYPES_OF_C = {
    "text": "tse_str",
    "bytes": "tse_str",
    "list": "tse_str",
    "time": "int64_t",
    "integer": "int64_t",
    "flag": "int32_t",
    "status": "int32_t",
}
TYPES_OF_CPP = {
    "text": "std::string",
    "bytes": "std::string",
    "time": "Time",
    "integer": "std::int64_t",
    "flag": "bool",
    "status": "Status",
}


def compare_types(to: Comparison, tables: Tables) -> None:
    """What type a field has, and when it is there, as C and C++ declare it."""
    fields = [*tables.data["wire_fields"], *tables.data["hidden_fields"]]
    path = "include/taskstate/task.hpp"
    part = re.search(r"^struct Task \{(.*?)^\};", to.sources.text(path), flags=re.M | re.S)
    spelled = {}
    for m in (
        re.compile(r"^  ([\w:<>]+) (\w+)(?:\{\}| = [^;]+)?;(?: *///< (.*))?", re.M).finditer(
            to.sources.text(path), *part.span()
        )
        if part
        else ()
    ):
        said = m.group(3) or ""
        when = (
            "when failed"
            if re.search("when failed|if failed", said)
            else "when asked for" if "asked for" in said else "when given"
        )
        there = when if m.group(1).startswith(("std::optional", "std::vector")) else "always"
        spelled[m.group(2)] = Spelled(f"{m.group(1)} {there}", m, 2)
    expected = {}
    for field in fields:
        kind = TYPES_OF_CPP.get(field["type"], "")
        if field["type"] == "list":
            kind = f"std::vector<{'Link' if field['name'] == 'links' else 'Warning'}>"
        elif field["presence"] != "always":
            kind = f"std::optional<{kind}>"
        expected[field["name"]] = (f"{kind} {field['presence']}", f"fields.{field['name']}")
    spelled.pop("json", None)
    to.same(path, "types of Task", spelled, expected)
    part = re.search(r"^typedef struct tse_task_view \{(.*?)^\}", to.sources.text(HEADER), flags=re.M | re.S)
    members = (
        {
            m.group(2): Spelled(m.group(1), m, 1)
            for m in re.compile(r"^  (\w+) (\w+);", re.M).finditer(to.sources.text(HEADER), *part.span())
            if m.group(2) not in ("struct_size", "json")
        }
        if part
        else {}
    )
    to.same(
        HEADER,
        "types of tse_task_view",
        members,
        {field["name"]: (TYPES_OF_C.get(field["type"]), f"fields.{field['name']}") for field in fields},
    )


def compare_documents(to: Comparison, tables: Tables) -> None:
    concepts = "docs/concepts.md"
    text = to.sources.text(concepts)
    to.words(
        concepts,
        "the errors",
        re.search(r"^\| code \| meaning \|\n.*?^$", text, flags=re.M | re.S),
        r"`(\w+)`(?=[^|\n]* \| )",
        tables.words("codes"),
        "codes",
    )
    to.words(
        concepts,
        "the events",
        re.search(r"^\| kind of event \|.*?^$", text, flags=re.M | re.S),
        r"`(\w+)`(?=[^|\n]* \|[^|\n]*\|[^|\n]*\|$)",
        tables.words("event_kinds"),
        "event_kinds",
    )


def compare_lists(to: Comparison, tables: Tables) -> None:
    """Wherever kinds are enumerated, all of them are."""
    one = r'(?:"\w+"|``\w+``|`\w+`)'
    run = re.compile(rf"{one}(?:[^\"`]{{1,30}}?{one}){{3,}}")
    events, api = (set(tables.words(table)) for table in ("event_kinds", "api_codes"))
    for path in to.files(*PROSE):
        if path.endswith("_test.go") or path == "docs/guide/reference.md":
            continue
        for m in run.finditer(to.sources.text(path)):
            words = set(re.findall(r"\w+", "".join(re.findall(one, m.group())).replace('"', " ").replace("`", " ")))
            before = to.sources.text(path)[max(0, m.start() - 120) : m.start()]
            table = "event_kinds" if len(words & events) > 4 else "api_codes" if len(words & api) > 4 else None
            if re.search(r"failure.?kind|also has a kind", before, flags=re.I):
                table = "failure_kinds"
            if table:
                to.words(path, f"list of {table}", m, r'["`](\w+)["`]', tables.words(table), table)


def compare_operations(to: Comparison, tables: Tables) -> None:
    """The operations that every engine allows."""
    operations = tables.words("operations")
    go = "bindings/go/task.go"
    constants = {
        m.group(1): Spelled(m.group(2), m, 2)
        for m in re.finditer(r'^\tOp(\w+) = "(\w+)"', to.sources.text(go), flags=re.M)
    }
    to.same(go, "operations", constants, {camel(word): (word, f"operations.{word}") for word in operations})
    for path in (HEADER, "include/taskstate/options.hpp", "include/taskstate/task.hpp"):
        if to.only not in (None, path):
            continue
        listed = list(re.finditer(r'"\w+"(?:,| and) "\w+"(?= or one that|: \[a-z\]|\. Checked)', to.sources.text(path)))
        for m in listed:
            to.words(path, "operations", m, r'"(\w+)"', operations, "operations")
        if not listed:
            to.problems.append(f"{path}: the operations that are always allowed are not told")


def compare_written(to: Comparison, tables: Tables) -> None:
    """The events that the rules write are those of the table; the schema writes the other two."""
    written: dict[str, tuple[str, re.Match[str]]] = {}
    for path in to.files("src/core/*.cpp"):
        text = to.sources.text(path)
        calls = r"(?:\bstep\(|\bfail_pending\(|\bwithout_holder\(|\{Status::\w+, |note\.kind = )[^;{}]*?(?:\"(\w+)\"|event::(\w+))"
        for m in re.finditer(calls, text):
            written[m.group(1) or m.group(2)] = (path, m)
    if "progress_rel" in to.sources.text("src/core/apply.cpp"):
        m = re.search(r'progress_rel = "(\w+)"', to.sources.text("src/core/apply.cpp"))
        if m:
            written[m.group(1)] = ("src/core/apply.cpp", m)
    of_schema = {"external", "purged"}
    for kind, (path, m) in written.items():
        to.places.append(to.sources.place(path, m, f"event_kinds.{kind}", 1 if m.group(1) else 2))
        if kind not in tables.words("event_kinds"):
            to.problems.append(f"{path}:{to.places[-1].line}: the event {kind} is not in the contract")
    for kind in tables.words("event_kinds"):
        if kind not in written and kind not in of_schema and to.only is None:
            to.problems.append(f"src/core: nothing writes the event {kind}")


def compare(sources: Sources, tables: Tables, only: str | None = None) -> tuple[list[Place], list[str]]:
    to = Comparison(sources, only)
    for part in (compare_fields, compare_types, compare_documents, compare_lists, compare_operations, compare_written):
        part(to, tables)
    return to.places, to.problems
