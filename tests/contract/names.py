"""Names and their numbers in C, C++, Go and Python: codes, outcomes, statuses, moves, enumerations, flags."""

import functools
import re
from typing import Any

from listing import HEADER, PYTHON, Comparison, Spelled, camel, without_comments
from sides import Place, Sources, Tables

PUBLIC = ("include/taskstate/*.hpp", "include/taskstate/detail/*.hpp")
INSIDE = ("src/*/*.hpp", "src/*/*/*.hpp", "src/*/*/*/*.hpp")

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
FLAGS = {"cancel_flags": "TSE_CANCEL_", "retry_flags": "TSE_RETRY_", "get_flags": "TSE_", "changes_flags": "TSE_CHANGES_"}
RESPELLED = {"automatic": "auto"}  # a keyword in C++


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
    "CompletedPolicy": ("completed", "Completed"), "MigrationPolicy": ("migrations", "Migrate"),
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
    to.words(
        "bindings/go/errors.go",
        "codeNames",
        re.search(r"^var codeNames.*?^}", errors, flags=re.M | re.S),
        r'"(\w+)"',
        ["ok", *tables.words("codes")],
        "codes",
        True,
    )
    line = re.search(r"^var statusNames.*", status, flags=re.M)
    names = (
        {m.group(1): Spelled(m.group(2), m, 2) for m in re.compile(r'\b(\w+): "(\w+)"').finditer(status, *line.span())}
        if line
        else {}
    )
    to.same(
        "bindings/go/status.go",
        "statusNames",
        names,
        {camel(name): (name, f"statuses.{name}") for name in tables.words("statuses")},
    )
    compare_moves(to, tables, "bindings/go/status.go", r"^var legalMoves.*$", r"\{(\w+), (\w+)\}", camel)


def compare_moves(to: Comparison, tables: Tables, path: str, within: str, pair: str, spelling: Any) -> None:
    part = re.search(within, to.sources.text(path), flags=re.M | re.S if "(?s)" in within else re.M)
    spelled = {}
    if part:
        for m in re.compile(pair).finditer(to.sources.text(path), *part.span()):
            spelled[f"{m.group(1)} -> {m.group(2)}"] = Spelled(None, m, 0)
    to.same(
        path,
        "legal moves",
        spelled,
        {f"{spelling(a)} -> {spelling(b)}": (None, f"moves.{a}") for a, b in tables.data["moves"]},
    )


PYTHON_LITERALS = {
    "Mode": "modes",
    "Completed": "completed",
    "Durability": "durabilities",
    "Migrate": "migrations",
    "LogLevel": "log_levels",
}
PYTHON_ENUMS = {"_errors.py": {"Outcome": "outcomes"}, "_task.py": {"Status": "statuses"}}


def compare_python(to: Comparison, tables: Tables) -> None:
    errors = to.sources.text(PYTHON + "_errors.py")
    spelled = {
        m.group(2): Spelled(m.group(1), m, 2)
        for m in re.finditer(
            r'^class (\w+)\(Error\b[^\n]*:\n(?:(?!^class ).*\n)*?    code = "(\w+)"', errors, flags=re.M
        )
    }
    to.same(
        PYTHON + "_errors.py",
        "exceptions",
        spelled,
        {name: (camel(name), f"codes.{name}") for name in tables.words("codes")},
    )
    for file, enums in PYTHON_ENUMS.items():
        for name, table in enums.items():
            part = re.search(
                rf"^class {name}\(str, enum\.Enum\):\n(?:\n|    .*\n)*", to.sources.text(PYTHON + file), flags=re.M
            )
            members = (
                {
                    m.group(2): Spelled(m.group(1), m, 2)
                    for m in re.compile(r'^    ([A-Z_]+) = "(\w+)"', re.M).finditer(
                        to.sources.text(PYTHON + file), *part.span()
                    )
                }
                if part
                else {}
            )
            to.same(
                PYTHON + file, name, members, {word: (word.upper(), f"{table}.{word}") for word in tables.words(table)}
            )
    options = to.sources.text(PYTHON + "_options.py")
    for name, table in PYTHON_LITERALS.items():
        to.words(
            PYTHON + "_options.py",
            name,
            re.search(rf"^{name} = Literal\[.*?\]", options, flags=re.M | re.S),
            r'"(\w+)"',
            tables.words(table),
            table,
        )
    by_prefix = {prefix: table for table, (prefix, _) in ENUMERATIONS.items()}
    for path in to.files(PYTHON + "*.py"):
        text = to.sources.text(path)
        for m in re.finditer(r'f"(TSE_\w+_)\{name\.upper\(\)\}"\)(?:: name)? for name in \(([^)]*)\)', text):
            table = by_prefix[m.group(1)]
            to.words(
                path,
                m.group(1),
                re.compile(re.escape(m.group(2))).search(text, m.start(2)),
                r'"(\w+)"',
                tables.words(table),
                table,
            )


def compare(sources: Sources, tables: Tables, only: str | None = None) -> tuple[list[Place], list[str]]:
    to = Comparison(sources, only)
    for part in (compare_c, compare_meanings, compare_cpp, compare_go, compare_python):
        part(to, tables)
    return to.places, to.problems
