"""Voids and disputes as readers see them: who said what, and who may decide."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import bearer
from tests.support.folded_api import FoldedApi
from tests.support.folding import START_MS, element

FIRST = "/api/v1/ratings/d-1:press-01"
SECOND = "/api/v1/ratings/d-1:press-02"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    api.world.rules()
    yield api
    api.close()


def press(api: FoldedApi, event_id: str, level: int, **fields: object) -> None:
    api.world.publish("d-1", element(event_id, level, session_id="A1", **fields))


async def shown(api: FoldedApi, path: str) -> dict[str, Any]:
    found: dict[str, Any] = (await api.get(path)).json()
    return found


async def test_of_a_session_that_is_void_every_version_says_so(api: FoldedApi) -> None:
    press(api, "press-01", 2, occurred_at=START_MS - 60_000)
    press(api, "press-02", 4, occurred_at=START_MS, amends="press-01")
    press(api, "press-03", 5, occurred_at=START_MS, amends="press-01")
    answer = await api.post(f"{FIRST}/void", {"reason": "pressed by a child"})
    assert answer.status_code == 200
    void = {"reason": "pressed by a child", "by": "local"}
    (session,) = (await api.get("/api/v1/sessions")).json()["items"]
    assert [one["void"] for one in session["history"]] == [void, void, None]
    assert session["state"] == "voided"
    press(api, "press-04", 5, occurred_at=START_MS + 1_000)
    assert [one["void"] for one in await listed(api)] == [None, None, void, void]
    again = await api.post(f"{SECOND}/void", {"reason": "once more"})
    assert again.status_code == 409


async def listed(api: FoldedApi) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await api.get("/api/v1/ratings")).json()["items"]
    return found


async def test_a_dispute_and_its_decision_are_shown(api: FoldedApi) -> None:
    press(api, "press-01", 1, employee_id="0042")
    assert (await shown(api, FIRST))["dispute"] is None
    await api.post(f"{FIRST}/dispute", {"reason": "not my customer"})
    dispute = (await shown(api, FIRST))["dispute"]
    assert (dispute["by"], dispute["reason"]) == ("0042", "not my customer")
    assert (dispute["outcome"], dispute["decided_at"]) == (None, None)
    await api.post(f"{FIRST}/decide", {"outcome": "kept", "reason": "it was"})
    dispute = (await shown(api, FIRST))["dispute"]
    assert (dispute["outcome"], dispute["ruling"]) == ("kept", "it was")
    assert dispute["decided_by"] == "local"
    assert (await shown(api, FIRST))["effective"]


async def test_who_brought_a_dispute_forward_does_not_decide_it(
    api: FoldedApi,
) -> None:
    press(api, "press-01", 1, employee_id="0042")
    scopes = ["operate", "audit"]
    anna, bert = (
        bearer(api.tokens.create(name, scopes, None, 0)) for name in ("anna", "bert")
    )
    asked = {"reason": "not his customer", "employee_id": "0042"}
    assert (await api.post(f"{FIRST}/dispute", asked, anna)).status_code == 200
    decided = {"outcome": "voided", "reason": "seen on the plan"}
    assert (await api.post(f"{FIRST}/decide", decided, anna)).status_code == 409
    assert (await api.post(f"{FIRST}/decide", decided, bert)).status_code == 200


async def test_a_number_is_as_good_a_seed_as_its_digits(api: FoldedApi) -> None:
    for number in range(9):
        api.world.publish("d-1", element(f"press-{number:02}", session_id=f"A{number}"))
    drawn = []
    for seed in (7, "7"):
        answer = await api.post("/api/v1/samples", {"volume": 4, "seed": seed})
        drawn.append(answer.json()["outcome"]["rated"])
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 2  # ⌈0.30 · 4⌉ of the four are to be unrated sessions
