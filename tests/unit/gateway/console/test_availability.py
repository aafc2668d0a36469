"""Availability over the API: by group, as JSON and as CSV."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api import bearer
from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS

PATH = "/api/v1/availability?from=2026-11-01&to=2026-12-01"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    api.world.rules()
    rows = [
        {"device_id": "d-1", "site": "hall", "model": "=cmd()"},
        {"device_id": "d-2", "site": "annex", "model": "E5"},
    ]
    api.world.act("tables_applied", {"table": "devices", "rows": rows})
    for name in ("d-1", "d-2"):
        api.world.publish(name, {"event_id": f"event-{name}", "level": 5, "seq": 1})
    api.world.clock.advance(DAY_MS)
    api.world.take()
    yield api
    api.close()


async def test_figures_are_told_by_group(api: FoldedApi) -> None:
    answer = (await api.get(f"{PATH}&group_by=site&group_by=month")).json()
    annex, hall = answer["items"]
    assert annex["group"] == {"site": "annex", "month": "2026-11"}
    assert (hall["received"], hall["missing"]) == (1, 0)
    assert hall["completeness"] == "100.00"
    assert hall["required_ms"] > 0
    assert answer["as_of"].startswith("2026-11-22T")


async def test_a_cell_that_looks_like_a_formula_is_text(api: FoldedApi) -> None:
    answer = await api.get(f"{PATH}&group_by=model&format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    lines = answer.text.splitlines()
    assert lines[0].removeprefix("\ufeff").startswith("model,availability,mtbf_ms,")
    assert [line.split(",")[0] for line in lines[1:]] == ["'=cmd()", "E5"]


async def test_a_token_of_a_site_sees_that_site_only(api: FoldedApi) -> None:
    rows = [{"id": "hall"}]
    api.world.act("registry_put", {"author": "t", "table": "sites", "rows": rows})
    headers = bearer(api.tokens.create("bound", ["read"], "hall", 0))
    (item,) = (await api.ask("GET", PATH, headers=headers)).json()["items"]
    assert item["group"] == {"device": "d-1"}


async def test_the_least_available_are_asked_for_alone(api: FoldedApi) -> None:
    api.world.store.run(
        "UPDATE availability_day SET down_ms = CASE WHEN device_no ="
        " (SELECT no FROM device WHERE device_id = 'd-2') THEN required_ms ELSE 0 END"
    )
    (item,) = (await api.get(f"{PATH}&worst=1")).json()["items"]
    assert item["group"] == {"device": "d-2"}
    assert (await api.get(f"{PATH}&worst=0")).status_code == 422


@pytest.mark.parametrize("days", ["from=2026-12-01&to=2026-11-01", "from=2026-11-01"])
async def test_days_that_make_no_sense_are_refused(api: FoldedApi, days: str) -> None:
    assert (await api.get(f"/api/v1/availability?{days}")).status_code == 422
