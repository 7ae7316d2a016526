"""Names and their numbers: codes, statuses, kinds, enumerations, flags, operations, the fields of a task."""

import functools
import re
from typing import Any, Iterable, NamedTuple

from sides import Place, Sources, Tables

HEADER = "capi/taskstate.h"
PUBLIC = ("include/taskstate/*.hpp", "include/taskstate/detail/*.hpp")
INSIDE = ("src/*/*.hpp", "src/*/*/*.hpp", "src/*/*/*/*.hpp")
PROSE = (HEADER, *PUBLIC, "bindings/go/*.go", "bindings/python/src/taskstate/*.py", "bindings/python/src/taskstate/aio/*.py", "docs/*.md", "docs/guide/*.md", "docs/internals/*.md", "bindings/*/README.md")

# What the header defines beside the contract: the ABI's own constants.
OF_THE_ABI = {"TSE_OK": 0, "TSE_COMPLETED_DEFAULT": -1}
NOT_COMPARED = re.compile(r"TSE_(VERSION_(MAJOR|MINOR|PATCH)|ABI|NTS|NONE)")
# Macros that spell the end of a range.
OF_RANGES = {
    "TSE_CLAIM_ZONES_MAX": "limit.claim_zones",
    "TSE_CLAIM_OPERATIONS_MAX": "limit.claim_operations",
    "TSE_CLAIM_PAIRS_MAX": "limit.claim_pairs",
    "TSE_BATCH_MAX": "limit.batch",
}
# Table -> the prefix of its names in C, and the enumeration in C++.
ENUMERATIONS = {
    "codes": ("TSE_", "Errc"),
    "outcomes": ("TSE_", "Outcome"),
    "statuses": ("TSE_", "Status"),
    "modes": ("TSE_MODE_", "Mode"),
    "completed": ("TSE_COMPLETED_", "Completed"),
    "log_levels": ("TSE_LOG_", "LogLevel"),
    "id_kinds": ("TSE_ID_", "IdKind"),
    "durabilities": ("TSE_DURABILITY_", "Durability"),
    "migrations": ("TSE_MIGRATE_", "Migrate"),
}
FLAGS = {"cancel_flags": "TSE_CANCEL_", "get_flags": "TSE_", "changes_flags": "TSE_CHANGES_"}
RESPELLED = {"automatic": "auto"}  # a keyword in C++


class Spelled(NamedTuple):
    value: Any
    found: re.Match[str]
    group: int


class Comparison:
    """Collects places and problems of files that list names."""

    def __init__(self, sources: Sources, only: str | None) -> None:
        self.sources = sources
        self.only = only
        self.places: list[Place] = []
        self.problems: list[str] = []

    def files(self, *patterns: str) -> list[str]:
        return [path for path in self.sources.files(*patterns) if self.only in (None, path)]

    def same(self, path: str, what: str, spelled: dict[str, Spelled], expected: dict[str, tuple[Any, str]]) -> None:
        """Every name of either side is on the other, with the same value. `expected`: name -> value, entry."""
        for name in sorted(spelled.keys() | expected.keys()):
            if name not in expected:
                line = self.sources.place(path, spelled[name].found, "").line
                self.problems.append(f"{path}:{line}: {what}: {name} is not in the contract")
            elif name not in spelled:
                self.problems.append(f"{path}: {what}: {name} ({expected[name][1]}) is missing")
            else:
                place = self.sources.place(path, spelled[name].found, expected[name][1], spelled[name].group)
                self.places.append(place)
                if spelled[name].value != expected[name][0]:
                    self.problems.append(
                        f"{path}:{place.line}: {what}: {name} is {spelled[name].value}, {place.entry} is {expected[name][0]}"
                    )

    def words(self, path: str, what: str, within: re.Match[str] | None, word: str, expected: Iterable[str], table: str, in_order: bool = False) -> None:
        """The words that a regular expression finds in a part of a file are those of a table."""
        if within is None:
            self.problems.append(f"{path}: {what}: not found")
            return
        text = self.sources.text(path)
        found = {m.group(1): m for m in re.compile(word, re.M).finditer(text, *within.span())}
        self.same(path, what, {name: Spelled(None, m, 1) for name, m in found.items()}, {name: (None, f"{table}.{name}") for name in expected})
        if in_order and list(found) != list(expected) and set(found) == set(expected):
            self.problems.append(f"{path}: {what}: the order is {', '.join(found)}")


def camel(word: str) -> str:
    return "".join(part.capitalize() for part in word.split("_"))


@functools.lru_cache(maxsize=1000)
def without_comments(text: str) -> str:
    """Blanks of the same length instead of comments, so that offsets stay."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", lambda found: re.sub(r"[^\n]", " ", found.group()), text, flags=re.S)


@functools.lru_cache(maxsize=100)
def constants_of_c(text: str) -> dict[str, Spelled]:
    """Integer macros and enumerators. The one parser of the header's constants."""
    code = without_comments(text)
    found = {}
    for m in re.finditer(r"^#define (TSE_\w+) +\(?(-?\d+|INT64_MIN|\(size_t\)-1)\)?\s*$", code, flags=re.M):
        found[m.group(1)] = Spelled(int(m.group(2)) if re.fullmatch(r"-?\d+", m.group(2)) else m.group(2), m, 2)
    for m in re.finditer(r"^\s+(TSE_\w+) = \(?(-?\d+)\)?,?\s*$", code, flags=re.M):
        found[m.group(1)] = Spelled(int(m.group(2)), m, 2)
    return {name: spelled for name, spelled in found.items() if not NOT_COMPARED.fullmatch(name)}


def compare_c(to: Comparison, tables: Tables) -> None:
    expected = {name: (value, "abi") for name, value in OF_THE_ABI.items()}
    prefixes = {table: prefix for table, (prefix, _) in ENUMERATIONS.items()} | FLAGS
    for table, prefix in prefixes.items():
        for name, number in tables.numbers(table).items():
            expected[prefix + name.upper()] = (number, f"{table}.{name}")
    for name, entry in OF_RANGES.items():
        expected[name] = (tables.ranges[entry]["most"], entry)
    to.same(HEADER, "constants", constants_of_c(to.sources.text(HEADER)), expected)


def compare_meanings(to: Comparison, tables: Tables) -> None:
    """What C, C++ and Go say of a code is what the table says."""
    for path, pattern in (
        (HEADER, r"\bTSE_{upper} (?:= )?\d+,?\s+/\*\*< (.*?) \*/"),
        ("include/taskstate/error.hpp", r"^  {name} = .*?///< (.*)$"),
        ("bindings/go/errors.go", r"^\t{go} +(?:Code|Outcome) = \d+ +// (.*)$"),
    ):
        spelled, expected = {}, {}
        for table in ("codes", "outcomes"):
            for entry in tables.data[table]:
                name = entry["name"]
                expected[name] = (entry["meaning"], f"{table}.{name}")
                go = GO_CODES.get(name, camel(name) if table == "outcomes" else "Err" + camel(name))
                m = re.search(pattern.format(upper=name.upper(), name=name, go=go), to.sources.text(path), flags=re.M)
                if m:
                    spelled[name] = Spelled(" ".join(m.group(1).split()), m, 1)
        to.same(path, "meanings of codes", spelled, expected)


def compare_cpp(to: Comparison, tables: Tables) -> None:
    macros = {name: spelled.value for name, spelled in constants_of_c(to.sources.text(HEADER)).items()}
    by_name = {enumeration: table for table, (_, enumeration) in ENUMERATIONS.items()}
    public = set()
    for path in to.files(*PUBLIC, *INSIDE):
        code = without_comments(to.sources.text(path))
        for m in re.finditer(r"^enum class (\w+)(?: : [\w:]+)? \{([^}]*)\}", code, flags=re.M):
            table = by_name.get(m.group(1))
            if table is None:
                continue
            if path.startswith("include/"):
                public.add(m.group(1))
            spelled, following = {}, 0
            for one in re.compile(r"(\w+)(?:\s*=\s*([\w-]+))?").finditer(code, *m.span(2)):
                value = one.group(2)
                number = following if value is None else macros.get(value, value)
                number = int(number) if re.fullmatch(r"-?\d+", str(number)) else number
                spelled[RESPELLED.get(one.group(1), one.group(1))] = Spelled(number, one, 2 if value else 1)
                following = number + 1 if isinstance(number, int) else 0
            expected = {name: (number, f"{table}.{name}") for name, number in tables.numbers(table).items()}
            if path.startswith("src/store/") and table == "log_levels":
                expected.pop("off", None)  # a line has none
            to.same(path, f"enum {m.group(1)}", spelled, expected)
    for missing in sorted(set(by_name) - public if to.only is None else ()):
        to.problems.append(f"include/taskstate: there is no enum class {missing}")


GO_CODES = {"io_error": "ErrIO"}
GO_TYPES = {
    "Code": ("codes", "Err"), "Outcome": ("outcomes", ""), "Status": ("statuses", ""), "Mode": ("modes", "Mode"),
    "LogLevel": ("log_levels", "Log"), "IDKind": ("id_kinds", "ID"), "Durability": ("durabilities", "Durability"),
    "CompletedPolicy": ("completed", "Completed"),
}  # fmt: skip
GO_OTHERS = {"Status": {"NoStatus": -1}, "CompletedPolicy": {"CompletedDefault": 0}}


def compare_go(to: Comparison, tables: Tables) -> None:
    by_type: dict[str, dict[str, dict[str, Spelled]]] = {}
    for path in to.files("bindings/go/*.go"):
        if path.endswith("_test.go"):
            continue
        text = to.sources.text(path)
        for m in re.finditer(r"^(?:\t|const )(\w+) +(\w+) += (-?\d+)\b", text, flags=re.M):
            if m.group(2) in GO_TYPES:
                by_type.setdefault(m.group(2), {}).setdefault(path, {})[m.group(1)] = Spelled(int(m.group(3)), m, 3)
    for kind, (table, prefix) in GO_TYPES.items():
        shift = 1 if kind == "CompletedPolicy" else 0  # its 0 is "as the engine says"
        expected = {name: (value, "go") for name, value in GO_OTHERS.get(kind, {}).items()}
        for name, number in tables.numbers(table).items():
            spelling = "OK" if name == "ok" else camel(name)
            expected[GO_CODES.get(name, prefix + spelling)] = (number + shift, f"{table}.{name}")
        places = by_type.get(kind, {})
        if len(places) != 1 and to.only is None:
            to.problems.append(f"bindings/go: {kind} has constants in {len(places)} files")
        for path, spelled in places.items():
            to.same(path, kind, spelled, expected)

    errors, status = to.sources.text("bindings/go/errors.go"), to.sources.text("bindings/go/status.go")
    to.words("bindings/go/errors.go", "codeNames", re.search(r"^var codeNames.*?^}", errors, flags=re.M | re.S), r'"(\w+)"', ["ok", *tables.words("codes")], "codes", True)
    line = re.search(r"^var statusNames.*", status, flags=re.M)
    names = {m.group(1): Spelled(m.group(2), m, 2) for m in re.compile(r'\b(\w+): "(\w+)"').finditer(status, *line.span())} if line else {}
    to.same("bindings/go/status.go", "statusNames", names, {camel(name): (name, f"statuses.{name}") for name in tables.words("statuses")})
    compare_moves(to, tables, "bindings/go/status.go", r"^var legalMoves.*$", r"\{(\w+), (\w+)\}", camel)


def compare_moves(to: Comparison, tables: Tables, path: str, within: str, pair: str, spelling: Any) -> None:
    part = re.search(within, to.sources.text(path), flags=re.M | re.S if "(?s)" in within else re.M)
    spelled = {}
    if part:
        for m in re.compile(pair).finditer(to.sources.text(path), *part.span()):
            spelled[f"{m.group(1)} -> {m.group(2)}"] = Spelled(None, m, 0)
    to.same(path, "legal moves", spelled, {f"{spelling(a)} -> {spelling(b)}": (None, f"moves.{a}") for a, b in tables.data["moves"]})


PYTHON = "bindings/python/src/taskstate/"
PYTHON_LITERALS = {"Mode": "modes", "Completed": "completed", "Durability": "durabilities", "Migrate": "migrations", "LogLevel": "log_levels"}
PYTHON_ENUMS = {"_errors.py": {"Outcome": "outcomes"}, "_task.py": {"Status": "statuses"}}


def compare_python(to: Comparison, tables: Tables) -> None:
    errors = to.sources.text(PYTHON + "_errors.py")
    spelled = {m.group(2): Spelled(m.group(1), m, 2) for m in re.finditer(r'^class (\w+)\(Error\b[^\n]*:\n(?:(?!^class ).*\n)*?    code = "(\w+)"', errors, flags=re.M)}
    to.same(PYTHON + "_errors.py", "exceptions", spelled, {name: (camel(name), f"codes.{name}") for name in tables.words("codes")})
    for file, enums in PYTHON_ENUMS.items():
        for name, table in enums.items():
            part = re.search(rf"^class {name}\(str, enum\.Enum\):\n(?:\n|    .*\n)*", to.sources.text(PYTHON + file), flags=re.M)
            members = {m.group(2): Spelled(m.group(1), m, 2) for m in re.compile(r'^    ([A-Z_]+) = "(\w+)"', re.M).finditer(to.sources.text(PYTHON + file), *part.span())} if part else {}
            to.same(PYTHON + file, name, members, {word: (word.upper(), f"{table}.{word}") for word in tables.words(table)})
    options = to.sources.text(PYTHON + "_options.py")
    for name, table in PYTHON_LITERALS.items():
        to.words(PYTHON + "_options.py", name, re.search(rf"^{name} = Literal\[.*?\]", options, flags=re.M | re.S), r'"(\w+)"', tables.words(table), table)
    by_prefix = {prefix: table for table, (prefix, _) in ENUMERATIONS.items()}
    for path in to.files(PYTHON + "*.py"):
        text = to.sources.text(path)
        for m in re.finditer(r'f"(TSE_\w+_)\{name\.upper\(\)\}"\)(?:: name)? for name in \(([^)]*)\)', text):
            table = by_prefix[m.group(1)]
            to.words(path, m.group(1), re.compile(re.escape(m.group(2))).search(text, m.start(2)), r'"(\w+)"', tables.words(table), table)


def compare_fields(to: Comparison, tables: Tables) -> None:
    wire, hidden = tables.words("wire_fields"), tables.words("hidden_fields")
    everything = [*wire, *hidden]

    def check(path: str, what: str, within: str, word: str, expected: list[str], ignored: set[str] = frozenset(), spelling: Any = str) -> None:  # type: ignore[assignment]
        text = to.sources.text(path)
        part = re.search(within, text, flags=re.M | re.S)
        if part is None:
            to.problems.append(f"{path}: {what}: not found")
            return
        code = text if path.endswith((".py", ".md", ".sql")) else without_comments(text)
        found = {m.group(1): m for m in re.compile(word, re.M).finditer(code, *part.span(1)) if m.group(1) not in ignored}
        to.same(path, what, {name: Spelled(None, m, 1) for name, m in found.items()}, {spelling(name): (None, f"fields.{name}") for name in expected})
        order = [name for name in found if name in [spelling(field) for field in wire]]
        if order != [spelling(field) for field in wire if field in expected]:
            to.problems.append(f"{path}: {what}: the wire's fields stand in the order {', '.join(order)}")

    check(HEADER, "tse_task_view", r"^typedef struct tse_task_view \{(.*?)^\} tse_task_view;", r"^  \w+ (\w+);", everything, {"struct_size", "json"})
    member = r"^  [\w:<>]+ (\w+)(?:\{\}| = [^;]+)?;"
    check("include/taskstate/task.hpp", "Task", r"^struct Task \{(.*?)^\};", member, everything, {"json"})
    check("src/core/task.hpp", "Task", r"^struct Task \{(.*?)^\};", member, ["zone_id", *wire])
    check("src/core/codec_parse.cpp", "task_fields", r"task_fields\[\] = \{(.*?)\};", r'"(\w+)"', wire)
    go = lambda name: re.sub(r"Id$|Id(?=[A-Z])", "ID", camel(name))  # noqa: E731
    check("bindings/go/task.go", "Task", r"^type Task struct \{(.*?)^\}", r"^\t([A-Z]\w+) +[\w.*\[\]]+", everything, {"JSON"}, go)
    check(PYTHON + "_task.py", "Task", r"^class Task\(.*?\n((?:\n|    .*\n)*)", r"^    @property\n    def (\w+)\(", everything, {"json", "links_json", "warnings_json", "created_at_us", "updated_at_us", "not_before_us", "start_by_us"})
    concepts = "docs/concepts.md"
    check(concepts, "the fields", r"^\| field \| \| rule \|\n(.*?)^\n", r"(?:^\| |(?<=`), )`(\w+)`(?=[^|]* \| )", wire)


TYPES_OF_C = {"text": "tse_str", "bytes": "tse_str", "list": "tse_str", "time": "int64_t", "integer": "int64_t", "flag": "int32_t", "status": "int32_t"}
TYPES_OF_CPP = {"text": "std::string", "bytes": "std::string", "time": "Time", "integer": "std::int64_t", "flag": "bool", "status": "Status"}


def compare_types(to: Comparison, tables: Tables) -> None:
    """What type a field has, and when it is there, as C and C++ declare it."""
    fields = [*tables.data["wire_fields"], *tables.data["hidden_fields"]]
    path = "include/taskstate/task.hpp"
    part = re.search(r"^struct Task \{(.*?)^\};", to.sources.text(path), flags=re.M | re.S)
    spelled = {}
    for m in re.compile(r"^  ([\w:<>]+) (\w+)(?:\{\}| = [^;]+)?;(?: *///< (.*))?", re.M).finditer(to.sources.text(path), *part.span()) if part else ():
        said = m.group(3) or ""
        when = "when failed" if re.search("when failed|if failed", said) else "when asked for" if "asked for" in said else "when given"
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
    members = {m.group(2): Spelled(m.group(1), m, 1) for m in re.compile(r"^  (\w+) (\w+);", re.M).finditer(to.sources.text(HEADER), *part.span()) if m.group(2) not in ("struct_size", "json")} if part else {}
    to.same(HEADER, "types of tse_task_view", members, {field["name"]: (TYPES_OF_C.get(field["type"]), f"fields.{field['name']}") for field in fields})


def compare_documents(to: Comparison, tables: Tables) -> None:
    concepts = "docs/concepts.md"
    text = to.sources.text(concepts)
    to.words(concepts, "the errors", re.search(r"^\| code \| meaning \|\n.*?^$", text, flags=re.M | re.S), r"`(\w+)`(?=[^|\n]* \| )", tables.words("codes"), "codes")
    to.words(concepts, "the events", re.search(r"^\| kind of event \|.*?^$", text, flags=re.M | re.S), r"`(\w+)`(?=[^|\n]* \|[^|\n]*\|[^|\n]*\|$)", tables.words("event_kinds"), "event_kinds")


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
    constants = {m.group(1): Spelled(m.group(2), m, 2) for m in re.finditer(r'^\tOp(\w+) = "(\w+)"', to.sources.text(go), flags=re.M)}
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
    for part in (compare_c, compare_meanings, compare_cpp, compare_go, compare_python, compare_fields, compare_types, compare_documents, compare_lists, compare_operations, compare_written):
        part(to, tables)
    return to.places, to.problems
