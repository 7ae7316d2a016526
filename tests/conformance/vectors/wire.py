"""The wire form, written by hand: JSON texts, times, entity tags, percent-encoding. Shares nothing with the library."""


_ALL = 2**64 - 1
_P1, _P2, _P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_P4, _P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5


def _rotated(value: int, by: int) -> int:
    return (value << by | value >> 64 - by) & _ALL


def _round(state: int, lane: int) -> int:
    return _rotated((state + lane * _P2) & _ALL, 31) * _P1 & _ALL


def xxh64(data: bytes) -> int:
    """XXH64 with seed 0, after its specification."""
    at, size = 0, len(data)

    def take(count: int) -> int:
        nonlocal at
        at += count
        return int.from_bytes(data[at - count : at], "little")

    if size < 32:
        state = _P5
    else:
        lanes = [(_P1 + _P2) & _ALL, _P2, 0, -_P1 & _ALL]
        while size - at >= 32:
            lanes = [_round(lane, take(8)) for lane in lanes]
        state = sum(_rotated(lane, by) for lane, by in zip(lanes, (1, 7, 12, 18))) & _ALL
        for lane in lanes:
            state = ((state ^ _round(0, lane)) * _P1 + _P4) & _ALL
    state = (state + size) & _ALL
    while size - at >= 8:
        state = (_rotated(state ^ _round(0, take(8)), 27) * _P1 + _P4) & _ALL
    if size - at >= 4:
        state = (_rotated(state ^ take(4) * _P1 & _ALL, 23) * _P2 + _P3) & _ALL
    while size > at:
        state = _rotated(state ^ take(1) * _P5 & _ALL, 11) * _P1 & _ALL
    for shift, factor in ((33, _P2), (29, _P3), (32, 1)):
        state = (state ^ state >> shift) * factor & _ALL
    return state


def etag(revision: int, body: str) -> str:
    """The strong entity tag of a task's representation."""
    return f'"{revision}-{xxh64(body.encode()):016x}"'


def percent_encoded(text: str) -> str:
    """All but RFC 3986's unreserved characters as %XX."""
    unreserved = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    return "".join(chr(byte) if byte in unreserved else f"%{byte:02X}" for byte in text.encode())


def time(us: int) -> str:
    """Microseconds since 1970 as RFC 3339 in UTC with three fractional digits, rounded down."""
    ms = us // 1000
    days, ms_of_day = divmod(ms, 86_400_000)
    seconds, fraction = divmod(ms_of_day, 1000)
    year, month, day = _date(days)
    return (
        f"{year:04d}-{month:02d}-{day:02d}T"
        f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{fraction:03d}Z"
    )


def _date(days: int) -> tuple[int, int, int]:
    """The civil date of a day number, counted out year by year and month by month."""
    year = 1970
    while days < 0:
        year -= 1
        days += 366 if _is_leap(year) else 365
    while days >= (366 if _is_leap(year) else 365):
        days -= 366 if _is_leap(year) else 365
        year += 1
    lengths = [31, 29 if _is_leap(year) else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    month = 1
    for length in lengths:
        if days < length:
            break
        days -= length
        month += 1
    return year, month, days + 1


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def string(text: str) -> str:
    """A JSON string: escapes what RFC 8259 demands, by the short escape where there is one, and nothing else."""
    short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(short.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in text) + '"'


def members(*pairs: tuple[str, object]) -> str:
    """An object of members whose values are JSON texts already; absent ones (None) are left out."""
    return "{" + ",".join(string(name) + ":" + str(value) for name, value in pairs if value is not None) + "}"


def array(texts: list[str]) -> str:
    """An array of JSON texts."""
    return "[" + ",".join(texts) + "]"


def _optional(text: "str | None") -> "str | None":
    return None if text is None else string(text)


def link(link: dict) -> str:
    """A link; `properties` is JSON text already."""
    titles = link.get("titles")
    return members(
        ("href", string(link["href"])),
        ("rel", string(link["rel"])),
        ("properties", link.get("properties")),
        ("titles", None if titles is None else members(*((tag, string(title)) for tag, title in titles))),
        ("type", _optional(link.get("type"))),
    )


def warning(warning: dict) -> str:
    """A warning, which is also an error answer's body; `timestamp` is in microseconds."""
    details = [
        members(("code", string(d["code"])), ("field", string(d["field"])), ("message", string(d["message"])))
        for d in warning["details"]
    ]
    return members(
        ("code", string(warning["code"])),
        ("details", array(details)),
        ("message", string(warning["message"])),
        ("path", string(warning["path"])),
        ("request_id", string(warning["request_id"])),
        ("status", warning["status"]),
        ("timestamp", string(time(warning["timestamp"]))),
    )


def task(task: dict) -> str:
    """A task, its fields in the wire's order, what is absent or empty left out."""
    version = task.get("package_version")
    links, warnings = task.get("links"), task.get("warnings")
    return members(
        ("id", string(task["id"])),
        ("created_at", string(time(task["created_at"]))),
        ("operation", string(task["operation"])),
        ("status", string(task["status"])),
        ("updated_at", string(time(task["updated_at"]))),
        ("error_message", _optional(task.get("error_message"))),
        ("install_id", _optional(task.get("install_id"))),
        ("links", array([link(one) for one in links]) if links else None),
        ("package_id", _optional(task.get("package_id"))),
        ("package_slug", _optional(task.get("package_slug"))),
        ("package_version", None if version is None else str(version)),
        ("warnings", array([warning(one) for one in warnings]) if warnings else None),
    )
