"""Compares the ABI as built with golden.txt: exported symbols, signatures, constants, sizes and offsets.

A difference is a change of the ABI. If it is meant, raise TSE_ABI as the versioning rules say and write
the list anew with --write. The list holds for 64-bit Linux.
"""

import argparse
import difflib
import pathlib
import subprocess
import sys
import tempfile

import header as header_reader


def layout_program(header: header_reader.Header) -> str:
    lines = ["#include <stdio.h>", "#include <taskstate.h>", "int main(void) {"]
    for name in header.constants:
        if name.startswith("TSE_VERSION_"):
            continue  # differs in every release
        lines.append(f'  printf("constant {name} %lld\\n", (long long){name});')
    for name, members in header.structs.items():
        lines.append(f'  printf("struct {name} size %zu\\n", sizeof({name}));')
        for member in members:
            where = f"offsetof({name}, {member}), sizeof((({name} *)0)->{member})"
            lines.append(f'  printf("struct {name}.{member} at %zu size %zu\\n", {where});')
    return "\n".join([*lines, "  return 0;", "}", ""])


def layout(cc: str, header_path: pathlib.Path, header: header_reader.Header) -> list[str]:
    with tempfile.TemporaryDirectory() as scratch:
        source, program = pathlib.Path(scratch, "layout.c"), pathlib.Path(scratch, "layout")
        source.write_text(layout_program(header), encoding="utf-8")
        subprocess.run([cc, "-std=c99", f"-I{header_path.parent}", source, "-o", program], check=True)
        return subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()


def exported(library: pathlib.Path) -> list[str]:
    command = ["nm", "-D", "--defined-only", str(library)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    symbols = (line.split()[1:] for line in output.splitlines())
    return sorted(name for kind, name in symbols if kind != "A")  # "A" is the version node itself


def current(options: argparse.Namespace) -> list[str]:
    header = header_reader.read(str(options.header))
    return [
        *(f"symbol {name}" for name in exported(options.library)),
        *sorted(f"function {function.signature}" for function in header.functions),
        *(f"callback {callback}" for callback in header.callbacks),
        *layout(options.cc, options.header, header),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--header", type=pathlib.Path, required=True)
    parser.add_argument("--library", type=pathlib.Path, required=True)
    parser.add_argument("--golden", type=pathlib.Path, required=True)
    parser.add_argument("--write", action="store_true", help="write the list instead of comparing")
    options = parser.parse_args()

    lines = current(options)
    if options.write:
        options.golden.write_text("\n".join([*lines, ""]), encoding="utf-8")
        return 0
    expected = options.golden.read_text(encoding="utf-8").splitlines()
    difference = list(difflib.unified_diff(expected, lines, "golden.txt", "as built", lineterm="", n=1))
    print("\n".join(difference) if difference else f"{len(lines)} lines, all as agreed")
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main())
