"""The task's wire form without an engine."""

from __future__ import annotations

from ._arguments import encode
from ._calls import call
from ._native import lib
from ._task import Task


def parse_task(data: str | bytes) -> Task:
    """Reads a task's wire form: at most 1 MiB of JSON, fields in their order. Checks syntax and types only.

    Raises InvalidArgument. The task has no zone and revision 0: the wire has neither. So accept(), which needs
    the zone, refuses it.
    """
    wire = encode("data", data) if isinstance(data, str) else data
    return Task(call(lib.tspy_parse, wire, len(wire)))


def validate(task: Task | str | bytes) -> None:
    """Checks every rule about a task's wire form. InvalidArgument with one detail for each broken field."""
    data = task.json if isinstance(task, Task) else task
    wire = encode("task", data) if isinstance(data, str) else data
    call(lib.tspy_validate, wire, len(wire))
