from ._answer import Answer

def use(tse_decide: int, tse_answer_new: int, tse_answer_get: int, tse_answer_free: int, /) -> None: ...
def decide(
    answer_type: type[Answer],
    engine: int,
    zone_id: str,
    id: str,
    method: str | None,
    client_request_id: bytes | None,
    if_none_match: bytes | None,
    completed: int,
    /,
) -> Answer | None: ...
