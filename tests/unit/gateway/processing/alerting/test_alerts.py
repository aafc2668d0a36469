"""An alert's life through the fold: who does what, and whom it is told to."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from gateway.events.registry import NOTICE
from gateway.ports import Event
from gateway.processing.alerting.alerts import TEXT_CHARS_MAX
from tests.support.folding import SECOND_MS, FoldedLedger, snapshot
from tests.support.rated import at

MINUTE_MS: Final = 60 * SECOND_MS
HOUR_MS: Final = 60 * MINUTE_MS
DEVICE: Final = "eval-0001"
SITES: Final = [
    {"id": "north", "time_zone": "Asia/Shanghai"},
    {"id": "hall", "parent": "north"},
    {"id": "south", "time_zone": "Asia/Shanghai"},
]


class Gateway:
    """A gateway whose sink goes away and comes back as a test wants."""

    def __init__(self) -> None:
        self.ledger = FoldedLedger()
        self.ledger.rules()
        self.ledger.act("tables_applied", {"table": "sites", "rows": SITES})
        row = {"device_id": DEVICE, "site": "hall"}
        self.ledger.act("tables_applied", {"table": "devices", "rows": [row]})
        self.until("2026-11-23 10:00")

    def until(self, text: str) -> None:
        self.ledger.clock.advance(at(text) - self.ledger.clock.wall_ms())
        self.ledger.take()

    def wait(self, minutes: int) -> None:
        """Let time pass, a tick a minute."""
        for _ in range(minutes):
            self.ledger.clock.advance(MINUTE_MS)
            self.ledger.take()

    def tell(
        self, *recipients: Mapping[str, object], cooldown_minutes: int = 10
    ) -> None:
        people = [{"channel": "email", **one} for one in recipients]
        alerting = {"cooldown_minutes": cooldown_minutes, "recipients": people}
        assert self.ledger.settle("alerting_applied", {"alerting": alerting}) == {
            "recipients": len(people)
        }

    def sink(self, state: str, name: str = "main") -> None:
        news = {"name": name, "state": state, "error": "gone"}
        self.ledger.act("sink_state_changed", news)

    def device(self, **fields: object) -> None:
        """A self-test of the device."""
        item = {"code": "audio", "result": "pass", **fields}
        body = {"v": 1, "event_id": f"selftest-{self.ledger.clock.wall_ms()}"}
        body |= {"trigger": "boot", "items": [item]}
        self.ledger.publish_to(DEVICE, "selftest", body)

    def do(self, name: str, **fields: object) -> dict[str, Any]:
        return self.ledger.settle(name, {"author": "anna", **fields})

    def alerts(self) -> list[tuple[int, str, str]]:
        return self.ledger.all("SELECT id, cause, state FROM alert ORDER BY id")

    def history(self, alert_id: int = 1) -> list[tuple[str, str | None]]:
        return self.ledger.all(
            "SELECT what, author FROM alert_change WHERE alert_id = ? ORDER BY no",
            alert_id,
        )

    def notices(self) -> list[tuple[str, str, list[int]]]:
        """(recipient, kind, alerts) of each notice."""
        told = [(e.partition, json.loads(e.data)) for e in self.ledger.events(NOTICE)]
        return [
            (one, data["notice"], [alert["alert_id"] for alert in data["alerts"]])
            for one, data in told
        ]

    def events(self, name: str) -> list[Event]:
        return self.ledger.events(f"alert.{name}")


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


def test_what_comes_back_within_the_cooldown_is_the_same_alert(
    gateway: Gateway,
) -> None:
    gateway.tell({"name": "anna"})
    for _ in range(3):
        gateway.sink("open")
        gateway.sink("ok")
        gateway.wait(5)
    gateway.sink("open")
    assert gateway.alerts() == [(1, "sink", "open")]
    assert gateway.notices() == [("anna", "opened", [1])]
    opened = [json.loads(event.data) for event in gateway.events("opened")]
    assert [one.get("reopened", False) for one in opened] == [False, True, True, True]
    assert [event.version for event in gateway.events("opened")] == [1, 2, 3, 4]


def test_what_comes_back_later_is_a_new_alert(gateway: Gateway) -> None:
    gateway.tell({"name": "anna"})
    gateway.sink("open")
    gateway.sink("ok")
    gateway.wait(11)
    gateway.sink("open")
    assert gateway.alerts() == [(1, "sink", "resolved"), (2, "sink", "open")]
    assert gateway.notices() == [
        ("anna", "opened", [1]),
        ("anna", "resolved", [1]),
        ("anna", "opened", [2]),
    ]


def test_what_was_confirmed_is_confirmed_still_when_it_comes_back(
    gateway: Gateway,
) -> None:
    gateway.sink("open")
    gateway.do("alert_confirmed", alert_id=1, reason="on my way")
    gateway.sink("ok")
    gateway.sink("open")
    assert gateway.alerts() == [(1, "sink", "confirmed")]
    assert gateway.history() == [
        ("opened", None),
        ("confirmed", "anna"),
        ("resolved", None),
        ("reopened", None),
    ]
    (confirmed,) = gateway.events("confirmed")
    assert json.loads(confirmed.data)["by"] == "anna"


def test_it_escalates_while_nobody_confirms_it(gateway: Gateway) -> None:
    gateway.tell(
        {"name": "anna"},
        {"name": "boss", "after_minutes": 30},
        {"name": "chief", "after_minutes": 60},
    )
    gateway.sink("open")
    gateway.wait(29)
    assert gateway.notices() == [("anna", "opened", [1])]
    gateway.wait(2)
    assert gateway.notices()[1:] == [("boss", "escalated", [1])]
    (escalated,) = gateway.events("escalated")
    data = json.loads(escalated.data)
    assert (data["recipients"], data["after_minutes"]) == (["boss"], 30)
    gateway.do("alert_confirmed", alert_id=1)
    gateway.wait(60)
    assert len(gateway.notices()) == 2
    assert ("escalated", None) in gateway.history()


def test_a_snooze_ends_by_itself_and_tells_anew(gateway: Gateway) -> None:
    gateway.tell({"name": "anna"})
    gateway.sink("open")
    until_ms = gateway.ledger.clock.wall_ms() + HOUR_MS
    gateway.do("alert_snoozed", alert_id=1, until_ms=until_ms)
    gateway.wait(59)
    assert gateway.alerts() == [(1, "sink", "snoozed")]
    gateway.wait(2)
    assert gateway.alerts() == [(1, "sink", "open")]
    assert [kind for _, kind, _ in gateway.notices()] == ["opened", "opened"]


def test_region_cause_severity_and_hours_choose_who_is_told(gateway: Gateway) -> None:
    gateway.tell(
        {"name": "north", "sites": ["north"]},
        {"name": "south", "sites": ["south"]},
        {"name": "sinks", "causes": ["sink"]},
        {"name": "critical", "severity_min": "critical"},
        {"name": "night", "hours": "mon-fri 18:00-23:00"},
    )
    gateway.sink("open")  # a warning about no site
    assert [one for one, _, _ in gateway.notices()] == ["sinks"]
    gateway.device(result="fail")
    assert sorted(one for one, _, _ in gateway.notices()[1:]) == ["critical", "north"]
    gateway.until("2026-11-23 18:00")
    assert [one for one, _, _ in gateway.notices()[3:]] == ["night", "night"]


def test_many_alerts_are_told_together(gateway: Gateway) -> None:
    gateway.tell({"name": "anna", "digest_above": 2, "digest_minutes": 10})
    for number in range(60):
        gateway.sink("open", f"sink-{number}")
    gateway.sink("ok", "sink-2")
    gateway.wait(11)
    kinds = [kind for _, kind, _ in gateway.notices()]
    assert kinds == ["opened", "opened", "digest"]
    digest = json.loads(gateway.ledger.events(NOTICE)[-1].data)
    assert (len(digest["alerts"]), digest["more"]) == (50, 7)
    for number in range(60):
        gateway.sink("ok", f"sink-{number}")
    gateway.wait(12)
    assert [kind for _, kind, _ in gateway.notices()][3:] == ["resolved"]


def test_in_a_maintenance_window_nobody_is_told_until_it_ends(gateway: Gateway) -> None:
    meant = {"causes": ["selftest"]}
    gateway.tell(
        {"name": "anna", **meant}, {"name": "boss", "after_minutes": 30, **meant}
    )
    until_ms = gateway.ledger.clock.wall_ms() + HOUR_MS
    opened = gateway.do("maintenance_window_opened", site="north", until_ms=until_ms)
    assert opened["id"] == 1
    gateway.device(result="fail")
    gateway.wait(59)
    assert (1, "selftest", "open") in gateway.alerts()
    assert gateway.notices() == []
    gateway.wait(2)
    assert gateway.notices() == [("anna", "opened", [1])]
    gateway.wait(28)  # patience counts from the end of the window
    assert len(gateway.notices()) == 1
    gateway.wait(3)
    assert gateway.notices()[1:] == [("boss", "escalated", [1])]


def test_a_window_that_is_ended_tells_at_once(gateway: Gateway) -> None:
    gateway.tell({"name": "anna"})
    until_ms = gateway.ledger.clock.wall_ms() + HOUR_MS
    fields = {"device_id": DEVICE, "until_ms": until_ms}
    gateway.do("maintenance_window_opened", **fields)
    gateway.device(result="fail")
    gateway.sink("open")  # of no device: not meant
    assert gateway.notices() == [("anna", "opened", [2])]
    gateway.do("maintenance_window_ended", window_id=1)
    assert gateway.notices()[1:] == [("anna", "opened", [1])]
    ended = gateway.do("maintenance_window_ended", window_id=1)
    assert ended["error"] == "conflict"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"site": "north", "device_id": DEVICE}, "invalid"),
        ({}, "invalid"),
        ({"site": "nowhere"}, "not_found"),
        ({"device_id": "ghost"}, "not_found"),
        ({"site": "north", "hours": 9}, "invalid"),
        ({"site": "north", "hours": -1}, "invalid"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(
    gateway: Gateway, fields: dict[str, Any], error: str
) -> None:
    hours = fields.pop("hours", 1)
    until_ms = gateway.ledger.clock.wall_ms() + hours * HOUR_MS
    outcome = gateway.do("maintenance_window_opened", until_ms=until_ms, **fields)
    assert outcome["error"] == error


def test_during_a_closure_nobody_is_told(gateway: Gateway) -> None:
    gateway.tell({"name": "anna"})
    closure = {"site": "north", "from": "2026-11-23T09:00:00+08:00"}
    closure |= {"to": "2026-11-23T12:00:00+08:00", "reason": "power cut"}
    gateway.ledger.act("tables_applied", {"table": "closures", "rows": [closure]})
    gateway.device(result="fail")
    assert gateway.notices() == []
    gateway.until("2026-11-23 12:00")
    assert gateway.notices() == [("anna", "opened", [1])]


def test_a_device_in_maintenance_tells_nobody(gateway: Gateway) -> None:
    gateway.tell({"name": "anna", "causes": ["selftest"]})
    gateway.do("device_maintenance", device_id=DEVICE)
    gateway.device(result="fail")
    gateway.wait(20)
    assert gateway.notices() == []
    gateway.do("device_approved", device_id=DEVICE)
    gateway.wait(15)
    assert gateway.notices() == [("anna", "opened", [1])]


def test_a_person_resolves_what_has_happened_and_not_what_stands(
    gateway: Gateway,
) -> None:
    gateway.ledger.act("gap", {"expected": 3, "found": 5})
    gateway.sink("open")
    outcome = gateway.do("alert_resolved", alert_id=1, reason="old disk put back")
    assert outcome == {"alert_id": 1, "state": "resolved"}
    refused = gateway.do("alert_resolved", alert_id=2)
    assert refused["error"] == "conflict"
    assert "by itself" in refused["detail"]
    (resolved,) = gateway.events("resolved")
    assert json.loads(resolved.data)["by"] == "anna"
    gateway.ledger.act("gap", {"expected": 6, "found": 7})  # another one, at once
    assert gateway.alerts()[2:] == [(3, "gap", "open")]


def test_twins_part_after_a_day_on_which_one_was_silent(gateway: Gateway) -> None:
    for _ in range(2):
        for boot in ("a", "b", "a"):
            body = {"v": 1, "boot_id": boot}
            gateway.ledger.publish_to(DEVICE, "heartbeat", body)
    assert gateway.alerts() == [(1, "duplicate_identity", "open")]
    gateway.wait(24 * 60 + 1)
    assert (1, "duplicate_identity", "open") in gateway.alerts()  # not yet a whole day
    gateway.wait(24 * 60)
    assert (1, "duplicate_identity", "resolved") in gateway.alerts()


def test_who_was_told_survives_a_restart_and_any_cut_into_blocks(
    gateway: Gateway,
) -> None:
    gateway.tell(
        {"name": "anna", "digest_above": 1}, {"name": "boss", "after_minutes": 30}
    )
    gateway.sink("open")
    gateway.ledger.restart()
    gateway.sink("open", "other")
    gateway.wait(35)
    gateway.ledger.restart()
    gateway.sink("ok")
    gateway.wait(15)
    assert [one for one, _, _ in gateway.notices()].count("anna") == 3
    expected = snapshot(gateway.ledger.store)
    for blocks in (1, 7, 1_000):
        assert snapshot(gateway.ledger.refolded(blocks).store) == expected


def test_hours_that_cannot_be_read_change_nothing(gateway: Gateway) -> None:
    gateway.tell({"name": "anna"})
    people = [{"name": "boss", "channel": "email", "hours": "late"}]
    outcome = gateway.ledger.settle(
        "alerting_applied", {"alerting": {"recipients": people}}
    )
    assert outcome["error"] == "invalid"
    gateway.sink("open")
    assert [one for one, _, _ in gateway.notices()] == ["anna"]


def test_a_text_without_end_is_cut(gateway: Gateway) -> None:
    news = {"name": "main", "state": "open", "error": "x" * 5_000}
    gateway.ledger.act("sink_state_changed", news)
    assert len(gateway.ledger.one("SELECT text FROM alert")) == TEXT_CHARS_MAX
