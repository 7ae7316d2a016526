# What cffi generates from taskstate.h and helpers.h has no static types.
from typing import Any

ffi: Any
lib: Any
