"""If-None-Match (RFC 9110, section 13.1.2)."""

from case import Case
from samples import UUID


def _pending(name: str) -> Case:
    return Case(name).create(package_id="p")


def cases() -> list:
    tag = _pending("").etag()
    fields = {
        "the tag itself": (tag, True), "a weak tag": ("W/" + tag, True),
        "any": ("*", True), "any, spaced": (" * ", True),
        "in a list": (f'"a", {tag} , "b"', True), "in a list without spaces": (f'"a",W/"b",{tag}', True),
        "empty entries": (f",,\t{tag},", True), "surrounded by white space": (f" \t{tag} ", True),
        "another tag": ('"1-0000000000000000"', False), "without quotes": (tag.strip('"'), False),
        "nothing": ("", False),
        "cut off": (tag[:-1], False), "after a fault": (f'"a" b, {tag}', False), "any in a list": ('*, "a"', False),
        "lower-case w": ("w/" + tag, False), "a space in the weak mark": ("W/ " + tag, False),
        "marked by Apache": (tag[:-1] + '-gzip"', True), "marked by Jetty": (tag[:-1] + '--gzip"', True),
        "marked with a semicolon": (tag[:-1] + ';gzip"', True), "marked and weak": ("W/" + tag[:-1] + '-br"', True),
        "marked in a list": (f'"a", {tag[:-1]};zstd"', True), "another tag, marked": ('"1-0000000000000000-gzip"', False),
        "an unknown mark": (tag[:-1] + '-other"', False), "marked twice": (tag[:-1] + '-gzip-gzip"', False),
        "obs-text in another tag": (f'"\u00e9", {tag}', True), "an upper-case tag": (tag.upper(), False),
    }
    polled = _pending("a poller sees each change once")
    first = polled.etag()
    polled.decide(if_none_match=first, status=304).start().decide(if_none_match=first, status=200)
    polled.decide(if_none_match=polled.etag(), status=304).later(100).decide(
        if_none_match=polled.etag(), status=304, stated={"Retry-After": "10"})
    polled.fail(error_message="m").decide(if_none_match=first, status=200).decide(
        if_none_match=polled.etag(), status=304, stated={"Retry-After": None})
    completed = _pending("a 303 knows no preconditions").start().complete(install_id="i")
    return [
        *(_pending("If-None-Match, " + what).decide(if_none_match=field, status=304 if matches else 200)
          for what, (field, matches) in fields.items()),
        polled,
        completed.decide(if_none_match="*", status=303).decide(if_none_match=completed.etag(), status=303),
        _pending("a 304 echoes the request id").decide(
            if_none_match="*", client_request_id=UUID, status=304, stated={"Content-Type": None}),
        _pending("HEAD and If-None-Match").decide(method="HEAD", if_none_match="*", status=304).decide(
            method="HEAD", if_none_match='"a"', status=200),
        Case("an unknown task matches nothing").decide(if_none_match="*", status=404),
        Case("the tag holds the revision and the body's hash").create().annotate(package_id="p").annotate(
            package_slug="s").decide(),
    ]
