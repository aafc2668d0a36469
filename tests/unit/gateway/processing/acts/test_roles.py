"""What our own roles tell: alarms that open once, and end when their cause does."""

import pytest

from tests.support.folding import FoldedLedger


@pytest.fixture
def ledger() -> FoldedLedger:
    return FoldedLedger()


def open_causes(ledger: FoldedLedger) -> list[str]:
    rows = ledger.all("SELECT cause FROM alert WHERE resolved_ms IS NULL")
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("opens", "data", "cause", "ends"),
    [
        ("take_over", {}, "take_over", "link_up"),
        ("disk_full", {"since_ms": 1}, "disk_full", "disk_freed"),
        ("settings_gate_expired", {}, "settings_gate", "gateway_started"),
        (
            "subscription_refused",
            {"refused": {"a/+": 135}},
            "subscription_refused",
            "subscription_granted",
        ),
        (
            "sink_state_changed",
            {"name": "main", "state": "open", "error": "refused"},
            "sink",
            "sink_state_changed",
        ),
    ],
)
def test_an_alarm_opens_once_and_ends_with_its_cause(
    ledger: FoldedLedger, opens: str, data: dict[str, object], cause: str, ends: str
) -> None:
    for _ in range(2):
        ledger.act(opens, data)
    assert open_causes(ledger) == [cause]
    assert ledger.one("SELECT count FROM alert") == 2
    ledger.restart()
    ledger.act(ends, {"name": "main", "state": "ok"})
    assert open_causes(ledger) == []
    assert len(ledger.events("alert.opened")) == 1
    assert len(ledger.events("alert.resolved")) == 1
    ledger.act(opens, data)
    assert open_causes(ledger) == [cause]


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("session_lost", {}, "the broker lost our session"),
        ("gap", {"expected": 3, "found": 9, "cause": "lost"}, "blocks 3 to 8"),
        ("gap", {}, "block 0 of the journal"),
        ("journal_damaged", {"first": 1, "last": 2, "kind": "x"}, "blocks 1 to 2"),
        ("subscription_refused", {"refused": {"a/+": 135}}, "{'a/+': 135}"),
    ],
)
def test_an_alarm_says_what_happened(
    ledger: FoldedLedger, name: str, data: dict[str, object], text: str
) -> None:
    ledger.act(name, data)
    assert text in ledger.one("SELECT text FROM alert")


def test_an_alarms_text_is_bounded(ledger: FoldedLedger) -> None:
    ledger.act("subscription_refused", {"refused": "x" * 100_000})
    assert len(ledger.one("SELECT text FROM alert")) == 1_000


@pytest.mark.parametrize(
    ("state", "severity"),
    [("open", "warning"), ("held", "critical"), ("disabled", "critical")],
)
def test_a_sink_that_does_not_deliver_is_shown(
    ledger: FoldedLedger, state: str, severity: str
) -> None:
    ledger.act("sink_state_changed", {"name": "main", "state": state})
    assert ledger.all("SELECT subject, severity FROM alert") == [("main", severity)]


def test_the_link_is_remembered(ledger: FoldedLedger) -> None:
    for name, linked in (("link_up", 1), ("link_down", 0)):
        ledger.act(name, {})
        ledger.restart()
        assert ledger.state.linked == linked
