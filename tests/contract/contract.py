#!/usr/bin/env python3
"""Compares everything that spells a part of the contract with its tables (include/taskstate/contract.hpp).

    contract.py ROOT TABLES               fails if any place says something else than the tables
    contract.py ROOT TABLES --list        also lists every place that is compared: file:line, entry, what stands there
    contract.py ROOT TABLES --self-test   alters a copy of each place and of each entry and fails unless it is noticed
    contract.py ROOT TABLES --write       writes docs/guide/reference.md

TABLES is the program that prints the tables, tests/contract/tables.cpp.
"""

import argparse
import pathlib
import sys

import names
import reference
import schema
import selftest
import spelled
import words
from sides import Sources, Tables

COMPARISONS = (names.compare, words.compare, schema.compare, spelled.compare, reference.compare)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("tables", type=pathlib.Path)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    sources, tables = Sources(options.root), Tables.of_program(options.tables, options.root)
    if options.write:
        reference.write(sources, tables)
        return 0
    results = [comparison(sources, tables) for comparison in COMPARISONS]
    places = [place for found, _ in results for place in found]
    problems = [problem for _, wrong in results for problem in wrong]
    if options.list:
        print("\n".join(f"{place.path}:{place.line}: {place.entry}: {place.text}" for place in places))
    if not problems and options.self_test:
        problems = selftest.problems(sources, tables)
    print("\n".join(problems) if problems else f"{len(places)} places, all as the contract says")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
