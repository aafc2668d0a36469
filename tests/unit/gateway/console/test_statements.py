"""Closed months, sealed over the API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api import bearer
from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS, START_MS

PATH = "/api/v1/statements/2026-11"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    api.world.rules()
    press(api, 1, 5)
    yield api
    api.close()


def press(api: FoldedApi, number: int, level: int) -> None:
    name = f"event-{number:04d}"
    body = {"event_id": name, "level": level, "session_id": name, "employee_id": "ann"}
    api.world.publish("d-1", {**body, "occurred_at": START_MS + number})


async def test_a_month_is_sealed_once_it_is_over(api: FoldedApi) -> None:
    early = await api.post(PATH, None)
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    api.world.clock.advance(15 * DAY_MS)
    first = await api.post(PATH, None)
    assert first.status_code == 200
    assert (await api.post(PATH, None)).status_code == 409
    (item,) = (await api.get("/api/v1/statements")).json()["items"]
    assert item["digest"] == first.json()["outcome"]["digest"]
    assert (item["month"], item["intact"], item["site"]) == ("2026-11", True, None)


async def test_later_changes_stand_beside_what_was_sealed(api: FoldedApi) -> None:
    api.world.clock.advance(15 * DAY_MS)
    await api.post(PATH, None)
    press(api, 2, 4)
    whole = (await api.get(PATH)).json()
    (group,) = whole["groups"]
    assert (group["employee"], group["counts"]["customer.5"]) == ("ann", 1)
    assert "customer.4" not in group["counts"]
    (change,) = whole["adjustments"]
    assert change["counts"]["customer.4"] == 1
    assert whole["intact"]


async def test_what_is_no_month_or_was_not_sealed_is_not_found(api: FoldedApi) -> None:
    assert (await api.get(PATH)).status_code == 404
    assert (await api.post("/api/v1/statements/0000-01", None)).status_code == 422
    assert (await api.get("/api/v1/statements/2026-13")).status_code == 422


async def test_a_token_of_a_site_seals_that_site_only(api: FoldedApi) -> None:
    api.world.act(
        "registry_put", {"author": "t", "table": "sites", "rows": [{"id": "hall"}]}
    )
    api.world.clock.advance(15 * DAY_MS)
    text = api.tokens.create("bound", ["audit"], "hall", 0)
    headers = bearer(text)
    assert (await api.post(PATH, None, headers)).status_code == 403
    own = await api.post(f"{PATH}?site=hall", None, headers)
    assert own.status_code == 200
    assert (await api.post(f"{PATH}?site=annex", None, headers)).status_code == 403
