#!/usr/bin/env python3
"""How much of the sources the tests have run, as clang counts it: no branch is one that only the compiler made.

usage: coverage.py branches|lines <least percentage> <profile> <directory> <program>...

Prints each branch of which one side was never taken (or each file's lines), and fails below the percentage.
"""

import json
import pathlib
import subprocess
import sys

kind, least, profile, directory, program, *programs = sys.argv[1:]
top = pathlib.Path.cwd()
objects = [argument for other in programs for argument in ("-object", other)]
export = subprocess.run(["llvm-cov-14", "export", program, *objects, "-instr-profile", profile, directory],
                        check=True, text=True, capture_output=True)
files = json.loads(export.stdout)["data"][0]["files"]

# What no test can reach, and why.
EXCEPTIONS = {
    ("src/core/answer.cpp", "part.size() >= static_cast<std::size_t>(end_ - at_)"):
        "a guard against a wrong sum of sizes, which would write past the memory",
    ("src/core/json.cpp", "value.kind"): "a switch over every enumerator: there is no other value",
    ("src/core/location.cpp", "part.hole"): "as in json.cpp",
    ("src/core/range.cpp", "unit"): "as in json.cpp",
}

covered = 0
count = 0
for file in files:
    path = pathlib.Path(file["filename"])
    name = path.relative_to(top)
    if kind == "lines":
        lines = file["summary"]["lines"]
        covered += lines["covered"]
        count += lines["count"]
        print(f"{name}: {lines['percent']:.1f} % of {lines['count']} lines")
        continue
    sides: dict[tuple, list[int]] = {}
    for *place, taken, passed, _, _, _ in file["branches"]:  # one entry for each instance of a template
        found = sides.setdefault(tuple(place), [0, 0])
        found[0] += taken
        found[1] += passed
    text = path.read_text().split("\n")
    for (line, column, last, end), (taken, passed) in sorted(sides.items()):
        count += 2
        covered += (taken > 0) + (passed > 0)
        if not taken or not passed:
            condition = text[line - 1][column - 1 : end - 1 if last == line else None]
            if (str(name), condition) in EXCEPTIONS:
                count -= 1
                continue
            print(f"{name}:{line}: never {'false' if taken else 'true'}: {condition}")

percent = 100 * covered / count
print(f"measured: {directory}: {covered} of {count} {kind}, {percent:.1f} %")
sys.exit(0 if percent >= float(least) else 1)
