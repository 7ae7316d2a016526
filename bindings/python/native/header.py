"""Turns a C header into the declarations that cffi reads, so that nothing is written twice."""

from __future__ import annotations

import re

# Object-like macros with a number as their value. cffi asks the compiler for the value.
_CONSTANT = re.compile(r"#\s*define\s+(\w+)\s+(-?\d+|\(-\d+\)|\(\(size_t\)-1\)|INT64_MIN)$")
_CONDITION = re.compile(r"#\s*(if|ifdef|ifndef|elif|else|endif)\b(.*)")


def declarations(header: str) -> str:
    """The header's constants, types and functions, as ffi.cdef() takes them.

    Comments, other macros, inline functions and what only C++ sees are left out.
    """
    text = re.sub(r"/\*.*?\*/", " ", header, flags=re.DOTALL)
    text = text.replace("\\\n", " ")
    lines = []
    for line in _seen_by_c(text.splitlines()):
        constant = _CONSTANT.match(line.strip())
        if constant:
            lines.append(f"#define {constant.group(1)} ...")
        elif not line.lstrip().startswith("#"):
            lines.append(line)
    text = "\n".join(lines)
    text = re.sub(r"static inline[^{]*\{.*?\n\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\b\w+_(?:API|NOEXCEPT)\b", "", text)
    return re.sub(r"\s*\n(\s*\n)+", "\n", text).strip() + "\n"


def _seen_by_c(lines: list[str]) -> list[str]:
    """The lines outside of blocks that only a C++ compiler sees."""
    kept: list[str] = []
    hidden: list[bool] = []
    for line in lines:
        condition = _CONDITION.match(line.strip())
        if condition is None:
            if not any(hidden):
                kept.append(line)
        elif condition.group(1).startswith("if"):
            hidden.append("__cplusplus" in condition.group(2))
        elif condition.group(1) == "else":
            hidden[-1] = False
        elif condition.group(1) == "endif":
            hidden.pop()
    return kept
