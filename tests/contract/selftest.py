"""Proves the comparisons: each place and each entry is altered in a copy, and that must be noticed."""

import re
from typing import Any, Callable

import names
import reference
import schema
import spelled
import words
from sides import Place, Sources, Tables


def other(text: str) -> str:
    """What stands at a place, altered: its last number, or else a letter in its middle."""
    number = list(re.finditer(r"\d+", text))
    if number:
        at = number[-1]
        return text[: at.start()] + str(int(at.group()) + 7).zfill(len(at.group())) + text[at.end() :]
    letter = next(at for at in [*range(len(text) // 2, len(text)), *range(len(text))] if text[at].isalpha())
    return text[:letter] + ("y" if text[letter] == "x" else "x") + text[letter + 1 :]


def shift(data: Any, entry: str) -> None:
    """Makes all numbers of an entry others."""
    if entry not in data["ranges"]:
        data[entry] = data[entry] + 7 if isinstance(data[entry], int) else data[entry] + "x"
        return
    # The two ends of Retry-After have one name, and stand in for each other.
    for each, of in data["ranges"].items():
        if each == entry or (entry in spelled.ALIASES and spelled.ALIASES.get(each) == spelled.ALIASES[entry]):
            of.update({part: of[part] + 7 for part in ("least", "most", "usual") if of[part] is not None})


def alterations(tables: Tables) -> list[tuple[str, Callable[[Any], None]]]:
    """Each entry of a list with another name, with another number, meaning or type, and gone."""
    made: list[tuple[str, Callable[[Any], None]]] = []
    for name, entries in tables.data.items():
        if name in ("ranges", *Tables.RANGES) or not isinstance(entries, list):
            continue
        for index, entry in enumerate(entries):
            made.append((f"{name}[{index}] is gone", lambda data, n=name, i=index: data[n].pop(i)))
            if isinstance(entry, dict):
                for part in entry.keys() - {"name"}:
                    new = entry[part] + 70 if isinstance(entry[part], int) else entry[part] + "x"
                    made.append(
                        (
                            f"{name}[{index}].{part} is {new}",
                            lambda data, n=name, i=index, p=part, v=new: data[n][i].update({p: v}),
                        )
                    )
    return made


def missed_at_places(sources: Sources, tables: Tables) -> list[str]:
    missed = []
    for compare in (names.compare, words.compare, schema.compare, reference.compare):
        for place in compare(sources, tables)[0]:
            text = sources.text(place.path)
            altered = text[: place.start] + other(text[place.start : place.end]) + text[place.end :]
            if not compare(sources.with_text(place.path, altered), tables, place.path)[1]:
                missed.append(
                    f"{place.path}:{place.line}: {place.entry} may be altered here, and nobody notices: {place.text}"
                )
    return missed


def missed_numbers(sources: Sources, tables: Tables) -> list[str]:
    """The same for numbers in texts, all of a file at once: each is judged by itself."""
    by_path: dict[str, list[Place]] = {}
    for place in spelled.compare(sources, tables)[0]:
        by_path.setdefault(place.path, []).append(place)
    missed = []
    for path, places in by_path.items():
        text = sources.text(path)
        for place in sorted(places, key=lambda each: each.start, reverse=True):
            text = text[: place.start] + other(text[place.start : place.end]) + text[place.end :]
        noticed = {
            int(problem.split(":")[1]) for problem in spelled.compare(sources.with_text(path, text), tables, path)[1]
        }
        missed += [
            f"{path}:{place.line}: {place.entry} may be altered here, and nobody notices: {place.text}"
            for place in places
            if place.line not in noticed
        ]
        if len(spelled.compare(sources.with_text(path, text), tables, path)[1]) < len(places):
            missed.append(f"{path}: of {len(places)} altered numbers not each is noticed")
    return missed


def missed_in_tables(sources: Sources, tables: Tables) -> list[str]:
    missed = []
    for what, alter in alterations(tables):
        altered = tables.altered(alter)
        # The page that is written from the tables notices everything, and proves nothing.
        if not any(compare(sources, altered)[1] for compare in (names.compare, words.compare, schema.compare)):
            missed.append(f"the tables: {what}, and nobody notices")
    return missed


def missed_ranges(sources: Sources, tables: Tables) -> list[str]:
    """Each place of a range notices when the range is another."""
    missed = []
    for compare in (names.compare, words.compare, schema.compare, spelled.compare):
        spelled_at: dict[str, set[str]] = {}
        for place in compare(sources, tables)[0]:
            spelled_at.setdefault(place.entry, set()).add(place.path)
        for entry, paths in spelled_at.items():
            if entry in tables.ranges or isinstance(tables.data.get(entry), (int, str)):
                altered = tables.altered(lambda data, entry=entry: shift(data, entry))
                missed += [
                    f"{path}: {entry} is another, and nobody notices"
                    for path in sorted(paths)
                    if not compare(sources, altered, path)[1]
                ]
    return missed


def problems(sources: Sources, tables: Tables) -> list[str]:
    return (
        missed_at_places(sources, tables)
        + missed_numbers(sources, tables)
        + missed_in_tables(sources, tables)
        + missed_ranges(sources, tables)
    )
