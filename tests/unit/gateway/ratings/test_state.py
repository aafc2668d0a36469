"""Where a session stands: one behaviour of the rules a test."""

import msgspec
import pytest

from gateway.ratings.facts import (
    Action,
    Complaint,
    Dispute,
    Fixed,
    Issued,
    Step,
    Void,
)
from gateway.ratings.lifecycle import State
from gateway.ratings.policy import SessionRules
from gateway.ratings.state import SessionState
from tests.support.rated import DAY, MINUTE, NINE, RULES, at, event, rating, state

OPENED, ENDED = event("opened", 0), event("ended", 10)
AFTER_DEADLINE = "2026-11-10 00:00"  # five working days after Monday 2


def chosen(found: SessionState) -> str | None:
    effective = found.effective
    return None if effective is None else effective.rating_id.removeprefix("d:")


def flags(found: SessionState, name: str) -> tuple[str, ...]:
    return found.stands[f"d:{name}"].flags


def test_an_opened_session_waits_for_nothing() -> None:
    found = state(OPENED)
    assert (found.state, found.deadline, found.due_ms) == (State.OPENED, None, None)


def test_an_ended_session_awaits_a_rating_until_its_deadline() -> None:
    found = state(OPENED, ENDED)
    deadline = at("2026-11-10 00:00")
    assert found.state == State.AWAITING
    assert found.deadline is not None
    assert (found.deadline.at_ms, found.due_ms) == (deadline, deadline)


def test_a_rating_counts_at_the_end_of_its_service() -> None:
    found = state(OPENED, ENDED, rating("a", 12, 5))
    assert (found.state, chosen(found)) == (State.RATED, "a")
    assert found.counts_ms == NINE + 10 * MINUTE
    assert found.due_ms is None


def test_a_rating_without_a_session_counts_when_it_was_pressed() -> None:
    found = state(rating("a", 12, 5))
    assert (found.state, found.own, found.countable) == (State.RATED, False, False)
    assert found.counts_ms == NINE + 12 * MINUTE


def test_an_unanswered_session_gets_the_default_at_its_deadline() -> None:
    found = state(OPENED, ENDED, now=AFTER_DEADLINE)
    assert found.state == State.DEFAULTED
    assert found.default is not None
    assert found.default.at_ms == at("2026-11-10 00:00")
    assert (found.default.level, found.default.effective) == (3, True)
    assert not found.provisional
    assert found.issued == Issued(NINE + 10 * MINUTE, 3)
    assert found.fixed == (Fixed(NINE + 10 * MINUTE, 5, at("2026-11-10 00:00")),)


def test_one_millisecond_before_the_deadline_it_still_awaits() -> None:
    found = state(OPENED, ENDED, now="2026-11-09 23:59:59.999")
    assert found.state == State.AWAITING


def test_without_defaults_it_expires() -> None:
    rules = msgspec.structs.replace(RULES, default_enabled=False)
    found = state(OPENED, ENDED, now=AFTER_DEADLINE, rules=rules)
    assert (found.state, found.default) == (State.EXPIRED, None)
    assert found.issued == Issued(NINE + 10 * MINUTE, None)


def test_what_has_expired_stays_so_when_defaults_are_switched_on() -> None:
    issued = Issued(NINE + 10 * MINUTE, None)
    found = state(OPENED, ENDED, now=AFTER_DEADLINE, issued=issued)
    assert found.state == State.EXPIRED


@pytest.mark.parametrize(
    ("offline", "now", "expected"),
    [
        ("2026-11-09 12:00", "2026-11-10 00:00", State.AWAITING),
        ("2026-11-09 12:00", "2026-11-16 23:59:59", State.AWAITING),
        ("2026-11-09 12:00", "2026-11-17 00:00", State.DEFAULTED),
        ("2026-11-10 00:00:01", "2026-11-10 00:01", State.DEFAULTED),
    ],
)
def test_a_default_is_held_back_while_its_device_is_silent(
    offline: str, now: str, expected: State
) -> None:
    found = state(OPENED, ENDED, now=now, offline_since_ms=at(offline))
    assert found.state == expected
    if expected == State.AWAITING:
        assert found.due_ms == at("2026-11-17 00:00")


def test_a_default_after_the_hold_is_provisional() -> None:
    silent = at("2026-11-09 12:00")
    found = state(OPENED, ENDED, now="2026-11-17 00:00", offline_since_ms=silent)
    assert found.provisional


def test_a_rating_pressed_in_time_supersedes_the_default() -> None:
    issued = Issued(NINE + 10 * MINUTE, 3, rating_id="d:default-7")
    found = state(
        OPENED, ENDED, rating("a", 60, 1), now="2026-11-20 09:00", issued=issued
    )
    assert (found.state, chosen(found)) == (State.RATED, "a")
    assert found.default is not None
    assert (found.default.effective, found.default.by) == (False, "d:a")


@pytest.mark.parametrize(
    ("policy", "expected", "effective"),
    [
        ("record_only", State.DEFAULTED, None),
        ("reject", State.DEFAULTED, None),
        ("replace", State.RATED, "a"),
    ],
)
def test_a_rating_pressed_late_goes_by_the_policy(
    policy: str, expected: State, effective: str | None
) -> None:
    rules = msgspec.structs.replace(RULES, late_rating=policy)
    late = rating("a", 9 * 1440, 5)
    found = state(OPENED, ENDED, late, now="2026-11-20 09:00", rules=rules)
    assert (found.state, chosen(found)) == (expected, effective)
    assert flags(found, "a") == ("late",)


def test_an_amendment_is_not_late_when_its_answer_was_in_time() -> None:
    first = rating("a", 4 * 1440, 5)
    second = rating("b", 8 * 1440, 2, amends="a")
    found = state(OPENED, ENDED, first, second, now="2026-11-20 09:00")
    assert (found.state, chosen(found)) == (State.AMENDED, "b")
    assert flags(found, "b") == ()


def test_the_amendment_window_counts_working_days_from_the_first_rating() -> None:
    last_minute = rating("b", 8 * 1440 - 541, 4)  # Monday 9, 23:59
    found = state(rating("a", 0, 5), last_minute, now="2026-11-20 09:00")
    assert (found.state, chosen(found)) == (State.AMENDED, "b")
    assert found.amend_until_ms == at("2026-11-10 00:00")
    too_late = rating("b", 8 * 1440 - 540, 4)
    found = state(rating("a", 0, 5), too_late, now="2026-11-20 09:00")
    assert (found.state, chosen(found)) == (State.RATED, "a")
    assert flags(found, "b") == ("repeat",)


def test_presses_within_the_interval_are_one_answer() -> None:
    found = state(rating("a", 0, 5), rating("b", 0.05, 4))
    assert (found.state, chosen(found)) == (State.RATED, "a")
    assert flags(found, "b") == ("double_press",)
    rules = msgspec.structs.replace(RULES, multi_press="last")
    found = state(rating("a", 0, 5), rating("b", 0.05, 4), rules=rules)
    assert (found.state, chosen(found)) == (State.RATED, "b")


def test_raising_the_level_at_the_counter_is_flagged() -> None:
    found = state(rating("a", 0, 2), rating("b", 9, 5))
    assert flags(found, "b") == ("raised_at_counter",)
    assert flags(state(rating("a", 0, 2), rating("b", 11, 5)), "b") == ()
    elsewhere = rating("b", 9, 5, window="2")
    assert flags(state(rating("a", 0, 2), elsewhere), "b") == ()
    assert flags(state(rating("a", 0, 5), rating("b", 9, 2)), "b") == ()


def test_a_terminal_without_a_window_is_a_counter_of_its_own() -> None:
    first, better = rating("a", 0, 2, window=None), rating("b", 9, 5, window=None)
    assert flags(state(first, better), "b") == ("raised_at_counter",)
    for other in ({"device_id": "e"}, {"at_terminal": False}, {"window": "1"}):
        elsewhere = msgspec.structs.replace(better, **other)
        assert flags(state(first, elsewhere), "b") == ()


def test_a_void_takes_all_versions_and_no_default_follows() -> None:
    both = (rating("a", 0, 5), rating("b", 9, 2))
    for target in ("d:a", "d:b"):
        void = Void(target, "wrong person", "ann", NINE + DAY)
        found = state(ENDED, *both, now=AFTER_DEADLINE, voids=(void,))
        assert (found.state, chosen(found), found.default) == (
            State.VOIDED,
            None,
            None,
        )
        assert found.void == void
        assert found.due_ms is None


def test_nothing_revives_a_voided_session() -> None:
    void = Void("d:a", "wrong person", "ann", NINE)
    found = state(rating("a", 0, 5), rating("c", 30, 4), voids=(void,))
    assert (found.state, chosen(found)) == (State.VOIDED, None)


def test_a_void_of_a_press_without_effect_takes_that_press() -> None:
    void = Void("d:b", "twice", "ann", NINE)
    found = state(rating("a", 0, 5), rating("b", 0.05, 4), voids=(void,))
    assert (found.state, chosen(found)) == (State.RATED, "a")
    assert found.stands["d:b"].replaced == "rating.voided"


def test_a_default_can_be_declared_void() -> None:
    issued = Issued(NINE + 10 * MINUTE, 3, rating_id="d:default-7")
    void = Void("d:default-7", "the hall was closed", "ann", NINE)
    found = state(ENDED, now=AFTER_DEADLINE, issued=issued, voids=(void,))
    assert found.state == State.VOIDED
    assert found.default is not None
    assert not found.default.effective


def test_nothing_revives_a_session_whose_default_was_declared_void() -> None:
    issued = Issued(NINE + 10 * MINUTE, 3, rating_id="d:default-7")
    void = Void("d:default-7", "the hall was closed", "ann", NINE)
    for facts in ((ENDED, rating("a", 11, 5)), (event("ended", 12),)):
        found = state(*facts, now=AFTER_DEADLINE, issued=issued, voids=(void,))
        assert (found.state, found.void) == (State.VOIDED, void)
        assert (found.effective, found.issued) == (None, issued)
        assert not any(one.effective for one in found.stands.values())


def test_a_dispute_is_shown_and_voids_only_when_decided_so() -> None:
    dispute = Dispute("d:a", "emma", "not my customer", NINE)
    found = state(rating("a", 0, 1), disputes=(dispute,))
    assert (found.state, found.disputes) == (State.RATED, (dispute,))
    for outcome, expected in (("kept", State.RATED), ("voided", State.VOIDED)):
        decided = msgspec.structs.replace(dispute, outcome=outcome, decided_by="ann")
        assert state(rating("a", 0, 1), disputes=(decided,)).state == expected


@pytest.mark.parametrize("action", ["cancelled", "not_eligible"])
def test_what_is_not_to_be_rated_is_closed_with_its_reason(action: Action) -> None:
    closing = event(action, 5, reason="exempt")
    found = state(OPENED, closing, ENDED, now=AFTER_DEADLINE)
    assert (found.state, found.eligible) == (State.CLOSED, False)
    assert (found.unrated_reason, found.default) == ("exempt", None)


def test_a_customer_who_rates_all_the_same_is_heard() -> None:
    found = state(OPENED, event("cancelled", 5), rating("a", 6, 5))
    assert (found.state, found.countable) == (State.RATED, False)


def test_a_devices_timeout_is_a_default_until_a_customer_rates() -> None:
    timeout = rating("t", 11, 3, origin="device_timeout")
    found = state(ENDED, timeout, now=AFTER_DEADLINE)
    assert (found.state, found.default) == (State.DEFAULTED, None)
    assert chosen(found) == "t"
    found = state(ENDED, timeout, rating("a", 40, 5), now=AFTER_DEADLINE)
    assert (found.state, chosen(found)) == (State.RATED, "a")


def test_a_timeout_means_nothing_where_nobody_was_to_rate() -> None:
    timeout = rating("t", 11, 3, origin="device_timeout")
    found = state(event("cancelled", 5), timeout)
    assert (found.state, chosen(found)) == (State.CLOSED, None)


def test_queue_systems_know_better_when_a_service_ended() -> None:
    terminal = event("ended", 8, device_id="t", employee_id="e1", window="3")
    http = event("ended", 10, source="http", employee_id="e2")
    found = state(terminal, http).service
    assert found.ended_ms == NINE + 10 * MINUTE
    assert (found.employee_id, found.window) == ("e2", "3")


def test_a_dissatisfied_customer_starts_two_clocks() -> None:
    found = state(rating("a", 0, 2))
    assert found.duty is not None
    assert found.duty.clock("contact").due_ms == at("2026-11-04 00:00")
    assert found.duty.clock("rectify").due_ms == at("2026-11-24 00:00")
    assert found.due_ms == at("2026-11-04 00:00")
    assert found.duty.state(at("2026-11-04 00:00") - 1) == "due"


def test_clocks_run_out_and_steps_stop_them() -> None:
    found = state(rating("a", 0, 2), now="2026-11-04 00:00")
    assert found.overdue == (("d:a", "contact"),)
    assert found.due_ms == at("2026-11-24 00:00")
    contacted = Step("d:a", "contacted", at("2026-11-04 10:00"), "ann")
    found = state(rating("a", 0, 2), now="2026-11-05 00:00", steps=(contacted,))
    assert found.duty is not None
    assert (found.overdue, found.duty.closed) == ((), False)
    fixed = Step("d:a", "fixed", at("2026-11-05 10:00"), "ann")
    found = state(rating("a", 0, 2), now="2026-12-24 00:00", steps=(fixed, contacted))
    assert found.duty is not None
    assert (found.overdue, found.duty.closed, found.due_ms) == ((), True, None)
    assert [name for name, _, _ in found.duty.steps] == ["contacted", "fixed"]


def test_an_amendment_keeps_or_ends_the_duty() -> None:
    worse = state(rating("a", 0, 2), rating("b", 60, 1))
    assert worse.duty is not None
    assert worse.duty.subject == "d:a"
    assert state(rating("a", 0, 2), rating("b", 60, 4)).duty is None


def test_defaults_owe_nobody_a_call() -> None:
    timeout = rating("t", 11, 1, origin="device_timeout")
    assert state(ENDED, timeout).duty is None


def test_a_complaint_starts_the_reply_clock() -> None:
    complaint = Complaint("d:c", NINE)
    found = state(OPENED, complaints=(complaint,), now="2026-11-10 00:00")
    assert found.overdue == (("d:c", "reply"),)
    assert found.complaints[0].clock("reply").due_ms == at("2026-11-10 00:00")
    answered = Step("d:c", "contacted", at("2026-11-03 10:00"), "ann")
    found = state(OPENED, complaints=(complaint,), steps=(answered,))
    assert found.complaints[0].closed


def test_a_followup_opinion_is_linked_and_never_in_effect() -> None:
    opinion = rating("f", 3000, 5, round="followup")
    found = state(rating("a", 0, 1), opinion, now="2026-11-06 09:00")
    assert (chosen(found), found.opinions) == ("a", (opinion,))


def test_a_deadline_that_has_passed_is_moved_by_no_calendar() -> None:
    fixed = (Fixed(NINE + 10 * MINUTE, 5, at("2026-11-04 00:00")),)
    found = state(ENDED, fixed=fixed, now="2026-11-05 00:00")
    assert found.state == State.DEFAULTED
    assert found.fixed == fixed
    late = state(ENDED, rating("a", 3000, 5), fixed=fixed, now="2026-11-05 00:00")
    assert flags(late, "a") == ("late",)


def test_a_deadline_that_has_passed_is_moved_by_no_other_number_of_days() -> None:
    ended = state(OPENED, ENDED, now="2026-11-11 09:00")
    longer = SessionRules(rating_window_days=20, amend_window_days=20)
    facts = (OPENED, ENDED, rating("a", 8 * 1440, 5))
    found = state(*facts, now="2026-11-11 09:00", rules=longer, fixed=ended.fixed)
    assert found.deadline == ended.deadline
    assert flags(found, "a") == ("late",)


def test_an_answer_in_time_fixes_its_deadline() -> None:
    found = state(ENDED, rating("a", 12, 5))
    assert found.fixed == (Fixed(NINE + 10 * MINUTE, 5, at("2026-11-10 00:00")),)


def test_another_end_of_service_takes_the_default_back() -> None:
    issued = Issued(NINE + 8 * MINUTE, 3, rating_id="d:default-7")
    later = event("ended", 5 * 1440, source="http")
    found = state(event("ended", 8), later, now=AFTER_DEADLINE, issued=issued)
    assert (found.state, found.issued) == (State.AWAITING, None)


def test_the_business_date_is_that_of_the_first_own_event() -> None:
    found = state(event("opened", 14 * 60), ENDED, rating("a", 3 * 1440, 5))
    assert found.business_day == state(OPENED).business_day
