"""The verbs that ask a running gateway."""

import json

import pytest

from gateway.cli.main import main
from tests.unit.gateway.cli.conftest import CannedApi

Captured = pytest.CaptureFixture[str]

SINK = {
    "name": "main",
    "kind": "influxdb",
    "addressed": 9,
    "delivered": 7,
    "owed": 2,
    "dead": 0,
    "lag_s": 1.5,
    "state": "retrying",
    "last_error": "503",
}
PIPELINE = {
    "received": 10,
    "accepted": 7,
    "duplicate": 1,
    "conflict": 0,
    "quarantined": 1,
    "ignored": 0,
    "deferred": 1,
    "journal": {"block": 5, "ordinal": 10, "bytes": 4096},
    "processed_block": 4,
    "sinks": [SINK],
}
READY = {"status": "ready", "checks": {"broker": {"ok": True, "detail": "connected"}}}
NOT_READY = {
    "status": "not_ready",
    "checks": {"deliver": {"ok": False, "detail": "role is down"}},
}
ITEM = {
    "id": 3,
    "topic": "evaluators/v1/d-1/rating",
    "device_id": "d-1",
    "reason": "schema",
    "detail": "level: [bold]x[/bold] \x1b[2J",
    "received_at": "2026-11-21T00:00:00Z",
    "payload_base64": "e30=",
    "count": 1,
    "state": "held",
}
ALERTS = {
    "items": [
        {
            "severity": "critical",
            "text": "d-1 sent \x1b[2J",
            "count": 2,
            "opened_at": "2026-11-21T00:00:00Z",
        }
    ],
    "next_cursor": None,
}
CANARIES = [
    {
        "site": site,
        "sink": sink,
        "health": health,
        "delay_ms": delay_ms,
        "arrived_at": "2026-11-21T00:00:01Z",
    }
    for site, sink, health, delay_ms in (
        ("hall", None, "ok", 12),
        ("hall", "main", "missing", None),
        ("north", None, "waiting", 15),
    )
]
DONE = {"place": "1.6.0.0", "processed": True, "outcome": {"replayed": 2}}


def call(api: CannedApi, *argv: str) -> int:
    return main([*argv, "--config", str(api.config)])


def test_status_shows_the_identity_and_what_each_sink_is_owed(
    api: CannedApi, capsys: Captured
) -> None:
    api.answers = {
        "GET /readyz": (200, READY),
        "GET /api/v1/pipeline": (200, PIPELINE),
        "GET /api/v1/alerts": (200, ALERTS),
        "GET /api/v1/canaries": (200, {"items": CANARIES}),
    }
    assert call(api, "status") == 0
    out = capsys.readouterr().out
    assert "received 10 = 7 accepted + 1 duplicate + 0 conflict" in out
    assert "block 4, 1 to process" in out
    assert "retrying" in out
    slowest = "the slowest 15 ms (north, 2026-11-21T00:00:01Z)"
    assert f"canaries to the journal: 2 of 2 sites in time, {slowest}" in out
    assert "canaries to main: 0 of 1 sites in time, none yet" in out
    assert "critical: d-1 sent \ufffd[2J (2 times), since 2026-11-21T00:00:00Z" in out


def test_status_shows_counts_that_do_not_agree(
    api: CannedApi, capsys: Captured
) -> None:
    api.answers = {
        "GET /readyz": (200, READY),
        "GET /api/v1/pipeline": (200, {**PIPELINE, "accepted": 6}),
        "GET /api/v1/alerts": (200, ALERTS),
        "GET /api/v1/canaries": (200, {"items": CANARIES}),
    }
    call(api, "status")
    assert "received 10 ≠ 6 accepted" in capsys.readouterr().out


def test_status_for_programs_is_the_apis_body(api: CannedApi, capsys: Captured) -> None:
    api.answers = {
        "GET /readyz": (503, NOT_READY),
        "GET /api/v1/pipeline": (200, PIPELINE),
    }
    assert call(api, "status", "--json") == 1, "not ready"
    assert json.loads(capsys.readouterr().out) == PIPELINE


def test_status_says_what_is_not_ready(api: CannedApi, capsys: Captured) -> None:
    api.answers = {
        "GET /readyz": (503, NOT_READY),
        "GET /api/v1/pipeline": (200, PIPELINE),
        "GET /api/v1/alerts": (200, ALERTS),
        "GET /api/v1/canaries": (200, {"items": CANARIES}),
    }
    assert call(api, "status") == 1
    assert capsys.readouterr().out.startswith("not ready\n  deliver: role is down\n")


def test_a_gateway_that_does_not_run_is_one_line(
    api: CannedApi, capsys: Captured
) -> None:
    api.config.write_text(
        '[broker]\nurl = "mqtt://h"\n[console]\nlisten = "127.0.0.1:1"\n'
    )
    assert call(api, "status") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("evalgate: no gateway answers at http://127.0.0.1:1: is it")
    api.config.write_text('[broker]\nurl = "mqtt://h"\n[console]\nlisten = ""\n')
    assert call(api, "status") == 1
    assert "[console] listen names no port" in capsys.readouterr().err


def test_a_list_passes_its_filters_on_and_offers_the_next_page(
    api: CannedApi, capsys: Captured
) -> None:
    page = {"items": [ITEM], "next_cursor": "abc"}
    api.answers = {"GET /api/v1/quarantine": (200, page)}
    assert call(api, "quarantine", "list", "--reason", "schema", "--limit", "5") == 0
    assert api.asked == [("GET /api/v1/quarantine?limit=5&reason=schema", None)]
    out = capsys.readouterr().out
    assert "more: --cursor abc" in out
    assert call(api, "quarantine", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == page


def test_a_terminals_words_reach_the_screen_as_text(
    api: CannedApi, capsys: Captured
) -> None:
    page = {"items": [ITEM], "next_cursor": None}
    api.answers = {
        "GET /api/v1/quarantine": (200, page),
        "GET /api/v1/quarantine/3": (200, ITEM),
    }
    for command in (["list"], ["show", "3"]):
        call(api, "quarantine", *command)
        out = capsys.readouterr().out
        assert "[bold]x[/bold] \ufffd[2J" in out
        assert "\x1b" not in out


@pytest.mark.parametrize(
    ("argv", "path", "body"),
    [
        ("quarantine replay --id 3 4", "quarantine/replay", {"ids": [3, 4]}),
        ("quarantine purge --reason schema", "quarantine/purge", {"reason": "schema"}),
        ("deadletters replay --sink main", "deadletters/replay", {"sink": "main"}),
        ("deadletters purge --id 9", "deadletters/purge", {"ids": [9]}),
        ("devices approve d-1 --site s", "devices/d-1/approve", {"site": "s"}),
        ("devices refuse d/1", "devices/d%2F1/refuse", {}),
        ("sinks enable main", "sinks/main/enable", {}),
        ("alerts confirm 7 --reason seen", "alerts/7/confirm", {"reason": "seen"}),
        ("alerts resolve 7", "alerts/7/resolve", {}),
        (
            "alerts snooze 7 --until 2026-11-24T08:00Z",
            "alerts/7/snooze",
            {"until": "2026-11-24T08:00Z"},
        ),
        (
            "sinks replay main --from 2026-11-20T00:00Z --to 2026-11-21T00:00Z",
            "sinks/main/replay",
            {"from": "2026-11-20T00:00Z", "to": "2026-11-21T00:00Z"},
        ),
    ],
)
def test_an_act_is_posted_and_its_outcome_told(
    api: CannedApi, capsys: Captured, argv: str, path: str, body: dict[str, object]
) -> None:
    api.answers = {f"POST /api/v1/{path}": (200, DONE)}
    assert call(api, *argv.split()) == 0
    assert api.asked == [(f"POST /api/v1/{path}", body)]
    assert capsys.readouterr().out == "done: replayed 2\n"


def test_an_act_that_waits_for_the_processor_says_where_it_stands(
    api: CannedApi, capsys: Captured
) -> None:
    waiting = {"place": "1.6.0.0", "processed": False, "outcome": {}}
    api.answers = {"POST /api/v1/devices/d-1/retire": (202, waiting)}
    assert call(api, "devices", "retire", "d-1") == 0
    assert capsys.readouterr().out == "recorded at 1.6.0.0, not processed yet\n"


@pytest.mark.parametrize("status", [404, 503])
def test_the_apis_problem_is_the_line_that_is_shown(
    api: CannedApi, capsys: Captured, status: int
) -> None:
    problem = {"code": "x", "detail": "There is no device d-9."}
    api.answers = {"GET /api/v1/devices/d-9": (status, problem)}
    assert call(api, "devices", "show", "d-9") == 1
    assert capsys.readouterr().err == "evalgate: There is no device d-9.\n"


def test_another_program_on_the_port_is_told_apart(
    api: CannedApi, capsys: Captured
) -> None:
    api.answers = {"GET /readyz": (200, b"<html>")}
    assert call(api, "status") == 1
    assert "is not this gateway's API" in capsys.readouterr().err


def test_a_payload_is_shown_as_text_and_to_programs_as_it_came(
    api: CannedApi, capsys: Captured
) -> None:
    raw = {**ITEM, "payload_base64": "eyJ2IjogMX3/"}
    api.answers = {"GET /api/v1/quarantine/3": (200, raw)}
    assert call(api, "quarantine", "show", "3") == 0
    assert '{"v": 1}\\xff' in capsys.readouterr().out
    assert call(api, "quarantine", "show", "3", "--json") == 0
    assert json.loads(capsys.readouterr().out) == raw


def test_dead_letters_are_listed_and_shown(api: CannedApi, capsys: Captured) -> None:
    letter = {
        "id": 1,
        "sink": "main",
        "type": "rating.recorded",
        "subject": "d-1:e",
        "refused_at": "2026-11-21T00:00:00Z",
        "status": 400,
        "answer": "partial write",
        "state": "dead",
    }
    page = {"items": [letter], "next_cursor": None}
    api.answers = {"GET /api/v1/deadletters": (200, page)}
    assert call(api, "deadletters", "list") == 0
    assert "partial write" in capsys.readouterr().out
    whole = {**letter, "content": {"level": 5}}
    api.answers = {"GET /api/v1/deadletters/1": (200, whole)}
    assert call(api, "deadletters", "show", "1") == 0
    assert '{"level": 5}' in capsys.readouterr().out


def test_an_alert_is_shown_with_its_history(api: CannedApi, capsys: Captured) -> None:
    opened = {"at": "2026-11-21T12:00:00Z", "what": "opened", "by": None, "text": None}
    seen = {**opened, "what": "confirmed", "by": "anna", "text": "on my way"}
    alert = {"id": 7, "cause": "gap", "history": [opened, seen]}
    api.answers = {"GET /api/v1/alerts/7": (200, alert)}
    assert call(api, "alerts", "show", "7") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == [
        "2026-11-21T12:00:00Z  opened",
        "2026-11-21T12:00:00Z  confirmed by anna: on my way",
    ]
