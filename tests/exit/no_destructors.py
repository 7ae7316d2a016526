"""No object of the library has a static destroyed at exit, or a thread_local at a thread's end, or a global that is only
made when the process starts: in a static link, the host's own globals may be made first, and use the library.

usage: no_destructors.py NM OBJECTS...      each argument a list separated by semicolons

Such a static makes its object ask for __cxa_atexit() or one of its like. See src/core/no_destructor.hpp.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

# What registers a destructor.
REGISTER = re.compile(r"\bU (_*cxa_atexit|_*cxa_thread_atexit(_impl)?|atexit|on_exit|at_quick_exit)(@\S+)?$")
# What makes globals before main().
INITIALISER = re.compile(r" _GLOBAL__(sub_)?I_")
# Boost.JSON has three of its own: two memory resources without state and the value null. Destroying them does nothing.
OF_BOOST = {"json.cpp": "boost::json::"}


def symbols(nm: str, file: Path) -> list[str]:
    return subprocess.run([nm, "-C", file], capture_output=True, text=True, check=True).stdout.splitlines()


def problems(nm: str, file: Path) -> list[str]:
    found = symbols(nm, file)
    theirs = OF_BOOST.get(file.name.removesuffix(".o"))
    if theirs is None:
        wrong = {REGISTER: "a static with a destructor", INITIALISER: "a global that is not a constant"}
        return [f"{file}: {what}" for sign, what in wrong.items() if any(map(sign.search, found))]
    guards = [line.split("guard variable for ", 1)[1] for line in found if "guard variable for " in line]
    return [f"{file}: {name}: a static with a destructor" for name in guards if not name.startswith(theirs)]


def main(nm: str, *lists: str) -> int:
    files = [Path(name) for names in lists for name in names.split(";") if name.endswith(".o")]
    if len(files) < 50 or not any(file.name.startswith("json.cpp") for file in files):
        print(f"{len(files)} objects: not the whole library")
        return 1
    bad = [problem for file in files for problem in problems(nm, file)]
    print("\n".join(bad) or f"{len(files)} objects, none with a static that is destroyed or made at the start")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
