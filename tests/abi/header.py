"""Reads capi/taskstate.h: what it declares, as plain values. Knows the header's own style, not C."""

import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Function:
    name: str
    signature: str  # white space collapsed, without TSE_API and TSE_NOEXCEPT
    comment: str  # the /** ... */ right before it, or ""


@dataclass
class Header:
    functions: list[Function] = field(default_factory=list)
    structs: dict[str, list[str]] = field(default_factory=dict)  # name -> its members, in order
    struct_comments: dict[str, str] = field(default_factory=dict)
    constants: list[str] = field(default_factory=list)  # macros with an integer value
    callbacks: list[str] = field(default_factory=list)  # the typedefs of function pointers


def _collapse(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def _comment_before(text: str, position: int) -> str:
    found = re.search(r"/\*\*(?!<)((?:(?!\*/).)*)\*/\s*$", text[:position], flags=re.S)
    return _collapse(found.group(1)) if found else ""


def read(path: str) -> Header:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    header = Header()
    for found in re.finditer(r"^TSE_API\s+([^;]+?)\s*TSE_NOEXCEPT;", text, flags=re.M):
        signature = _collapse(_without_comments(found.group(1)))
        name = re.search(r"(tse_\w+) ?\(", signature)
        assert name, f"a declaration without a name: {signature}"
        header.functions.append(Function(name.group(1), signature, _comment_before(text, found.start())))
    for found in re.finditer(r"^typedef struct (tse_\w+) \{(.*?)^\} \1;", text, flags=re.M | re.S):
        members = [_collapse(part) for part in _without_comments(found.group(2)).split(";")]
        header.structs[found.group(1)] = [member.split()[-1].lstrip("*") for member in members if member]
        header.struct_comments[found.group(1)] = _comment_before(text, found.start())
    header.constants = re.findall(r"^#define (TSE_[A-Z0-9_]+) +(?:-?\d+|\(-\d+\)|INT64_MIN|\(\(size_t\)-1\))", text, flags=re.M)
    header.callbacks = [
        _collapse(found) for found in re.findall(r"^typedef ([^;{]*\(\*tse_\w+\)[^;]*);", text, flags=re.M)
    ]
    declared = len(re.findall(r"^TSE_API\b", text, flags=re.M))
    assert declared == len(header.functions), f"{declared} declarations, but {len(header.functions)} understood"
    return header
