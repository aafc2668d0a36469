"""`evalgate visits` and `evalgate availability`."""

import pytest

from gateway.cli.main import main
from tests.unit.gateway.cli.conftest import CannedApi

Captured = pytest.CaptureFixture[str]

NEED = {"why": "fault", "cause": "display", "by": "…", "text": "reports \x1b[2J"}
VISIT = {
    "site": "hall",
    "by": "2026-11-22T12:00:00Z",
    "overdue": True,
    "stops": [{"device_id": "d-1", "needs": [NEED], "parts": ["display"]}],
    "parts": {"display": 1},
}


def test_a_visit_says_what_to_bring_and_what_to_do(
    api: CannedApi, capsys: Captured
) -> None:
    api.answers = {"GET /api/v1/visits": (200, {"items": [VISIT]})}
    assert main(["visits", "plan", "--config", str(api.config)]) == 0
    assert capsys.readouterr().out.splitlines()[:3] == [
        "hall  by 2026-11-22T12:00:00Z (overdue)",
        "  bring: 1 display",
        "  d-1  fault: display, reports �[2J",
    ]


def test_nothing_summed_up_is_said(api: CannedApi, capsys: Captured) -> None:
    api.answers = {"GET /api/v1/availability": (200, {"items": []})}
    argv = ["availability", "--by", "site", "month", "--config", str(api.config)]
    assert main(argv) == 0
    assert "no day that is over" in capsys.readouterr().out
