#!/usr/bin/env python3
"""Turns the vectors into a C table (see ../vectors_table.h), since C has no JSON reader of its own.

    to_c.py <output.c> <file.json>...
"""

import json
import pathlib
import sys
from typing import Any, Optional

import wire

STATUSES = ("pending", "running", "completed", "failed")


def text(value: Optional[str]) -> str:
    """A tse_str; every byte that is not a plain character as three octal digits."""
    if value is None:
        return "{NULL, 0}"
    plain = set(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;=/+-_~(){}[]<>*&#@!$%^|'")
    data = value.encode()
    return '{"' + "".join(chr(b) if b in plain else f"\\{b:03o}" for b in data) + f'", {len(data)}}}'


def number(value: Optional[int]) -> str:
    # The least int64 has no literal in C.
    return "TSE_NONE" if value is None else "INT64_MIN" if value == -(2**63) else f"INT64_C({value})"


def status(value: Optional[str]) -> str:
    return "-1" if value is None else f"TSE_{value.upper()}"


def completed(value: Optional[str]) -> str:
    return "TSE_COMPLETED_" + (value or "default").upper()


def struct(**fields: str) -> str:
    return "{" + ", ".join(f".{name} = {value}" for name, value in fields.items()) + "}"


def pointer(kind: str, value: str) -> str:
    """The address of a nameless object, which at file scope lives as long as the program."""
    return f"&(const {kind}){value}"


def elements(kind: str, values: list) -> str:
    return f"(const {kind}[]){{{', '.join(values)}}}" if values else "NULL"


def texts(source: dict, *names: str) -> dict:
    return {name: text(source.get(name)) for name in names}


def additions(source: dict) -> dict:
    links = [wire.link(link) for link in source.get("links", [])]
    warnings = [wire.warning(warning) for warning in source.get("warnings", [])]
    return {
        **texts(source, "install_id", "package_id", "package_slug"),
        "package_version": number(source.get("package_version")),
        "links": text(wire.array(links) if links else None),
        "warnings": text(wire.array(warnings) if warnings else None),
    }


def new_task(new: dict) -> str:
    own = texts(new, "zone_id", "id", "operation", "payload")
    plan = {"not_before": "TSE_NONE", "start_within_us": "TSE_NONE", "max_attempts": "1"}
    return struct(struct_size="sizeof(tse_new_task)", **own, **additions(new), **plan)


def update(update: dict) -> str:
    own = texts(update, "error_message", "error_detail")
    return struct(struct_size="sizeof(tse_update)", **own, **additions(update))


def query(query: dict) -> str:
    return struct(
        struct_size="sizeof(tse_list_query)",
        **texts(query, "zone_id", "operation", "install_id", "package_id", "after", "before"),
        statuses=str(sum(1 << STATUSES.index(name) for name in query.get("statuses", []))),
        created_from=number(query.get("created_from")),
        created_until=number(query.get("created_until")),
        limit=str(query.get("limit", 0)),
        with_total=str(int(query.get("with_total", False))),
    )


def request(request: dict) -> str:
    own = texts(request, "method", "client_request_id", "if_none_match", "path")
    return struct(struct_size="sizeof(tse_request)", **own, completed=completed(request.get("completed")))


def expected_task(task: dict) -> str:
    names = ("json", "zone_id", "error_detail", "failure_kind", "client_request_id", "traceparent", "payload")
    return struct(**texts(task, *names), revision=number(task["revision"]))


def expected_event(event: dict) -> str:
    numbers = {name: number(event[name]) for name in ("at", "revision", "attempt")}
    moves = {"from_status": status(event["from"]), "to_status": status(event["to"])}
    names = ("kind", "worker", "request_id", "traceparent", "message", "detail")
    return struct(**texts(event, *names), **moves, **numbers)


def expected(expect: dict) -> dict:
    (kind, value), = expect.items()
    fields = {"kind": "EXPECT_" + kind.upper()}
    if kind == "task" and value is None:
        fields["kind"] = "EXPECT_NO_TASK"
    elif kind == "task":
        fields["task"] = pointer("vector_task", expected_task(value))
    elif kind == "error":
        outcome = "TSE_" + value["outcome"].upper()
        fields.update(code="TSE_" + value["code"].upper(), outcome=outcome, count=str(len(value["fields"])))
        fields["texts"] = elements("tse_str", [text(field) for field in value["fields"]])
    elif kind == "answer":
        headers = [f"{{{text(name)}, {text(line)}}}" for name, line in value["headers"]]
        fields.update(status=str(value["status"]), count=str(len(headers)), body=text(value["body"]))
        fields["headers"] = elements("tse_header", headers)
    elif kind == "page":
        fields.update(count=str(len(value["tasks"])), texts=elements("tse_str", [text(t) for t in value["tasks"]]))
        fields.update(has_after=str(int(value["has_after"])), has_before=str(int(value["has_before"])))
        fields["total_count"] = number(value["total_count"])
    elif kind == "events":
        fields.update(count=str(len(value)))
        fields["events"] = elements("vector_event", [expected_event(event) for event in value])
    return fields


def step(step: dict) -> str:
    fields = {"now": number(step["now"]), "op": "DO_" + step["do"].upper(), **texts(step, "zone_id", "id", "json")}
    for name, kind, make in (
        ("new", "tse_new_task", new_task), ("update", "tse_update", update),
        ("query", "tse_list_query", query), ("request", "tse_request", request),
    ):
        if name in step:
            fields["new_task" if name == "new" else name] = pointer(kind, make(step[name]))
    if "call" in step:
        fields["call"] = pointer("vector_call", struct(**texts(step["call"], "request_id", "traceparent", "actor")))
    fields["flags"] = "TSE_WITH_PAYLOAD" if step.get("payload") else "0"
    fields["follow"] = text(step.get("follow"))
    return "    " + struct(**fields, expect=struct(**expected(step["expect"])))


def options(options: dict) -> str:
    least, most = options.get("retry_after", [-1, -1])
    allowed = [text(name) for name in options.get("operations", [])]
    return struct(
        **texts(options, "location", "status_url"),
        completed=completed(options.get("completed")),
        retry_after_min=str(least),
        retry_after_max=str(most),
        ignore_bad_request_id=str(int(options.get("ignore_bad_request_id", False))),
        operations=elements("tse_str", allowed),
        operation_count=str(len(allowed)),
    )


def main(output: str, *files: str) -> None:
    cases: "list[dict[str, Any]]" = []
    for file in files:
        cases += json.loads(pathlib.Path(file).read_text("ascii"))["cases"]
    out = ['#include "vectors_table.h"\n', '#pragma GCC diagnostic ignored "-Woverlength-strings"\n']
    for index, case in enumerate(cases):
        out.append(f"static const vector_step steps_{index}[] = {{\n" + ",\n".join(map(step, case["steps"])) + "};\n")
    rows = [
        struct(name=text(case["name"]), options=options(case["options"]), steps=f"steps_{index}",
               step_count=str(len(case["steps"])))
        for index, case in enumerate(cases)
    ]
    out.append("const vector_case vector_cases[] = {\n    " + ",\n    ".join(rows) + "};\n")
    out.append(f"const size_t vector_case_count = {len(cases)};\n")
    pathlib.Path(output).write_text("\n".join(out), "ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
