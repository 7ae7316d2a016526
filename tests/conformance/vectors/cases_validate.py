"""The rules about values, on whole tasks: what validate() lets pass and what it refuses."""

from case import Case, refusal
from samples import COMPLETED, EXAMPLE, FAILED, HEAD, PENDING, RUNNING, with_link, with_properties


def cases() -> list:
    return [*_passing(), *_states(), *_fields(), *_links(), *_counts()]


def _passing() -> list:
    passing = {
        "a pending task": PENDING + "}",
        "a running task": RUNNING + "}",
        "a failed task": FAILED + ',"error_message":"no room"}',
        "a completed task with an install": COMPLETED + ',"install_id":"ins_1"}',
        "a completed task with a result link": COMPLETED + ',"links":[{"href":"/r/1?x=2","rel":"result"}]}',
        "the longest id": PENDING.replace('"t1"', '"' + "~" * 128 + '"') + "}",
        "the longest package_id": PENDING + ',"package_id":"' + "\u00e9" * 256 + '"}',
        "the largest package_version": PENDING + ',"package_version":9007199254740991}',
        "the longest operation": PENDING.replace('"create"', '"' + "c" * 32 + '"') + "}",
        "the longest error message": FAILED + ',"error_message":"' + "e" * 16384 + '"}',
        "an error message of several lines": FAILED + r',"error_message":"a\nb\u0085"}',
    }
    hrefs = ["/", "/a/b?c=d", "/a//b", "http://h", "HTTPS://u@h:1/p?q#f", "#x", "/a/../b", "/%e4"]
    return [
        *(Case("valid: " + what).validate(json) for what, json in passing.items()),
        *(Case("a valid href: " + href).validate(with_link(f'"href":"{href}","rel":"b"')) for href in hrefs),
        Case("valid language tags").validate(
            with_link('"href":"/a","rel":"b","titles":{"en":"","zh-Hant-TW":"","x-own":"","i-klingon":""}')
        ),
    ]


def _states() -> list:
    refused = {
        "the reference's example: pending, yet an error message": (EXAMPLE, ["links[0].href", "error_message"]),
        "failed without a message": (FAILED + "}", ["error_message"]),
        "completed without a result": (COMPLETED + "}", ["install_id"]),
        "completed with an error message": (
            COMPLETED + ',"error_message":"x","install_id":"i"}', ["error_message"]
        ),
        "delete without an install": (PENDING.replace('"create"', '"delete"') + "}", ["install_id"]),
        "updated before it was created": (
            HEAD + ',"status":"pending","updated_at":"2019-12-27T11:59:59.999Z"}', ["updated_at"]
        ),
    }
    return [Case("invalid: " + what).validate(json, refusal(*fields)) for what, (json, fields) in refused.items()]


def _fields() -> list:
    ids = {"empty": "", "a dot": ".", "two dots": "..", "a slash": "a/b", "not ASCII": "\u00e9", "129 bytes": "a" * 129}
    names = {
        "empty": "", "513 bytes": "n" * 513, "a C0 control": r"a\u001f", "DEL": r"\u007f", "a C1 control": r"\u0085",
    }
    operations = {"empty": "", "upper case": "Create", "a digit first": "1a", "33 bytes": "c" * 33, "a dash": "a-b"}
    messages = {"empty": "", "16385 bytes": "e" * 16385, "a NUL": r"a\u0000"}
    found = []
    for what, value in ids.items():
        found.append(Case("invalid id: " + what).validate(PENDING.replace('"t1"', f'"{value}"') + "}", refusal("id")))
    for what, value in operations.items():
        json = PENDING.replace('"create"', f'"{value}"') + "}"
        found.append(Case("invalid operation: " + what).validate(json, refusal("operation")))
    for what, value in names.items():
        for field in ("package_id", "package_slug"):
            json = PENDING + f',"{field}":"{value}"}}'
            found.append(Case(f"invalid {field}: {what}").validate(json, refusal(field)))
    for what, value in {**names, "a dot": ".", "two dots": ".."}.items():
        json = PENDING + f',"install_id":"{value}"}}'
        found.append(Case("invalid install_id: " + what).validate(json, refusal("install_id")))
    for what, value in messages.items():
        json = FAILED + f',"error_message":"{value}"}}'
        found.append(Case("invalid error message: " + what).validate(json, refusal("error_message")))
    for value in (-1, 9007199254740992):
        json = PENDING + f',"package_version":{value}}}'
        found.append(Case(f"invalid package_version: {value}").validate(json, refusal("package_version")))
    return found


def _links() -> list:
    hrefs = ["", "a", "//h/p", "ftp://h", "javascript:1", "/a b", "/\\u00e9", "http://", "/a\\\\b", "/%4", "#"]
    results = ["http://h/r", "#r", "/a//b", "/a/../b", "/a/%2E%2e/b", "/a/.", "//h"]
    deep = '{"a":' + "[" * 28 + "]" * 28 + "}"
    members = {
        "rel": '"href":"/a","rel":""', "titles.not_a_tag": '"href":"/a","rel":"b","titles":{"not_a_tag":""}',
        "titles": '"href":"/a","rel":"b","titles":{"en":"","EN":""}', "type": r'"href":"/a","rel":"b","type":"\u0000"',
    }
    two = PENDING + ',"links":[{"href":"/a","rel":"result"},{"href":"/b","rel":"result"}]}'
    warnings = (
        PENDING + ',"warnings":[{"code":"oops","details":[{"code":"","field":"","message":""}],"message":"","path":"",'
        '"request_id":"182bd5e5","status":1000,"timestamp":"2019-12-27T12:00:00.000Z"}]}'
    )
    at = "warnings[0]."
    return [
        *(Case("an invalid href: " + href).validate(with_link(f'"href":"{href}","rel":"b"'), refusal("links[0].href"))
          for href in hrefs),
        *(Case("not where a result may lead: " + href).validate(
            with_link(f'"href":"{href}","rel":"result"'), refusal("links[0].href")) for href in results),
        *(Case("an invalid link: " + field).validate(with_link(text), refusal("links[0]." + field))
          for field, text in members.items()),
        Case("properties at the limit of depth").validate(with_properties(deep)),
        Case("two results").validate(two, refusal("links")),
        Case("a warning wrong in every field that has a rule").validate(
            warnings, refusal(at + "code", at + "details[0].code", at + "request_id", at + "status")
        ),
    ]


def _counts() -> list:
    def links(count: int) -> str:
        return PENDING + ',"links":[' + ",".join(f'{{"href":"/{n}","rel":"b"}}' for n in range(count)) + "]}"

    def warnings(count: int) -> str:
        one = (
            '{"code":"conflict","details":[],"message":"","path":"","request_id":'
            '"182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e","status":0,"timestamp":"2019-12-27T12:00:00.000Z"}'
        )
        return PENDING + ',"warnings":[' + ",".join([one] * count) + "]}"

    return [
        Case("64 links").validate(links(64)),
        Case("65 links").validate(links(65), refusal("links")),
        Case("256 warnings").validate(warnings(256)),
        Case("257 warnings").validate(warnings(257), refusal("warnings")),
    ]
