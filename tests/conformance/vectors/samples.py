"""Values that several themes use."""

UUID = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"
NOT_BMP = "\U0001f600"  # beyond the basic plane: four bytes of UTF-8, a surrogate pair in JSON escapes

# The API reference's example: a pending task with every field present.
EXAMPLE = (
    '{"id":"id","created_at":"2019-12-27T18:11:19.117Z","operation":"create","status":"pending",'
    '"updated_at":"2019-12-27T18:11:19.117Z","error_message":"error_message","install_id":"install_id",'
    '"links":[{"href":"href","rel":"rel","properties":{"foo":"bar"},"titles":{"foo":"string"},"type":"type"}],'
    '"package_id":"package_id","package_slug":"package_slug","package_version":0,'
    '"warnings":[{"code":"validation_error","details":[{"code":"validation_error","field":"field",'
    '"message":"message"}],"message":"message","path":"path","request_id":"' + UUID + '","status":0,'
    '"timestamp":"2019-12-27T18:11:19.117Z"}]}'
)

# The five required fields, open for more.
HEAD = '{"id":"t1","created_at":"2019-12-27T12:00:00.000Z","operation":"create"'
TAIL = ',"updated_at":"2019-12-27T12:00:00.000Z"'
PENDING = HEAD + ',"status":"pending"' + TAIL
RUNNING = HEAD + ',"status":"running"' + TAIL
COMPLETED = HEAD + ',"status":"completed"' + TAIL
FAILED = HEAD + ',"status":"failed"' + TAIL


def with_link(members: str) -> str:
    """A pending task's wire form with one link of these members."""
    return PENDING + ',"links":[{' + members + "}]}"


def with_properties(properties: str) -> str:
    return with_link('"href":"/a","rel":"b","properties":' + properties)


def warning(**other: object) -> dict:
    return {
        "code": "conflict",
        "details": [{"code": "bad_request", "field": "$.inputs", "message": "kept"}],
        "message": "adopted entities are preserved",
        "path": "/zones/z1/installs/ins_1",
        "request_id": UUID,
        "status": 200,
        "timestamp": 1_577_470_279_117_000,  # 2019-12-27T18:11:19.117Z
        **other,
    }
