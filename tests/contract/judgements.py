#!/usr/bin/env python3
"""Lists the places outside src/core that judge what a caller gives or asks for.

    judgements.py ROOT              fails if there is one that is not allowed below
    judgements.py ROOT --all        shows those that are allowed, too
    judgements.py ROOT --self-test  plants judgements in a copy of each floor and fails unless each is found

A place judges if it makes an error of one of the codes that say that the caller is wrong. What the system, the disk or
the file is at fault for is no judgement. What is allowed is translation, or known to one floor alone, and says why.
"""

import re
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

# Codes of the caller's making. The rest tell what became of the file, the machine or the engine.
CODES = (
    "invalid_argument not_found already_exists illegal_transition lease_lost idempotency_mismatch limit_exceeded"
).split()


def camel(code: str) -> str:
    return "".join(word.capitalize() for word in code.split("_"))


CPP = re.compile(
    r"(?<![\w.>:])(?:core::invalid|invalid|(?:capi::)?refuse)\((?!std::vector|\))"
    r"|(?:Failure|Error)\s*[({]\s*(?:core::|tse::core::)?Code::(?:" + "|".join(CODES) + r")\b"
    r"|(?:\bError\(|\bthrow\b.*)Errc::(?:" + "|".join(CODES) + r")\b"
    r"|^\s*(?:constexpr|inline constexpr).*Code::(?:" + "|".join(CODES) + r")\b"
)
GO = re.compile(r"(?<!func )\binvalid\((?!field, format)|Code: Err(?:" + "|".join(map(camel, CODES)) + r")\b|\.Revision > ")
PYTHON = re.compile(r"raise ValueError\(|raise (?:_?errors\.)?(?:" + "|".join(map(camel, CODES)) + r")\(|\.revision > ")

FLOORS = [
    ("src/engine", ("*.cpp", "*.hpp"), CPP),
    ("src/store", ("*.cpp", "*.hpp"), CPP),
    ("capi", ("*.cpp", "*.hpp"), CPP),
    ("include/taskstate", ("*.hpp",), CPP),
    ("bindings/go", ("*.go",), GO),
    ("bindings/python/src", ("*.py",), PYTHON),
    ("bindings/python/native", ("*.cpp", "*.hpp", "*.c", "*.h"), CPP),
]


class Allowed(NamedTuple):
    path: str
    text: str  # what the line holds
    why: str


C = "a pointer, index, size or bit of C that stands for no value"
PATH = "what stands at a path, the system knows"
SQL = "what SQL is, SQLite knows"
TYPE = "a value that the type below cannot hold"
NONE = "an error for what C tells by NULL"
HANDLE = "the handle was used in another order than its calls can be"
MOVED = "the C ABI tells what the task is, not whether it has moved"
NATIVE = "Python waits by itself"
ALLOWED = [
    Allowed("src/engine/log_file.cpp", "core::invalid(", PATH),
    Allowed("src/engine/open_store.cpp", '"log_file"', PATH),
    Allowed("src/store/sqlite/backup_target.cpp", '"path"', PATH),
    Allowed("src/store/sqlite/backup_target.cpp", "Code::already_exists", PATH),
    Allowed("src/store/sqlite/files.cpp", "core::invalid(", PATH),
    Allowed("src/store/sqlite/upgrade.cpp", "Code::already_exists", PATH),
    Allowed("src/store/sqlite/sqlite_store.cpp", "nothing in memory is older", "what a place can be opened as"),
    Allowed("src/store/sqlite/database.cpp", "a database in memory cannot be read-only", "what a place can be opened as"),
    Allowed("src/store/sqlite/host_statement.cpp", "refuse(", SQL),
    Allowed("capi/internal.hpp", "refuse(std::string field, std::string message);", C),
    Allowed("capi/internal.hpp", '"must not be NULL"', C),
    Allowed("capi/internal.hpp", "struct_size", C),
    Allowed("capi/internal.cpp", "refuse(", C),
    Allowed("capi/internal.cpp", "core::invalid(std::move(field), std::move(message))", C),
    Allowed("capi/also.cpp", '"has no statement to bind a value of"', HANDLE),
    Allowed("capi/also.cpp", '"the size of bytes must be given"', C),
    Allowed("capi/answer.cpp", '"exactly one of task and failure must be given"', C),
    Allowed("capi/update.cpp", '"belongs to a completion only"', "a member of a C struct that the call has no place for"),
    Allowed("capi/update.cpp", '"belongs to a failure only"', "a member of a C struct that the call has no place for"),
    *(
        Allowed(f"capi/{family}.cpp", "is past the last", C)
        for family in "batch changes error history lease list stats verify".split()
    ),
    Allowed("bindings/go/errors.go", "return &Error{", "where the others are made"),
    Allowed("bindings/go/engine.go", "ErrNotFound", NONE),
    Allowed("bindings/go/wait.go", "ErrNotFound", NONE),
    Allowed("bindings/go/wait.go", "task.Revision > revision", MOVED),
    Allowed("bindings/python/src/taskstate/_task.py", "task.revision > revision", MOVED),
    Allowed("bindings/go/native_cgo.go", "must be a status", TYPE),
    Allowed("bindings/go/status.go", "must be pending", TYPE),
    Allowed("bindings/go/open_cgo.go", "must be whole seconds", TYPE),
    Allowed("bindings/go/statement.go", "a named argument must have a name", TYPE),
    Allowed("bindings/go/statement.go", "an argument must be", TYPE),
    Allowed("bindings/go/task.go", "json must hold", "there is no wire form to give"),
    Allowed("bindings/go/task.go", "task must not be nil", C),
    Allowed("bindings/python/src/taskstate/_arguments.py", "none of them empty or with a comma", TYPE),
    Allowed("bindings/python/src/taskstate/_arguments.py", "must not be negative", NATIVE),
    Allowed("bindings/python/src/taskstate/_arguments.py", "not NaN", TYPE),
    Allowed("bindings/python/src/taskstate/_arguments.py", "not one made by hand", TYPE),
    Allowed("bindings/python/src/taskstate/_options.py", "must be one of", TYPE),
    Allowed("bindings/python/src/taskstate/_records.py", "a datetime must be aware", TYPE),
    Allowed("bindings/python/src/taskstate/_statements.py", "lone surrogates", TYPE),
    Allowed("bindings/python/src/taskstate/_statements.py", "must fit 64 bits", TYPE),
]


class Place(NamedTuple):
    path: str
    line: int
    text: str


def judgements(root: Path) -> Iterator[Place]:
    for folder, patterns, judges in FLOORS:
        files = sorted({file for pattern in patterns for file in (root / folder).rglob(pattern)})
        for file in files:
            if file.name.endswith("_test.go") or "contract" in file.parts[len(root.parts) :]:
                continue
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                code = re.sub(r"^\s*(//|\*|/\*|#).*", "", line)
                if judges.search(code):
                    yield Place(str(file.relative_to(root)), number, line.strip())


def reason(place: Place) -> "Allowed | None":
    return next((each for each in ALLOWED if each.path == place.path and each.text in place.text), None)


def report(root: Path, show_all: bool) -> int:
    places = [(place, reason(place)) for place in judgements(root)]
    unused = [each for each in ALLOWED if not any(why is each for _, why in places)]
    bad = [place for place, why in places if why is None]
    for place, why in places:
        if why is None or show_all:
            print(f"{place.path}:{place.line}: {place.text}" + (f"   ({why.why})" if why else ""))
    for each in unused:
        print(f"{each.path}: nothing there is allowed by {each.text!r} any more: remove the line")
    print(f"places that judge outside src/core: {len(bad)}; that translate: {len(places) - len(bad)}")
    return 1 if bad or unused else 0


PLANTS = {
    ".cpp": 'throw core::Failure(core::invalid("limit", "must be 1-64"));',
    ".hpp": "return Error{Code::limit_exceeded, text};",
    ".go": 'return invalid("limit", "limit must be 1-64")',
    ".py": '    raise ValueError("limit: must be 1-64")',
    ".c": 'refuse("limit", "must be 1-64");',
    ".h": 'refuse("limit", "must be 1-64");',
}


def self_test() -> int:
    missed = [
        f"{folder}/{pattern}"
        for folder, patterns, judges in FLOORS
        for pattern in patterns
        if not judges.search(PLANTS[pattern[1:]])
    ]
    quiet = [
        "if (failure.error().code == core::Code::not_found) throw;",
        'throw core::Failure(core::Code::busy, "the deadline passed");',
        "if (auto refused = core::refuse(key, request)) return;",
    ]
    wrong = [line for line in quiet if CPP.search(line)]
    print(f"planted and missed: {missed or 'none'}; found and innocent: {wrong or 'none'}")
    return 1 if missed or wrong else 0


if __name__ == "__main__":
    top = Path(sys.argv[1]).resolve()
    sys.exit(self_test() if "--self-test" in sys.argv else report(top, "--all" in sys.argv))
