"""Checks that tests/capi/text.c tries NUL and bad UTF-8 in every text that a function of taskstate.h takes.

    texts.py <taskstate.h> <the program of tests/capi/text.c>

A text is a `const char *` with a size, or a `tse_str` in a struct that is passed in.
"""

import pathlib
import re
import subprocess
import sys

import header as header_reader


def texts_of_structs(text: str) -> dict[str, list[str]]:
    found = re.finditer(r"^typedef struct (tse_\w+) \{(.*?)^\} \1;", text, flags=re.M | re.S)
    return {one.group(1): re.findall(r"^  tse_str (\w+);", one.group(2), flags=re.M) for one in found}


def texts(path: pathlib.Path) -> set[str]:
    structs = texts_of_structs(path.read_text(encoding="utf-8"))
    result = set()
    for function in header_reader.read(str(path)).functions:
        parameters = re.sub(r"^[^(]*\(|\)$", "", function.signature).split(", ")
        for parameter in parameters:
            if found := re.fullmatch(r"const char \*(\w+)", parameter):
                result.add(f"{function.name} {found.group(1)}")
            elif (found := re.fullmatch(r"const (tse_\w+) \*(\w+)", parameter)) and found.group(1) in structs:
                result.update(f"{function.name} {found.group(2)}.{member}" for member in structs[found.group(1)])
    return result


def main() -> int:
    declared = texts(pathlib.Path(sys.argv[1]))
    command = [sys.argv[2], "--list"]
    tried = set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines())
    problems = [f"not tried: {name}" for name in sorted(declared - tried)]
    problems += [f"tried, but not declared: {name}" for name in sorted(tried - declared)]
    print("\n".join(problems) if problems else f"all {len(declared)} texts are tried")
    return 1 if problems or not declared else 0


if __name__ == "__main__":
    sys.exit(main())
