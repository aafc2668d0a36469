"""Every refusal is a problem with a code, and says what to do."""

from http import HTTPStatus
from typing import Any

import pytest

from gateway.console.guard import BODY_BYTES_MAX
from gateway.console.requests import SEVERAL
from tests.support.api import Api, contract


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/nothing", 404, "not_found"),
        ("/api/v1/ratings/nothing-01", 404, "not_found"),
        ("/api/v1/ratings?limit=1001", 422, "invalid_request"),
        ("/api/v1/ratings?limit=0", 422, "invalid_request"),
        ("/api/v1/ratings?level=6", 422, "invalid_request"),
        ("/api/v1/ratings?from=2026-11-21", 422, "invalid_request"),
        ("/api/v1/ratings?from=2026-11-21T12:00:00", 422, "invalid_request"),
        ("/api/v1/ratings?devcie=d-1", 422, "invalid_request"),
        ("/api/v1/ratings?level=1&level=2", 422, "invalid_request"),
        ("/api/v1/ratings?cursor=x", 422, "invalid_cursor"),
        ("/api/v1/quarantine?state=lost", 422, "invalid_request"),
        ("/api/v1/sessions?state=rated,voided", 422, "invalid_request"),
        ("/api/v1/devices?presence=gone", 422, "invalid_request"),
        ("/api/v1/devices?lifecycle=new", 422, "invalid_request"),
        ("/api/v1/quarantine/first", 422, "invalid_request"),
        (f"/api/v1/quarantine/{2**63}", 422, "invalid_request"),
        ("/api/v1/sessions/a:b:99999999999999999999:1", 404, "not_found"),
        ("/api/v1/devices/%00", 404, "not_found"),
        ("/api/v1/sites/nowhere/rollcall", 404, "not_found"),
        ("/api/v1/visits?until=9999-12-31T23:59:59-12:00", 422, "invalid_request"),
        ("/api/v1/devices/%ff", 404, "not_found"),
    ],
)
async def test_a_bad_question_is_told_what_is_wrong(
    api: Api, path: str, status: int, code: str
) -> None:
    answer = await api.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["code"], body["status"], body["type"]) == (code, status, "about:blank")
    assert body["title"] == HTTPStatus(status).phrase
    assert body["detail"]


async def test_parameters_that_may_come_several_times_are_lists_of_the_contract(
    api: Api,
) -> None:
    lists = {
        one["name"]
        for path in contract()["paths"].values()
        for operation in path.values()
        for one in operation.get("parameters", ())
        if "array" in {kind.get("type") for kind in alternatives(one["schema"])}
    }
    assert lists == SEVERAL
    answer = await api.get("/api/v1/sites?key=a&key=b")
    assert answer.status_code == 200


def alternatives(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [schema, *schema.get("anyOf", ())]


@pytest.mark.parametrize(
    ("path", "body", "detail"),
    [
        ("sites", {"id": "a", "x": 1}, "body.item.x: Extra inputs are not permitted"),
        ("sites", {"items": [{}]}, "body.items.items.0.id: Field required"),
        ("sites", [{}], "body.array.0.id: Field required"),
        ("inspection-plans", [], "body.array: List should have at least 1 item"),
        ("sites", {"id": "a", "calendar": "xx"}, "row 1: nobody publishes holidays"),
    ],
)
async def test_of_a_body_of_several_forms_one_is_told_of(
    api: Api, path: str, body: object, detail: str
) -> None:
    answer = await api.ask("PUT", f"/api/v1/{path}", json=body)
    assert answer.status_code == 422
    told = answer.json()["detail"]
    assert told.startswith(detail)
    assert ";" not in told
    assert api.submissions.records == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("quarantine/replay", {}),
        ("quarantine/purge", {"ids": []}),
        ("quarantine/replay", {"ids": ["x"]}),
        ("quarantine/replay", {"ids": [2**63]}),
        ("deadletters/purge", {}),
        ("deadletters/replay", {"sink": "main", "all": True}),
        ("ratings", {"level": 5}),
        ("ratings", {"event_id": "short", "level": 5}),
    ],
)
async def test_a_body_that_does_not_say_what_is_meant_is_not_written(
    api: Api, path: str, body: object
) -> None:
    answer = await api.post(f"/api/v1/{path}", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert api.submissions.records == []


@pytest.mark.parametrize("text", [b'{"reason": "\\ud800"}', b"{", b"\xff", b"[]", b""])
async def test_a_body_that_is_no_text_is_told_so(api: Api, text: bytes) -> None:
    path, kind = "/api/v1/quarantine/purge", {"Content-Type": "application/json"}
    answer = await api.ask("POST", path, content=text, headers=kind)
    assert answer.status_code in {400, 422}
    assert answer.json()["code"] == "invalid_request"


async def test_the_wrong_method_is_a_problem_too(api: Api) -> None:
    answer = await api.ask("DELETE", "/api/v1/ratings")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


async def test_before_the_ledger_is_made_the_api_says_try_again(api: Api) -> None:
    api.ledger.path.unlink()
    answer = await api.get("/api/v1/pipeline")
    assert (answer.status_code, answer.json()["code"]) == (503, "store_absent")
    assert answer.headers["retry-after"] == "1"


async def test_a_broken_ledger_does_not_show_its_insides(api: Api) -> None:
    api.ledger.execute("DROP TABLE alert")
    answer = await api.get("/api/v1/alerts")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "alert" not in answer.json()["detail"]


async def test_a_name_that_is_not_ours_is_refused(api: Api) -> None:
    answer = await api.ask("GET", "/livez", headers={"Host": "evil.example:8700"})
    assert (answer.status_code, answer.json()["code"]) == (421, "foreign_host")


@pytest.mark.parametrize("host", ["localhost:8700", "127.0.0.1", "[::1]:8700"])
async def test_this_machine_s_names_are_ours(api: Api, host: str) -> None:
    answer = await api.ask("GET", "/livez", headers={"Host": host})
    assert answer.status_code == 200


async def test_a_foreign_page_may_not_change_anything(api: Api) -> None:
    body = {"ids": [1]}
    foreign = {"Origin": "http://evil.example"}
    answer = await api.post("/api/v1/quarantine/purge", body, headers=foreign)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    assert api.submissions.records == []


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_body_beyond_the_bound_is_refused(api: Api, *, chunked: bool) -> None:
    async def chunks() -> object:
        for _ in range(17):
            yield b" " * (BODY_BYTES_MAX // 16)

    content = chunks() if chunked else b" " * (BODY_BYTES_MAX + 1)
    answer = await api.ask(
        "POST",
        "/api/v1/quarantine/purge",
        content=content,
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_store_that_is_slow_is_a_problem_not_a_hang(api: Api) -> None:
    for reader in api._readers:  # noqa: SLF001 -- as if others held every connection
        while not reader._slots.empty():  # noqa: SLF001 -- see above
            reader._slots.get_nowait().close()  # noqa: SLF001 -- see above
        reader._deadline_s = 0.05  # noqa: SLF001 -- see above
    answer = await api.get("/api/v1/alerts")
    assert (answer.status_code, answer.json()["code"]) == (503, "query_deadline")
