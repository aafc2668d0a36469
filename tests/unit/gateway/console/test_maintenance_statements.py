"""Closed months of maintenance, sealed and signed over the API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api import bearer
from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS

PATH = "/api/v1/maintenance-statements/2026-11"
ROW = {"device_id": "d-1", "site": "hall", "model": "=1+1"}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    api.world.rules()
    sites = [{"id": "hall"}]
    api.world.act("tables_applied", {"table": "sites", "rows": sites})
    api.world.act("tables_applied", {"table": "devices", "rows": [ROW]})
    api.world.publish("d-1", {"event_id": "event-0001", "level": 5})
    yield api
    api.close()


async def sealed(api: FoldedApi) -> None:
    record = {"device_id": "d-1", "type": "repair", "parts": {"key": 2}}
    await api.post("/api/v1/inspections", record)
    api.world.clock.advance(15 * DAY_MS)
    api.world.take()
    assert (await api.post(PATH, None)).status_code == 200


async def test_a_month_is_sealed_once_when_its_days_are_summed_up(
    api: FoldedApi,
) -> None:
    assert (await api.post(PATH, None)).status_code == 409
    await sealed(api)
    assert (await api.post(PATH, None)).status_code == 409
    whole = (await api.get(PATH)).json()
    assert (whole["intact"], whole["signed"], whole["adjustments"]) == (True, True, [])
    assert (whole["work"], whole["parts"]) == ({"repair.ok": 1}, {"key": 2})
    (group,) = whole["groups"]
    assert group["group"] == {"device": "d-1", "site": "hall", "model": "=1+1"}
    assert group["sums"]["required_ms"] > 0


async def test_what_was_altered_is_seen(api: FoldedApi) -> None:
    await sealed(api)
    store = api.world.store
    store.run(
        "UPDATE maintenance_statement SET signature = replace(signature, 'a', 'b')"
    )
    assert (await api.get(PATH)).json()["signed"] is False
    store.run("UPDATE maintenance_statement SET data = replace(data, 'key', 'kez')")
    (item,) = (await api.get("/api/v1/maintenance-statements")).json()["items"]
    assert item["intact"] is False
    store.run("UPDATE maintenance_statement SET key_id = 99")
    assert (await api.get(PATH)).json()["signed"] is None


async def test_what_is_learnt_later_stands_beside_it(api: FoldedApi) -> None:
    await sealed(api)
    row = {"site": "hall", "from": "2026-11-21", "to": "2026-12-01"}
    api.world.act("tables_applied", {"table": "closures", "rows": [row]})
    whole = (await api.get(PATH)).json()
    (change,) = whole["adjustments"]
    assert change["sums"]["required_ms"] == -whole["groups"][0]["sums"]["required_ms"]
    assert whole["intact"]


async def test_it_is_a_table_and_a_page_in_which_nothing_runs(api: FoldedApi) -> None:
    await sealed(api)
    table = (await api.get(PATH, format="csv")).text.splitlines()
    assert table[0].removeprefix("\ufeff").startswith("device,site,model,firmware,")
    assert table[1].startswith("d-1,hall,'=1+1,,0.08,600000,,,100.00,")
    page = await api.get(PATH, format="html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "Work: repair (in order): 1. Parts: key: 2." in page.text
    assert "holds." in page.text
    page = await api.get(PATH, format="html", language="zh")
    assert "2026-11 维护月报" in page.text
    assert "维修" in page.text


async def test_a_token_of_a_site_seals_that_site_only(api: FoldedApi) -> None:
    api.world.clock.advance(15 * DAY_MS)
    api.world.take()
    headers = bearer(api.tokens.create("bound", ["audit"], "hall", 0))
    assert (await api.post(PATH, None, headers)).status_code == 403
    assert (await api.post(f"{PATH}?site=hall", None, headers)).status_code == 200
