"""The monthly report, as CSV and as a page."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.folded_api import FoldedApi

EVIL = '=HYPERLINK("http://x")<b>'


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    api.world.rules()
    for number, (who, level) in enumerate((("ann", 5), ("ann", 4), (EVIL, 1))):
        api.world.publish(
            "d-1",
            {
                "event_id": f"event-{number:04d}",
                "level": level,
                "session_id": f"A{number}",
                "employee_id": who,
            },
        )
    yield api
    api.close()


async def test_a_month_is_a_table_that_no_spreadsheet_runs(api: FoldedApi) -> None:
    answer = await api.get("/api/v1/reports/2026-11", by="employee")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    by_name = {row["employee"]: row for row in rows}
    assert by_name["ann"]["mean_level"] == "4.5000"
    assert by_name["ann"]["completeness"] == "100.00"
    assert f"'{EVIL}" in by_name


async def test_the_page_shows_names_as_text(api: FoldedApi) -> None:
    answer = await api.get("/api/v1/reports/2026-11", by="employee", format="html")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "&lt;b&gt;" in answer.text
    assert "<b>" not in answer.text
    assert "4.5000" in answer.text


async def test_the_page_is_printed_in_chinese_with_names(api: FoldedApi) -> None:
    rows = [{"id": "ann", "pseudonym": "安娜"}]
    api.world.act("tables_applied", {"table": "employees", "rows": rows})
    path = "/api/v1/reports/2026-11"
    text = (await api.get(path, by="employee", format="html", language="zh")).text
    assert '<td title="ann">安娜</td>' in text
    assert "2026-11 评价报表" in text
    assert "满意率" in text
    assert "satisfaction" not in text
    answer = await api.get(path, by="employee", format="html", language="tlh")
    assert answer.status_code == 422


async def test_another_month_has_no_rows(api: FoldedApi) -> None:
    answer = await api.get("/api/v1/reports/2026-10", by="site")
    assert len(answer.text.splitlines()) == 1


@pytest.mark.parametrize(
    ("month", "query", "status"),
    [
        ("2026-13", {}, 422),
        ("0000-01", {}, 404),
        ("2026-11", {"from": "2026-11-01T00:00:00Z"}, 422),
        ("2026-11", {"by": "color"}, 422),
    ],
)
async def test_what_is_no_report_is_refused(
    api: FoldedApi, month: str, query: dict[str, str], status: int
) -> None:
    answer = await api.get(f"/api/v1/reports/{month}", **query)
    assert answer.status_code == status
