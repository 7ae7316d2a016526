#!/usr/bin/env python3
"""Whether a source's tests are found by its name.

    tests/unit/names.py <source directory>

src/core/time.cpp is tested by tests/unit/core/time_test.cpp, capi/lease.cpp by tests/capi/lease.c. A source that others'
tests hold to account is named in names.txt, one a line, with where they are.
"""

import pathlib
import re
import sys

# (sources, their tests, what a test is called)
FLOORS = [
    ("src/core", "tests/unit/core", "{}_test.cpp"),
    ("src/store", "tests/unit/store", "{}_test.cpp"),
    ("src/store/sqlite", "tests/unit/store/sqlite", "{}_test.cpp"),
    ("src/store/sqlite/vfs", "tests/unit/store/sqlite/vfs", "{}_test.cpp"),
    ("src/engine", "tests/unit/engine", "{}_test.cpp"),
    ("capi", "tests/capi", "{}.c"),
]


def listed(top: pathlib.Path) -> tuple:
    """The sources of names.txt, and what is wrong with it."""
    names, problems = set(), []
    for line in (top / "tests/unit/names.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, _, reason = line.partition(": ")
        names.add(name)
        places = re.findall(r"tests/[\w/.]+", reason)
        if not places:
            problems.append(f"names.txt: {name}: says no place under tests/ where it is tested")
        problems += [f"names.txt: {name}: there is no {place}" for place in places if not (top / place).exists()]
        if not (top / name).is_file():
            problems.append(f"names.txt: there is no {name}")
    return names, problems


def main() -> int:
    top = pathlib.Path(sys.argv[1])
    elsewhere, problems = listed(top)
    count = 0
    for sources, tests, form in FLOORS:
        for source in sorted((top / sources).glob("*.cpp")):
            count += 1
            name = str(source.relative_to(top))
            test = pathlib.Path(tests, form.format(source.stem))
            if (top / test).exists() and name in elsewhere:
                problems.append(f"names.txt: {name} has a test of its name, {test}")
            elif not (top / test).exists() and name not in elsewhere:
                problems.append(f"{name} has no {test}; write it, or say in tests/unit/names.txt where it is tested")
    print("\n".join(problems))
    print(f"{count} sources, {len(elsewhere)} of them tested under other names, {len(problems)} faults")
    return 1 if problems or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
