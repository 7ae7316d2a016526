"""Writes the C source of the extension module taskstate._native.

usage: generate.py TASKSTATE_H HELPERS_H OUTPUT_C
"""

from __future__ import annotations

import sys
from pathlib import Path

from cffi import FFI
from header import declarations

# What callbacks.c calls and Python implements: see tse_clock_fn, tse_id_fn, tse_log_fn and tse_destroy_fn.
_CALLBACKS = """
extern "Python+C" int64_t tspy_clock(void *user_data);
extern "Python+C" void tspy_id(void *user_data, int32_t kind, uint8_t *uuid16);
extern "Python+C" void tspy_log(void *user_data, int32_t level, const char *line, size_t size);
extern "Python+C" void tspy_destroy(void *user_data);
"""


def main(taskstate_h: str, helpers_h: str, output: str) -> None:
    ffi = FFI()
    ffi.cdef(declarations(Path(taskstate_h).read_text("utf-8")))
    ffi.cdef(declarations(Path(helpers_h).read_text("utf-8")))
    ffi.cdef(_CALLBACKS)
    ffi.set_source("taskstate._native", '#include "helpers.h"\n')
    ffi.emit_c_code(output)


if __name__ == "__main__":
    main(*sys.argv[1:])
