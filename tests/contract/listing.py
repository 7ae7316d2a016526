"""What the comparisons of lists share: where files name things, and how a list is compared with a table."""

import functools
import re
from typing import Any, Iterable, NamedTuple

from sides import Place, Sources

HEADER = "capi/taskstate.h"
PYTHON = "bindings/python/src/taskstate/"


class Spelled(NamedTuple):
    value: Any
    found: re.Match[str]
    group: int


class Comparison:
    """Collects places and problems of files that list names."""

    def __init__(self, sources: Sources, only: str | None) -> None:
        self.sources = sources
        self.only = only
        self.places: list[Place] = []
        self.problems: list[str] = []

    def files(self, *patterns: str) -> list[str]:
        return [path for path in self.sources.files(*patterns) if self.only in (None, path)]

    def same(self, path: str, what: str, spelled: dict[str, Spelled], expected: dict[str, tuple[Any, str]]) -> None:
        """Every name of either side is on the other, with the same value. `expected`: name -> value, entry."""
        for name in sorted(spelled.keys() | expected.keys()):
            if name not in expected:
                line = self.sources.place(path, spelled[name].found, "").line
                self.problems.append(f"{path}:{line}: {what}: {name} is not in the contract")
            elif name not in spelled:
                self.problems.append(f"{path}: {what}: {name} ({expected[name][1]}) is missing")
            else:
                place = self.sources.place(path, spelled[name].found, expected[name][1], spelled[name].group)
                self.places.append(place)
                if spelled[name].value != expected[name][0]:
                    self.problems.append(
                        f"{path}:{place.line}: {what}: {name} is {spelled[name].value}, {place.entry} is {expected[name][0]}"
                    )

    def words(
        self,
        path: str,
        what: str,
        within: re.Match[str] | None,
        word: str,
        expected: Iterable[str],
        table: str,
        in_order: bool = False,
    ) -> None:
        """The words that a regular expression finds in a part of a file are those of a table."""
        if within is None:
            self.problems.append(f"{path}: {what}: not found")
            return
        text = self.sources.text(path)
        found = {m.group(1): m for m in re.compile(word, re.M).finditer(text, *within.span())}
        self.same(
            path,
            what,
            {name: Spelled(None, m, 1) for name, m in found.items()},
            {name: (None, f"{table}.{name}") for name in expected},
        )
        if in_order and list(found) != list(expected) and set(found) == set(expected):
            self.problems.append(f"{path}: {what}: the order is {', '.join(found)}")


def camel(word: str) -> str:
    return "".join(part.capitalize() for part in word.split("_"))


@functools.lru_cache(maxsize=1000)
def without_comments(text: str) -> str:
    """Blanks of the same length instead of comments, so that offsets stay."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", lambda found: re.sub(r"[^\n]", " ", found.group()), text, flags=re.S)
