"""The two sides of every comparison: the tables, and the files of the project."""

import copy
import json
import pathlib
import re
import subprocess
from typing import Any, NamedTuple


class Place(NamedTuple):
    """One spelling of an entry that was compared with it."""

    path: str
    line: int
    entry: str  # "codes.busy", "argument.lease"
    text: str  # what stands there
    start: int  # where, in characters
    end: int


class Sources:
    """The files under a root; some of them may be altered in memory."""

    def __init__(self, root: pathlib.Path, altered: dict[str, str] | None = None) -> None:
        self.root = root
        self.altered = altered or {}
        self._read: dict[str, str] = {}
        self._found: dict[str, list[str]] = {}

    def text(self, path: str) -> str:
        if path in self.altered:
            return self.altered[path]
        if path not in self._read:
            self._read[path] = (self.root / path).read_text(encoding="utf-8")
        return self._read[path]

    def files(self, *patterns: str) -> list[str]:
        for pattern in patterns:
            if pattern not in self._found:
                self._found[pattern] = [str(file.relative_to(self.root)) for file in self.root.glob(pattern)]
        return sorted({path for pattern in patterns for path in self._found[pattern]})

    def with_text(self, path: str, text: str) -> "Sources":
        made = Sources(self.root, {**self.altered, path: text})
        made._read, made._found = self._read, self._found
        return made

    def place(self, path: str, found: re.Match[str], entry: str, group: int | str = 0) -> Place:
        start, end = found.span(group)
        return Place(
            path, self.text(path).count("\n", 0, start) + 1, entry, " ".join(found.group(group).split()), start, end
        )


class Tables:
    """What the tables hold. `ranges`: limits, options and arguments by "limit.id" and so on."""

    RANGES = {"limit": "limits.hpp", "option": "options.hpp", "argument": "options.hpp"}

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.ranges: dict[str, dict[str, Any]] = data["ranges"]

    @staticmethod
    def of_program(program: pathlib.Path, root: pathlib.Path) -> "Tables":
        data = json.loads(subprocess.run([program], check=True, capture_output=True, text=True).stdout)
        data["ranges"] = {}
        for table, header in Tables.RANGES.items():
            # The arrays list the constants in the order of their declaration, and all of them.
            text = (root / "include/taskstate/contract" / header).read_text(encoding="utf-8")
            for part in re.findall(rf"namespace {table} \{{(.*?)\n\}}  // namespace {table}\n", text, flags=re.S):
                for name, field in re.findall(r'^inline constexpr Range (\w+)\{"(\w+)"', part, flags=re.M):
                    entry = data[table].pop(0) if data[table] else {"name": None}
                    if entry["name"] != field:
                        raise SystemExit(f"{header}: the array of {table} does not list {name} where it is declared")
                    data["ranges"][f"{table}.{name}"] = entry
            if data[table]:
                raise SystemExit(f"{header}: the array of {table} lists more than is declared")
        return Tables(data)

    def altered(self, alter: Any) -> "Tables":
        data = copy.deepcopy(self.data)
        alter(data)
        return Tables(data)

    def words(self, table: str) -> list[str]:
        return [entry if isinstance(entry, str) else entry["name"] for entry in self.data[table]]

    def numbers(self, table: str) -> dict[str, int]:
        return {entry["name"]: entry["number"] for entry in self.data[table]}
