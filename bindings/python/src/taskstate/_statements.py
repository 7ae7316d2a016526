"""Statements of the host's own that run with a change, in its transaction."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence, Tuple, Union

from ._calls import direct
from ._errors import InvalidArgument
from ._native import ffi, lib

#: What SQLite stores.
Value = Union[None, bool, int, float, str, bytes, bytearray, memoryview]
#: Values in order, or by name.
Parameters = Union[Sequence[Value], Mapping[str, Value]]
#: A statement of the host's own: SQL, or SQL and its parameters.
Statement = Union[str, Tuple[str, Parameters]]
#: One statement without parameters, or any number of statements.
Also = Union[str, Iterable[Statement]]

_Parsed = Tuple[str, Parameters]


def statements(also: Also) -> list[_Parsed]:
    """Each statement with its parameters. TypeError for what is none."""
    several: Iterable[Any] = [also] if isinstance(also, str) else also
    return [_statement(f"also[{index}]", one) for index, one in enumerate(several)]


def _statement(field: str, one: Any) -> _Parsed:
    sql, parameters = (one, ()) if isinstance(one, str) else _pair(field, one)
    if not isinstance(sql, str):
        raise TypeError(f"{field}: its SQL must be a str, not {type(sql).__name__}")
    if isinstance(parameters, (str, bytes, bytearray, memoryview)) or not isinstance(parameters, (Sequence, Mapping)):
        raise TypeError(f"{field}: its parameters must be a sequence or a mapping, not {type(parameters).__name__}")
    return sql, parameters


def _pair(field: str, one: Any) -> tuple[Any, Any]:
    if not isinstance(one, (tuple, list)) or len(one) != 2:
        raise TypeError(f"{field}: must be SQL, or a pair of SQL and its parameters, not {type(one).__name__}")
    return one[0], one[1]


def carry(native_call: Any, several: Sequence[_Parsed]) -> None:
    """Has a tse_call carry these and no others."""
    direct(lib.tse_call_clear_also, native_call)
    for index, (sql, parameters) in enumerate(several):
        field = f"also[{index}]"
        try:
            direct(lib.tse_call_also, native_call, *_text(field, sql))
        except InvalidArgument as error:
            error.field = field
            raise
        if isinstance(parameters, Mapping):
            for name, value in parameters.items():
                _bind(field, native_call, *_name(field, name), value)
        else:
            for value in parameters:
                _bind(field, native_call, ffi.NULL, 0, value)


def _name(field: str, name: Any) -> tuple[bytes, int]:
    """As the statement spells it."""
    if not isinstance(name, str):
        raise TypeError(f"{field}: a parameter's name must be a str, not {type(name).__name__}")
    return _text(field, name if name[:1] in (":", "@", "$") else f":{name}")


def _text(field: str, value: str) -> tuple[bytes, int]:
    try:
        data = value.encode()
    except UnicodeEncodeError:
        raise InvalidArgument(f"{field}: text must be Unicode, without lone surrogates", field=field) from None
    return data, len(data)


def _bind(field: str, native_call: Any, name: Any, size: int, value: Any) -> None:
    if value is None:
        direct(lib.tse_call_bind_null, native_call, name, size)
    elif isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise InvalidArgument(f"{field}: an integer must fit 64 bits", field=field)
        direct(lib.tse_call_bind_int64, native_call, name, size, value)
    elif isinstance(value, float):
        direct(lib.tse_call_bind_double, native_call, name, size, value)
    elif isinstance(value, str):
        direct(lib.tse_call_bind_text, native_call, name, size, *_text(field, value))
    elif isinstance(value, (bytes, bytearray, memoryview)):
        data = bytes(value)
        direct(lib.tse_call_bind_blob, native_call, name, size, data, len(data))
    else:
        raise TypeError(f"{field}: a parameter must be None, a number, text or bytes, not {type(value).__name__}")
