"""The wire form, read and written: what comes back byte for byte, what is made canonical, what is refused."""

from case import Case, refusal
from samples import EXAMPLE, NOT_BMP, PENDING, UUID, with_link, with_properties

TIME = '"2019-12-27T12:00:00.000Z"'
FIELDS = [
    '"id":"t1"', f'"created_at":{TIME}', '"operation":"create"', '"status":"pending"', f'"updated_at":{TIME}',
]
NUMBERS = [
    ("a fraction", "1.5"), ("minus zero", "-0"), ("a huge exponent", "1e400"), ("a tiny exponent", "1E-400"),
    ("a big integer", "12345678901234567890123"), ("trailing zeros", "0.1000"), ("2^63", "9223372036854775808"),
    ("an exponent with sign", "-2.50e+07"),
]


def cases() -> list:
    return [*_kept(), *_made_canonical(), *_refused_syntax(), *_refused_shape()]


def _kept() -> list:
    escaped = r'{"k":"\"\\\b\f\n\r\t\u0000\u0001\u001f"}'
    nested = '{"a":[null,true,false,{},[],"x",{"b":{"c":[1]}}]}'
    deep = '{"a":' + "[" * 28 + "]" * 28 + "}"
    warnings = (
        ',"warnings":[{"code":"bad_request","details":[],"message":"","path":"","request_id":"' + UUID + '",'
        '"status":999,"timestamp":"0000-01-01T00:00:00.000Z"}]}'
    )
    return [
        Case("the reference's example comes back byte for byte").parse(EXAMPLE),
        Case("a task of the five required fields").parse(PENDING + "}"),
        *(
            Case("a number keeps its spelling: " + what).parse(with_properties('{"n":' + number + "}"))
            for what, number in NUMBERS
        ),
        Case("names that need quotes in properties").parse(with_properties('{"":1,"a b":2,"\\"":3,"z":4,"a":5}')),
        Case("control characters are escaped").parse(with_properties(escaped)),
        Case("every kind of value in properties").parse(with_properties(nested)),
        Case("properties down to 32 levels").parse(with_properties(deep)),
        Case("unicode stays as it is").parse(
            PENDING + ',"package_slug":"\u00e9\u4e2d\u2028\u2029' + NOT_BMP + '\x7f/"}'
        ),
        Case("titles keep their order").parse(with_link('"href":"/a","rel":"b","titles":{"fr":"x","de":"y","en":""}')),
        Case("a warning without details").parse(PENDING + warnings),
        Case("the last moment that RFC 3339 can tell").parse(
            PENDING.replace("2019-12-27T12:00:00.000Z", "9999-12-31T23:59:59.999Z") + "}"
        ),
        Case("the codec judges no values").parse(
            PENDING.replace('"create"', '"Not An Operation"').replace('"t1"', '"../x"') + ',"package_version":-1}'
        ),
        Case("the edges of a 64-bit integer").parse(PENDING + ',"package_version":9223372036854775807}').parse(
            PENDING + ',"package_version":-9223372036854775808}'
        ),
    ]


def _made_canonical() -> list:
    spaced = " {" + ", ".join(FIELDS).replace(":", " :", 1) + "\n\t}\r\n"
    plain = PENDING + "}"

    def at(created: str) -> str:
        return plain.replace("2019-12-27T12:00:00.000Z", created, 1)

    return [
        Case("white space between tokens goes away").parse(spaced, gives=plain),
        Case("unneeded escapes go away").parse(
            PENDING + r',"package_slug":"\u0041\/\u00e9\u2028\ud83d\ude00"}',
            gives=PENDING + ',"package_slug":"A/\u00e9\u2028' + NOT_BMP + '"}',
        ),
        Case("short escapes are preferred").parse(
            with_properties(r'{"\u000a":"\u0022\u005C\u0008\u001F"}'), gives=with_properties(r'{"\n":"\"\\\b\u001f"}')
        ),
        Case("white space in properties goes away").parse(
            with_properties('{ "a" : [ 1.50 , { } ] }'), gives=with_properties('{"a":[1.50,{}]}')
        ),
        Case("an empty list is as good as none").parse(PENDING + ',"links":[],"warnings":[]}', gives=plain),
        Case("a time with an offset becomes UTC").parse(at("2019-12-27T14:30:00.000+02:30"), gives=plain),
        Case("a time without fraction gets three digits").parse(at("2019-12-27T12:00:00Z"), gives=plain),
        Case("a time in lower case").parse(at("2019-12-27t12:00:00.000z"), gives=plain),
        Case("more than three fractional digits are cut off").parse(
            at("2019-12-27T12:00:00.999999999Z"), gives=at("2019-12-27T12:00:00.999Z")
        ),
        Case("a leap second is the next second's start").parse(
            at("2016-12-31T23:59:60Z"), gives=at("2017-01-01T00:00:00.000Z")
        ),
    ]


def _refused_syntax() -> list:
    whole = {
        "nothing": "", "white space only": " ", "two values": PENDING + "}{}", "a cut-off text": PENDING,
        "a comma too many": PENDING + ",}", "a comment": PENDING + "/**/}", "single quotes": "{'id':'t1'}",
        "a byte order mark": "\ufeff" + PENDING + "}", "a raw line feed in a text": PENDING + ',"package_id":"\n"}',
        "a lone surrogate": PENDING + r',"package_id":"\ud800"}', "a leading zero": PENDING + ',"package_version":01}',
        "NaN": PENDING + ',"package_version":NaN}', "an array": "[]", "null": "null", "a text": '"t1"',
    }
    deep = '{"a":' + "[" * 29 + "]" * 29 + "}"
    return [
        *(Case("no task: " + what).parse(text, refused=refusal("json")) for what, text in whole.items()),
        Case("nested deeper than 32 levels").parse(with_properties(deep), refused=refusal("json")),
    ]


def _refused_shape() -> list:
    duplicates = [
        ("id", "{" + ",".join(['"id":"t0"', *FIELDS]) + "}"),
        ("links[0].rel", with_link('"href":"/a","rel":"b","rel":"b"')),
        ("links[0].properties.n", with_properties('{"n":1,"m":2,"n":1}')),
        ("links[0].properties.a[1].b", with_properties('{"a":[0,{"b":1,"\\u0062":2}]}')),
        ("links[0].titles.en", with_link('"href":"/a","rel":"b","titles":{"en":"x","en":"y"}')),
    ]
    kinds = [
        ("package_id", PENDING + ',"package_id":null}'), ("package_id", PENDING + ',"package_id":1}'),
        ("package_version", PENDING + ',"package_version":"1"}'),
        ("package_version", PENDING + ',"package_version":1.0}'),
        ("package_version", PENDING + ',"package_version":1e2}'),
        ("package_version", PENDING + ',"package_version":9223372036854775808}'),
        ("status", PENDING.replace("pending", "done") + "}"),
        ("created_at", PENDING.replace("12-27T", "13-27T", 1) + "}"),
        ("created_at", PENDING.replace("12-27T", "12-27 T", 1) + "}"),
        ("links", PENDING + ',"links":{}}'), ("links[0]", PENDING + ',"links":[1]}'),
        ("links[1].href", PENDING + ',"links":[{"href":"/a","rel":"b"},{"rel":"b"}]}'),
        ("links[0].properties", with_properties("[]")),
        ("links[0].titles", with_link('"href":"/a","rel":"b","titles":[]')),
        ("links[0].titles.en", with_link('"href":"/a","rel":"b","titles":{"en":1}')),
        ("warnings[0].code", PENDING + ',"warnings":[{}]}'),
        ("warnings[0].details[0].field", PENDING + ',"warnings":[{"code":"conflict","details":[{"code":"conflict"}],'
         '"message":"","path":"","request_id":"","status":0,"timestamp":' + TIME + "}]}"),
    ]
    missing = [
        (name, "{" + ",".join(field for field in FIELDS if not field.startswith(f'"{name}"')) + "}")
        for name in ("id", "created_at", "operation", "status", "updated_at")
    ]
    swapped = [FIELDS[0], FIELDS[2], FIELDS[1], *FIELDS[3:]]
    order = [
        ("created_at", "{" + ",".join(swapped) + "}"),
        ("links[0].href", with_link('"rel":"b","href":"/a"')),
    ]
    unknown = [("json", PENDING + ',"zone_id":"z1"}'), ("links[0]", with_link('"href":"/a","rel":"b","x":1'))]
    groups = {"a repeated key": duplicates, "a wrong kind": kinds, "a missing field": missing,
              "fields out of order": order, "an unknown field": unknown}
    found = []
    for what, group in groups.items():
        for number, (field, json) in enumerate(group, 1):
            found.append(Case(f"{what} ({number}): {field}").parse(json, refused=refusal(field)))
    return found
