"""`evalgate inspections`."""

import json

import pytest

from gateway.cli.main import main
from tests.unit.gateway.cli.conftest import CannedApi

Captured = pytest.CaptureFixture[str]

ITEM = {
    "inspection_id": "d-1:inspection:2026-11-21",
    "device_id": "d-1",
    "site": "hall",
    "window": "w3",
    "type": "inspection",
    "plan_id": "monthly",
    "state": "overdue",
    "next_due_at": "2026-12-21T16:00:00Z",
    "presses_due": None,
    "checklist": [
        {"item": "clean", "mark": None, "proof": ""},
        {"item": "battery", "mark": "pass", "proof": "80 %"},
        {"item": "screen", "mark": "fail", "proof": "reports the fault display"},
    ],
    "known": [
        {"item": "signal", "mark": None, "proof": ""},
        {"item": "firmware", "mark": "pass", "proof": "2.1\x1b[2J"},
    ],
}
DONE = {"place": "1.6.0.0", "processed": True, "outcome": {"plans": ["p"]}}


def call(api: CannedApi, *argv: str) -> int:
    return main(["inspections", *argv, "--config", str(api.config)])


def test_a_sheet_leaves_boxes_for_what_needs_hands(
    api: CannedApi, capsys: Captured
) -> None:
    api.answers = {"GET /api/v1/inspections": (200, {"items": [ITEM]})}
    assert call(api, "sheet", "--site", "hall") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "d-1  hall w3  inspection overdue: 2026-12-21T16:00:00Z"
    assert lines[1:4] == [
        "  [ ] clean",
        "  [x] battery: 80 %",
        "  [!] screen: reports the fault display",
    ]
    assert lines[4].startswith("  known: firmware: 2.1")
    assert "\x1b" not in lines[4]


def test_where_nothing_is_asked_for_the_sheet_says_so(
    api: CannedApi, capsys: Captured
) -> None:
    api.answers = {"GET /api/v1/inspections": (200, {"items": []})}
    assert call(api, "sheet") == 0
    assert "nothing is asked for" in capsys.readouterr().out
    assert call(api, "sheet", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"items": []}


def test_what_is_due_is_listed(api: CannedApi, capsys: Captured) -> None:
    page = {"items": [ITEM], "next_cursor": None}
    api.answers = {"GET /api/v1/inspections": (200, page)}
    assert call(api, "list", "--state", "overdue") == 0
    assert "overdue" in capsys.readouterr().out


def test_a_record_is_sent_with_its_marks_and_parts(
    api: CannedApi, capsys: Captured
) -> None:
    api.answers = {"POST /api/v1/inspections": (200, DONE)}
    marks = ("--mark", "clean=pass", "every key pressed=fail", "--part", "key=2")
    assert call(api, "record", "d-1", *marks, "--result", "degraded") == 0
    ((_, body),) = api.asked
    assert body == {
        "device_id": "d-1",
        "type": "inspection",
        "checklist": {"clean": "pass", "every key pressed": "fail"},
        "parts": {"key": 2},
        "result": "degraded",
    }
    assert "done: plans" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            ("--site", "hall", "--every-days", "30", "--checklist", "clean"),
            {"scope": "site", "subject": "hall", "every_days": 30},
        ),
        (
            ("--device", "d-1", "--exempt"),
            {"scope": "device", "subject": "d-1", "enabled": False},
        ),
    ],
)
def test_a_plan_is_put_whole(
    api: CannedApi, options: tuple[str, ...], expected: dict[str, object]
) -> None:
    api.answers = {"PUT /api/v1/inspection-plans": (200, DONE)}
    assert call(api, "put", "p", *options) == 0
    ((_, body),) = api.asked
    assert body.items() >= expected.items()


def test_a_mark_without_a_value_is_told_so(api: CannedApi, capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        call(api, "record", "d-1", "--mark", "clean")
    assert "write NAME=VALUE" in capsys.readouterr().err
