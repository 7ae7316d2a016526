"""What is derived from the C header, and that all of it is in use."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import taskstate
from taskstate._native import lib

ROOT = Path(__file__).parent.parent
NATIVE = ROOT / "native"
HEADER = ROOT.parent.parent / "capi" / "taskstate.h"

sys.path.insert(0, str(NATIVE))
from header import declarations  # noqa: E402


def test_declarations_leave_out_what_is_not_c() -> None:
    header = """
    /* a comment with int32_t tse_ghost(void); */
    #ifndef GUARD_H
    #define GUARD_H
    #if defined(TSE_STATIC)
    #define TSE_API
    #else
    #define TSE_API __attribute__((visibility("default")))
    #endif
    #if defined(__cplusplus)
    extern "C" {
    #else
    #define TSE_NOEXCEPT
    #endif
    #define TSE_NTS ((size_t)-1)
    #define TSE_NONE INT64_MIN
    #define TSE_MINUS (-1) /**< comment */
    #define TSE_SEVEN 7
    #define TSE_X_INIT \\
      { sizeof(tse_x), 0 }
    TSE_API int32_t tse_f(const char *a,
                          size_t b) TSE_NOEXCEPT;
static inline tse_str tse_text(const char *text) {
  if (text) { return x; }
}
    #if defined(__cplusplus)
    }
    #endif
    #endif
    """
    lines = [" ".join(line.split()) for line in declarations(header).splitlines()]
    assert lines == [
        "#define TSE_NTS ...",
        "#define TSE_NONE ...",
        "#define TSE_MINUS ...",
        "#define TSE_SEVEN ...",
        "int32_t tse_f(const char *a,",
        "size_t b) ;",
    ]


def functions(header: str) -> set[str]:
    return set(re.findall(r"^TSE_API .*?\b(tse_\w+)\(", header, flags=re.MULTILINE))


def test_every_function_of_the_header_is_there_and_in_use() -> None:
    declared = functions(HEADER.read_text())
    assert len(declared) > 40
    sources = [*NATIVE.glob("*.c"), *(ROOT / "src").rglob("*.py")]
    text = "\n".join(source.read_text() for source in sources)
    used = set(re.findall(r"\btse_\w+\b", text))
    for name in sorted(declared):
        assert hasattr(lib, name), name
        assert name in used, name


@pytest.mark.parametrize("name", ["TSE_NTS", "TSE_NONE", "TSE_COMPLETED_DEFAULT", "TSE_INTERNAL", "TSE_WITH_PAYLOAD"])
def test_constants_have_the_compilers_values(name: str) -> None:
    expected = {
        "TSE_NTS": 2 ** (8 * 8) - 1 if sys.maxsize > 2**32 else 2**32 - 1,
        "TSE_NONE": -(2**63),
        "TSE_COMPLETED_DEFAULT": -1,
        "TSE_INTERNAL": 24,
        "TSE_WITH_PAYLOAD": 1,
    }
    assert getattr(lib, name) == expected[name]


def test_another_abi_is_refused() -> None:
    taskstate._require_abi(lib.TSE_ABI)
    with pytest.raises(ImportError, match="ABI"):
        taskstate._require_abi(lib.TSE_ABI + 1)
