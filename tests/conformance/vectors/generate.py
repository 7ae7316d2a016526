#!/usr/bin/env python3
"""Writes the conformance vectors from the case descriptions in cases_*.py.

    generate.py           writes the .json files beside this script
    generate.py --check   writes nothing; fails if a file is not what it would write
"""

import importlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
THEMES = ("codec", "validate", "lifecycle", "refusals", "answers", "conditional", "accept", "list")


def text_of(theme: str, seen: set) -> str:
    cases = [case.written() for case in importlib.import_module("cases_" + theme).cases()]
    for case in cases:
        if case["name"] in seen:
            raise SystemExit(f"two cases are named {case['name']!r}")
        seen.add(case["name"])
    return '{"theme": ' + json.dumps(theme) + ', "cases": [\n' + ",\n".join(map(_lines, cases)) + "\n]}\n"


def _lines(case: dict) -> str:
    """A case with a line for each step, so that a difference can be read."""
    steps = case.pop("steps")
    return json.dumps(case)[:-1] + ', "steps": [\n  ' + ",\n  ".join(map(json.dumps, steps)) + "\n ]}"


def main() -> None:
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        raise SystemExit(__doc__)
    seen: set = set()
    texts = {HERE / f"{theme}.json": text_of(theme, seen) for theme in THEMES}
    stale = [path for path, text in texts.items() if not path.exists() or path.read_text("ascii") != text]
    stale += [path for path in HERE.glob("*.json") if path not in texts]
    if check and stale:
        raise SystemExit("not what generate.py writes: " + ", ".join(path.name for path in stale))
    if not check:
        for path, text in texts.items():
            path.write_text(text, "ascii")
    print(f"{len(seen)} cases in {len(texts)} files")


if __name__ == "__main__":
    main()
