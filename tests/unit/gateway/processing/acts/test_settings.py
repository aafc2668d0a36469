"""Settings are records: in force from their place on, the same after a restart."""

from typing import Any

import msgspec
import pytest

from gateway.rules import Rules
from tests.support.folding import FoldedLedger, act, element, message


@pytest.fixture
def ledger() -> FoldedLedger:
    return FoldedLedger()


def test_rules_are_in_force_from_their_place_on(ledger: FoldedLedger) -> None:
    approve = {"rules": {"unknown_devices": "approve"}}
    ledger.take(
        message("eval-0001", element("event-0001")),
        act("rules_applied", approve),
        message("eval-0002", element("event-0001")),
    )
    assert ledger.fates() == {"accepted": 1, "quarantined:unknown_device": 1}
    ledger.restart()
    assert ledger.state.rules == Rules(unknown_devices="approve")


@pytest.mark.parametrize(
    "rules",
    [
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "Asia"},
        {"time_zone": "../etc"},
        {"event_age_days_max": 0},
        {"event_age_days_max": 10**9},
        {"amend_window_days": -1},
        {"response_interval_s": -1},
        {"multi_press": "both"},
        {"session_mode": "maybe"},
        {"score_map": {"5": "high"}},
        5,
        None,
    ],
)
def test_rules_that_cannot_be_are_not_put_in_force(
    ledger: FoldedLedger, rules: object
) -> None:
    before = ledger.state.rules
    assert ledger.settle("rules_applied", {"rules": rules})["error"] == "invalid"
    assert ledger.state.rules == before
    assert ledger.one("SELECT count(*) FROM setting") == 0


def test_the_settings_digest_is_confirmed(ledger: FoldedLedger) -> None:
    ledger.act("gateway_started", {"version": "1", "settings_digest": "abc"})
    ledger.restart()
    assert ledger.state.settings_digest == "abc"


def test_a_setting_without_rules_yet_is_kept(ledger: FoldedLedger) -> None:
    ledger.act("calendar_applied", {"calendar": {"a": [1]}})
    text = ledger.one("SELECT value FROM setting WHERE name = 'calendar'")
    assert msgspec.json.decode(text) == {"a": [1]}


class TestTables:
    def apply(
        self, ledger: FoldedLedger, table: str, *rows: dict[str, Any], **more: object
    ) -> dict[str, Any]:
        data = {"table": table, "rows": rows, "digest": "d1", **more}
        return ledger.settle("tables_applied", data)

    def test_a_device_appears_with_its_facts(self, ledger: FoldedLedger) -> None:
        row = {"device_id": "eval-0001", "site": "hall", "model": "M2", "window": "w1"}
        assert self.apply(ledger, "devices", row) == {"rows": 1}
        found = ledger.all(
            "SELECT device_id, lifecycle, site, window, model FROM device"
        )
        assert found == [("eval-0001", "active", "hall", "w1", "M2")]

    def test_what_a_row_leaves_out_stays(self, ledger: FoldedLedger) -> None:
        row = {"device_id": "eval-0001", "site": "hall", "model": "M2"}
        self.apply(ledger, "devices", row)
        self.apply(ledger, "devices", {"device_id": "eval-0001", "site": "annex"})
        assert ledger.all("SELECT site, model FROM device") == [("annex", "M2")]

    def test_bad_rows_are_told_and_do_not_spoil_their_neighbours(
        self, ledger: FoldedLedger
    ) -> None:
        rows = [
            {"device_id": "eval-0001"},
            {"device_id": "a b"},
            {"device_id": "eval-0002", "lifecycle": "asleep"},
            {},
        ]
        outcome = self.apply(ledger, "devices", *rows)
        assert (outcome["rows"], outcome["refused"]) == (1, 3)
        assert [error["row"] for error in outcome["errors"]] == [1, 2, 3]
        assert ledger.all("SELECT device_id FROM device") == [("eval-0001",)]

    @pytest.mark.parametrize("rows", [[{"device_id": 5}], [None], "x", [["a"]]])
    def test_what_are_no_rows_changes_nothing(
        self, ledger: FoldedLedger, rows: object
    ) -> None:
        data = {"table": "devices", "rows": rows}
        assert ledger.settle("tables_applied", data)["error"] == "invalid"

    def test_an_unknown_table_has_no_rows(self, ledger: FoldedLedger) -> None:
        outcome = self.apply(ledger, "chairs", {"id": "1"})
        assert outcome["errors"][0]["detail"] == "no table 'chairs'"

    def test_a_table_in_parts_is_confirmed_by_its_last(
        self, ledger: FoldedLedger
    ) -> None:
        self.apply(ledger, "sites", {"id": "a"}, last=False)
        assert ledger.state.books.setting("table:sites") is None
        self.apply(ledger, "sites", {"id": "b"})
        assert ledger.state.books.setting("table:sites") == "d1"
        assert list(ledger.state.devices.registry("sites")) == ["a", "b"]

    def test_a_changed_window_moves_its_devices_ratings(
        self, ledger: FoldedLedger
    ) -> None:
        self.apply(ledger, "devices", {"device_id": "eval-0001", "window": "w1"})
        for number, department in enumerate(("tax", "law")):
            self.apply(ledger, "windows", {"id": "w1", "department": department})
            ledger.take(message("eval-0001", element(f"event-{number:04d}")))
        assert [e.department for e in ledger.ratings_told()] == ["tax", "law"]

    def test_a_row_that_brings_a_device_into_service_folds_what_it_held(
        self, ledger: FoldedLedger
    ) -> None:
        ledger.take(message("new-0001", element("event-0001")))
        row = {"device_id": "new-0001", "lifecycle": "active", "site": "hall"}
        self.apply(ledger, "devices", row)
        (event,) = ledger.ratings_told()
        assert event.site == "hall"
        assert ledger.state.pending == 0

    def test_bindings_and_closures_have_keys_of_two_columns(
        self, ledger: FoldedLedger
    ) -> None:
        self.apply(ledger, "bindings", {"device_id": "d", "from": "2026-01-01"})
        self.apply(ledger, "closures", {"site": "s", "from": "2026-01-01"})
        keys = ledger.all("SELECT kind, key FROM registry_row ORDER BY kind")
        assert keys == [("bindings", "d|2026-01-01"), ("closures", "s|2026-01-01")]
        assert self.apply(ledger, "bindings", {"device_id": "d"})["refused"] == 1
