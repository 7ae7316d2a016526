"""Checks that nothing in taskstate.h stands alone: every function has a comment, is exported, wrapped in
C++, Python and Go, and called by a C test.

    complete.py <source dir>
"""

import pathlib
import re
import sys

import header as header_reader

# Where each function must be used, and in which files.
PLACES = {
    "the C++ API": ("include", ("*.hpp",)),
    "the Python package": ("bindings/python", ("*.py", "*.c", "*.h", "*.in")),
    "the Go module": ("bindings/go", ("*.go", "*.c", "*.h")),
    "the C tests": ("tests/capi", ("*.c", "*.h")),
}


# What a language has no use for, and why.
NEEDLESS = {("the C++ API", "tse_call_clear_also"): "a Call is a value, which is translated anew for each use"}


def words(root: pathlib.Path, patterns: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        for path in root.rglob(pattern):
            # A binding's own tests use what it wraps; they wrap nothing.
            if root.parent.name == "bindings" and ("tests" in path.parts or path.stem.endswith("_test")):
                continue
            found.update(re.findall(r"\btse_\w+", path.read_text(encoding="utf-8")))
    return found


def problems(source: pathlib.Path) -> list[str]:
    header_path = source / "capi" / "taskstate.h"
    header = header_reader.read(str(header_path))
    result = []
    for function in header.functions:
        if not function.comment:
            result.append(f"{function.name}: no comment in taskstate.h")
    for name, comment in header.struct_comments.items():
        if not comment:
            result.append(f"struct {name}: no comment in taskstate.h")
    for place, (directory, patterns) in PLACES.items():
        used = words(source / directory, patterns)
        result += [f"{function.name}: not used by {place}" for function in header.functions if function.name not in used and (place, function.name) not in NEEDLESS]
    return result


def main() -> int:
    found = problems(pathlib.Path(sys.argv[1]))
    print("\n".join(found) if found else "every declaration is commented, wrapped and tested")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
