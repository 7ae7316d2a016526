"""The wire form, written by hand: JSON texts, times, entity tags, percent-encoding. Shares nothing with the library."""


def fnv1a64(data: bytes) -> int:
    """FNV-1a, 64 bit."""
    state = 0xCBF29CE484222325
    for byte in data:
        state = (state ^ byte) * 0x100000001B3 % 2**64
    return state


def etag(revision: int, body: str) -> str:
    """The strong entity tag of a task's representation."""
    return f'"{revision}-{fnv1a64(body.encode()):016x}"'


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
