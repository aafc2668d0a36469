"""Approval, replay, refilled bucket: elements get another fate, in their order."""

from pathlib import Path

import msgspec
import pytest

from gateway.processing import admission, readmitting
from gateway.settings.profiles import load_profiles
from tests.support.folding import (
    SECOND_MS,
    START_MS,
    FoldedLedger,
    element,
    message,
)

ANNA = {"author": "anna"}
PROFILES = Path(__file__).parents[4] / "config" / "profiles"


@pytest.fixture
def ledger() -> FoldedLedger:
    ledger = FoldedLedger()
    ledger.rules(unknown_devices="hold")
    return ledger


def approve(ledger: FoldedLedger, device_id: str = "new-0001", **more: str) -> None:
    ledger.act("device_approved", {**ANNA, "device_id": device_id, **more})


def order(ledger: FoldedLedger) -> list[str]:
    rows = ledger.all("SELECT event_id FROM rating ORDER BY ordinal")
    return [row[0] for row in rows]


class TestApproval:
    def test_what_was_held_is_folded_as_if_it_had_never_waited(
        self, ledger: FoldedLedger
    ) -> None:
        ledger.take(message("new-0001", [element("event-0001"), element("event-0002")]))
        ledger.take(message("new-0001", element("event-0003"), START_MS + 5))
        ledger.clock.advance(3 * 86_400_000)
        approve(ledger)
        assert order(ledger) == ["event-0001", "event-0002", "event-0003"]
        received = ledger.all("SELECT received_ms FROM rating ORDER BY place")
        assert received == [(START_MS,), (START_MS,), (START_MS + 5,)]
        places = ledger.all("SELECT place FROM rating ORDER BY place")
        held = ledger.all("SELECT place FROM quarantine ORDER BY place")
        assert places == held
        assert ledger.fates() == {"accepted": 3}
        assert ledger.accounted()

    def test_it_counts_where_the_approval_puts_the_device(
        self, ledger: FoldedLedger
    ) -> None:
        ledger.take(message("new-0001", element("event-0001")))
        approve(ledger, site="hall", window="w1")
        (event,) = ledger.ratings_told()
        assert (event.site, event.window) == ("hall", "w1")

    def test_copies_of_what_was_held_are_duplicates(self, ledger: FoldedLedger) -> None:
        for _ in range(3):
            ledger.take(message("new-0001", element("event-0001")))
        approve(ledger)
        assert ledger.fates() == {"accepted": 1, "duplicate": 2}
        assert ledger.accounted()

    def test_what_was_refused_while_pending_stays_refused(
        self, ledger: FoldedLedger
    ) -> None:
        ledger.take(message("new-0001", element("event-0001", 9)))
        approve(ledger)
        assert ledger.fates() == {"quarantined:unknown_level": 1}

    @pytest.mark.parametrize("text", ["{%s}", "[{%s}]"])
    def test_what_only_the_profile_to_come_can_read_is_held_and_not_rejected(
        self, ledger: FoldedLedger, text: str
    ) -> None:
        shipped = load_profiles(PROFILES)
        ledger.act("profiles_applied", {"profiles": msgspec.to_builtins(shipped)})
        birth = {"v": 1, "state": "online", "capabilities": {"receipts": True}}
        press = '"流水号":"event-0001","评价":"满意"'
        payload = (text % press).encode("gb18030")
        ledger.take(
            message("new-0001", birth, channel="presence"), message("new-0001", payload)
        )
        assert ledger.fates() == {"accepted": 1, "quarantined:unknown_device": 1}
        assert ledger.receipts() == []
        make = "chinese-gb18030"
        row = {"device_id": "new-0001", "profile": make, "lifecycle": "active"}
        ledger.act("device_put", {**ANNA, "device": row})
        assert ledger.fates() == {"accepted": 2}
        assert ledger.all("SELECT event_id, level FROM rating") == [("event-0001", 4)]
        (receipt,) = ledger.receipts()
        assert (receipt.event_ids, receipt.rejected) == (["event-0001"], [])
        assert ledger.accounted()

    def test_an_element_with_a_foreign_level_is_kept_for_the_terminal_that_waits(
        self, ledger: FoldedLedger
    ) -> None:
        birth = {"v": 1, "state": "online", "capabilities": {"receipts": True}}
        body = [element("event-0001"), element("event-0002", "excellent")]
        ledger.take(
            message("new-0001", birth, channel="presence"), message("new-0001", body)
        )
        (receipt,) = ledger.receipts()
        assert receipt.event_ids == ["event-0001", "event-0002"]
        assert receipt.rejected == []
        approve(ledger)
        assert ledger.receipts()[-1].rejected == [("event-0002", "unknown_level")]
        assert ledger.fates() == {"accepted": 2, "quarantined:unknown_level": 1}
        assert ledger.accounted()

    def test_beyond_its_bucket_the_rest_is_deferred_in_its_order(
        self, ledger: FoldedLedger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(readmitting, "HELD_STEP_MAX", 2)
        ids = [f"event-{number:04d}" for number in range(5)]
        ledger.take(*(message("new-0001", element(event_id)) for event_id in ids))
        approve(ledger)
        assert ledger.fates() == {"accepted": 2, "deferred:rate": 3}
        ledger.take(message("new-0001", element("event-0009")))
        ledger.clock.advance(2 * SECOND_MS)
        ledger.take()
        assert order(ledger) == [*ids, "event-0009"]
        assert ledger.accounted()

    def test_a_refused_move_changes_nothing_now_or_after_a_restart(
        self, ledger: FoldedLedger
    ) -> None:
        ledger.act("device_put", {"device": {"device_id": "eval-0001", "site": "a"}})
        ledger.act("device_retired", {**ANNA, "device_id": "eval-0001"})
        move = {**ANNA, "device_id": "eval-0001", "site": "b"}
        assert ledger.settle("device_approved", move)["error"] == "conflict"
        assert ledger.state.by_id["eval-0001"].site == "a"
        ledger.restart()
        assert ledger.state.by_id["eval-0001"].site == "a"


class TestReplay:
    def replay(self, ledger: FoldedLedger, **which: object) -> int:
        outcome = ledger.settle("quarantine_replayed", {**ANNA, **which})
        return int(outcome["replayed"])

    @pytest.fixture(autouse=True)
    def known(self, ledger: FoldedLedger) -> None:
        ledger.act("device_put", {"device": {"device_id": "eval-0001"}})

    def test_what_becomes_of_one_item_adds_to_another_that_is_replayed_after_it(
        self, ledger: FoldedLedger
    ) -> None:
        """The same bytes came once with another content's id, and twice retired."""
        other = message("new-0001", element("event-0001", 2))
        ledger.take(message("new-0001", element("event-0001")))
        approve(ledger)
        ledger.take(other)
        ledger.act("device_retired", {**ANNA, "device_id": "new-0001"})
        ledger.take(other, other)
        ledger.act("quarantine_replayed", ANNA)
        kept = ledger.all("SELECT reason, count, state FROM quarantine WHERE id > 1")
        assert kept == [
            ("id_conflict", 1, "replayed"),
            ("retired_device", 3, "quarantined"),
        ]
        assert ledger.accounted()

    def test_after_a_fix_it_counts_with_its_own_receipt_time(
        self, ledger: FoldedLedger
    ) -> None:
        old = element("event-0001", occurred_at=START_MS - 100 * 86_400_000)
        ledger.take(message("eval-0001", old))
        assert self.replay(ledger) == 1
        assert ledger.fates() == {"quarantined:beyond_horizon": 1}
        ledger.rules(event_age_days_max=365)
        ledger.clock.advance(86_400_000)
        assert self.replay(ledger) == 1
        assert ledger.fates() == {"accepted": 1}
        assert ledger.all("SELECT received_ms FROM rating") == [(START_MS,)]
        assert self.replay(ledger) == 0
        assert ledger.accounted()

    def test_the_same_bytes_again_raise_the_count_and_share_its_fate(
        self, ledger: FoldedLedger
    ) -> None:
        old = element("event-0001", occurred_at=START_MS - 100 * 86_400_000)
        for _ in range(4):
            ledger.take(message("eval-0001", old))
        assert ledger.all("SELECT count FROM quarantine") == [(4,)]
        self.replay(ledger)
        assert ledger.all("SELECT count, state FROM quarantine") == [(4, "quarantined")]
        ledger.rules(event_age_days_max=365)
        self.replay(ledger)
        assert ledger.fates() == {"accepted": 1, "duplicate": 3}
        assert ledger.accounted()

    def test_what_comes_back_under_another_reason_is_counted_there(
        self, ledger: FoldedLedger
    ) -> None:
        old = element("event-0001", occurred_at=START_MS - 100 * 86_400_000)
        for _ in range(3):
            ledger.take(message("eval-0001", old))
        ledger.take(message("eval-0001", element("event-0001", 1)))
        ledger.rules(event_age_days_max=365)
        self.replay(ledger)
        assert ledger.fates() == {"accepted": 1, "conflict": 3}
        assert ledger.accounted()

    def test_a_conflict_replayed_is_a_conflict_still(
        self, ledger: FoldedLedger
    ) -> None:
        ledger.take(message("eval-0001", element("event-0001")))
        ledger.take(message("eval-0001", element("event-0001", 1)))
        assert self.replay(ledger, reason="id_conflict") == 1
        assert ledger.fates() == {"accepted": 1, "conflict": 1}
        assert ledger.accounted()

    def test_an_item_named_twice_is_replayed_once(self, ledger: FoldedLedger) -> None:
        ledger.take(message("eval-0001", element("event-0001", 9)))
        assert self.replay(ledger, ids=[1, 1, 99]) == 1
        assert ledger.fates() == {"quarantined:unknown_level": 1}

    def test_an_array_in_an_array_never_takes_its_neighbours_places(
        self, ledger: FoldedLedger
    ) -> None:
        inner = [element("event-0001"), element("event-0002")]
        ledger.take(message("eval-0001", [inner, element("event-0003"), []]))
        self.replay(ledger)
        assert ledger.fates() == {"accepted": 1, "quarantined:schema": 2}
        assert ledger.accounted()

    def test_what_was_purged_stays_quarantined_and_is_not_replayed(
        self, ledger: FoldedLedger
    ) -> None:
        ledger.take(message("eval-0001", element("event-0001", 9)))
        outcome = ledger.settle("quarantine_purged", {**ANNA, "ids": [1]})
        assert outcome == {"purged": 1}
        assert ledger.one("SELECT payload FROM quarantine") is None
        assert self.replay(ledger) == 0
        assert ledger.fates() == {"quarantined:unknown_level": 1}
        ledger.take(message("eval-0001", element("event-0001", 9)))
        assert ledger.all("SELECT count, state FROM quarantine") == [(2, "quarantined")]
        assert ledger.accounted()


class TestDeferral:
    @pytest.fixture(autouse=True)
    def approving(self, ledger: FoldedLedger) -> None:
        ledger.rules()

    def flood(self, ledger: FoldedLedger, count: int, first: int = 0) -> None:
        """So many elements of one device, in arrays."""
        for start in range(first, first + count, 500):
            size = min(500, first + count - start)
            ids = [f"flood-{number:06d}" for number in range(start, start + size)]
            ledger.take(message("eval-0001", [element(each) for each in ids]))

    def test_an_honest_flush_of_five_thousand_never_notices(
        self, ledger: FoldedLedger
    ) -> None:
        self.flood(ledger, 5_000)
        assert ledger.fates() == {"accepted": 5_000}

    def test_beyond_its_bucket_a_device_waits_and_others_do_not(
        self, ledger: FoldedLedger
    ) -> None:
        self.flood(ledger, 20_000)
        late = [message("eval-0001", element(f"late-{n:04d}")) for n in range(50)]
        ledger.take(*late, message("eval-0002", element("event-0001")))
        assert ledger.fates() == {"accepted": 20_001, "deferred:rate": 50}
        for accepted in (20_021, 20_041, 20_051):
            ledger.clock.advance(SECOND_MS)
            ledger.take()
            assert ledger.fates()["accepted"] == accepted
            assert ledger.accounted()
        assert order(ledger)[-50:] == [f"late-{n:04d}" for n in range(50)]
        assert not ledger.one("SELECT count(*) FROM timer WHERE kind = 'deferral'")

    def test_what_comes_meanwhile_waits_behind(self, ledger: FoldedLedger) -> None:
        self.flood(ledger, 20_000)
        ledger.take(message("eval-0001", element("late-0001")))
        ledger.clock.advance(900)
        ledger.take(message("eval-0001", element("late-0002")))
        assert ledger.fates()["deferred:rate"] == 2
        ledger.clock.advance(SECOND_MS)
        ledger.restart()
        ledger.take()
        assert order(ledger)[-2:] == ["late-0001", "late-0002"]

    def test_presence_is_never_deferred(self, ledger: FoldedLedger) -> None:
        self.flood(ledger, 20_000)
        birth = {"v": 1, "state": "online"}
        ledger.take(message("eval-0001", birth, channel="presence"))
        assert ledger.fates() == {"accepted": 20_001}

    def test_deferred_arrays_never_outrun_the_bucket_by_more_than_a_chunk(
        self, ledger: FoldedLedger
    ) -> None:
        self.flood(ledger, 20_000)
        self.flood(ledger, 20_000, first=20_000)
        assert ledger.fates() == {"accepted": 20_000, "deferred:rate": 40}
        ledger.clock.advance(SECOND_MS)
        ledger.take()
        assert ledger.fates() == {"accepted": 30_000, "deferred:rate": 20}
        ledger.clock.advance(SECOND_MS)
        ledger.take()
        assert ledger.fates()["deferred:rate"] == 20

    def test_beyond_the_bound_it_is_quarantined(
        self, ledger: FoldedLedger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(admission, "DEFERRED_MAX", 3)
        self.flood(ledger, 20_000)
        ledger.take(*(message("eval-0001", element(f"late-{n:04d}")) for n in range(5)))
        fates = {"accepted": 20_000, "deferred:rate": 3, "quarantined:rate_limited": 2}
        assert ledger.fates() == fates
        ledger.clock.advance(SECOND_MS)
        ledger.settle("quarantine_replayed", ANNA)
        assert ledger.fates() == {"accepted": 20_005}
        assert ledger.accounted()

    def test_a_device_retired_meanwhile_is_refused(self, ledger: FoldedLedger) -> None:
        self.flood(ledger, 20_000)
        ledger.take(message("eval-0001", element("late-0001")))
        ledger.act("device_retired", {**ANNA, "device_id": "eval-0001"})
        ledger.clock.advance(SECOND_MS)
        ledger.take()
        assert ledger.fates()["quarantined:retired_device"] == 1
        assert ledger.accounted()
