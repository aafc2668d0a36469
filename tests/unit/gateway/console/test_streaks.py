"""Who was below a level for months in a row, over the API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS, START_MS

PATH = "/api/v1/streaks"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    """Three months: one employee is below 80 in all of them, one in two."""
    api = FoldedApi(tmp_path)
    api.world.rules()
    months = {"=ann": (2, 3, 2), "bob": (2, 5, 2)}
    for month in range(3):
        for who, levels in months.items():
            name = f"event-{month}-{who.strip('=')}"
            body = {"event_id": name, "level": levels[month], "session_id": name}
            at_ms = START_MS + month * 30 * DAY_MS
            api.world.publish("d-1", {**body, "employee_id": who, "occurred_at": at_ms})
        api.world.clock.advance(30 * DAY_MS)
    yield api
    api.close()


async def test_who_was_below_for_so_many_months_in_a_row(api: FoldedApi) -> None:
    found = await api.get(PATH, below="80", by="employee", months=3)
    assert found.json()["items"] == [
        {
            "who": "=ann",
            "months": ["2026-11", "2026-12", "2027-01"],
            "values": ["0.00", "0.00", "0.00"],
        }
    ]
    shorter = (await api.get(PATH, below="80", by="employee", months=1)).json()
    assert [one["who"] for one in shorter["items"]] == ["=ann", "bob", "bob"]


async def test_the_table_runs_no_formula(api: FoldedApi) -> None:
    found = await api.get(PATH, below="80", by="employee", format="csv")
    assert found.headers["content-type"].startswith("text/csv")
    _, row = found.text.splitlines()
    assert row == "'=ann,2026-11,2027-01,3,0.00,0.00,0.00 0.00 0.00"


@pytest.mark.parametrize("figure", ["n", "unheard_of", "min_n_met"])
async def test_what_is_no_figure_is_refused(api: FoldedApi, figure: str) -> None:
    found = await api.get(PATH, below="80", figure=figure, by="employee")
    assert found.status_code == 422
    assert "is no figure" in found.json()["detail"]
