"""`explain`: topics with their lines, each line with its rule and key."""

import json

import pytest

from gateway.cli.main import main
from tests.unit.gateway.cli.conftest import CannedApi

Captured = pytest.CaptureFixture[str]


def line(topic: str, text: str, key: str | None = None, value: object = None) -> object:
    rule = "The life of a session"
    return {"topic": topic, "text": text, "rule": rule, "key": key, "value": value}


BODY = {
    "rating_id": "dev-1:E0000001",
    "session_key": "hall:A12:0:1",
    "state": "amended",
    "ratings": [{"rating_id": "dev-1:E0000001", "effective": False}],
    "lines": [
        line("answer", "dev-1:E0000001: level 2"),
        line("answer", "amended by dev-1:E0000002", "amend_window_days", 5),
        line("flag", "too_fast keeps it out", "excluding_flags"),
        line("answer", "a default", "default_enabled", value=True),
    ],
}
RATING = "GET /api/v1/ratings/dev-1:E0000001/explanation"


def test_lines_stand_below_their_topics_with_rule_and_key(
    api: CannedApi, capsys: Captured
) -> None:
    api.answers = {RATING: (200, BODY)}
    assert main(["explain", "dev-1:E0000001", "--config", str(api.config)]) == 0
    life = "The life of a session"
    assert capsys.readouterr().out.splitlines() == [
        "dev-1:E0000001: not in effect, session hall:A12:0:1: amended",
        "answer:",
        f"    dev-1:E0000001: level 2  [{life}]",
        f"    amended by dev-1:E0000002  [{life}; amend_window_days = 5]",
        f"        too_fast keeps it out  [{life}; excluding_flags]",
        f"    a default  [{life}; default_enabled = true]",
    ]


def test_a_session_is_asked_for_by_its_key(api: CannedApi, capsys: Captured) -> None:
    path = "GET /api/v1/sessions/hall:A12:0:1/explanation"
    api.answers = {path: (200, BODY | {"rating_id": None})}
    words = ["explain", "session", "hall:A12:0:1", "--json"]
    assert main([*words, "--config", str(api.config)]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "amended"


@pytest.mark.parametrize("words", [["session"], ["dev-1:E0000001", "more"]])
def test_other_words_are_answered_with_what_to_say(
    api: CannedApi, capsys: Captured, words: list[str]
) -> None:
    assert main(["explain", *words, "--config", str(api.config)]) == 1
    expected = "say `explain RATING_ID` or `explain session KEY`"
    assert expected in capsys.readouterr().err
