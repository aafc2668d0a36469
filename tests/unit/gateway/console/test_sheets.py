"""CSV of the organisation's tables: out, and in again."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fleet.tables import COLUMNS
from tests.support.folded_api import FoldedApi

SHEETS = {
    "sites": "id,name,parent,time_zone,hours,calendar\r\n"
    'hall,"大厅, ""东""",,Asia/Shanghai,"09:00-12:00,13:30-17:00",china\r\n',
    "departments": "id,name,site\r\nd1,部,hall\r\n",
    "windows": "id,name,site,department\r\nw1,一,hall,d1\r\n",
    "employees": "id,pseudonym,valid_from,valid_to\r\n007,阿,2026-01-01,\r\n",
    "bindings": "device_id,window,employee,from,to\r\n"
    "dev-1,w1,007,2026-11-01T00:00:00Z,2026-12-01T00:00:00Z\r\n",
    "closures": "site,from,to,reason\r\nhall,2026-11-23,2026-11-24,停电\r\n",
}


@pytest.fixture
def folded(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    yield api
    api.close()


async def taken(
    api: FoldedApi, table: str, text: str, **params: object
) -> httpx.Response:
    return await api.ask(
        "POST", f"/api/v1/{table}/import", content=text.encode(), params=params
    )


@pytest.mark.parametrize("table", SHEETS)
async def test_what_was_exported_is_taken_again_and_changes_nothing(
    folded: FoldedApi, table: str
) -> None:
    before = folded.world.state.block
    foreseen = (
        await taken(folded, table, "\ufeff" + SHEETS[table], dry_run="true")
    ).json()
    assert (foreseen["created"], foreseen["errors"]) == (1, [])
    assert folded.world.state.block == before
    done = (await taken(folded, table, "\ufeff" + SHEETS[table])).json()
    assert (done["created"], done["refused"]) == (1, 0)
    out = await folded.get(f"/api/v1/{table}/export")
    assert out.text == SHEETS[table]
    assert out.text.splitlines()[0] == ",".join(COLUMNS[table])
    again = (await taken(folded, table, out.text)).json()
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, 1)
    assert again["place"] is None


async def test_a_row_that_cannot_be_is_told_by_its_line_and_the_others_stand(
    folded: FoldedApi,
) -> None:
    rows = ("hall,,", "bad,,25:00-26:00", "hall,,", ",,", "a,b,", "b,a,", "wing,hall,")
    text = "\n".join(("id,parent,hours", *rows))
    foreseen = (await taken(folded, "sites", text, dry_run="true")).json()
    done = (await taken(folded, "sites", text)).json()
    assert [error["line"] for error in done["errors"]] == [3, 4, 5, 6, 7]
    assert {**foreseen, "dry_run": False, "place": done["place"]} == done
    assert done["created"] == 2
    assert (await taken(folded, "sites", "name\nx\n")).status_code == 422


async def test_a_site_does_not_lift_those_below_it_over_eight_levels(
    folded: FoldedApi,
) -> None:
    chain = [{"id": f"s{n}", "parent": f"s{n - 1}" if n else None} for n in range(8)]
    path = "/api/v1/sites"
    assert (await folded.ask("PUT", path, json=chain)).status_code == 200
    top = [{"id": "top"}, {"id": "s0", "parent": "top"}]
    refused = await folded.ask("PUT", path, json=top)
    assert refused.status_code == 422
    assert "levels deep" in refused.json()["detail"]
    done = (await taken(folded, "sites", "id,parent\ntop,\ns0,top\n")).json()
    assert (done["created"], done["errors"][0]["line"]) == (1, 3)


async def test_hours_that_cannot_be_read_are_refused(folded: FoldedApi) -> None:
    site = {"id": "hall", "hours": "nine to five"}
    answer = await folded.ask("PUT", "/api/v1/sites", json=site)
    assert answer.status_code == 422
    assert "write mon, tue" in answer.json()["detail"]
