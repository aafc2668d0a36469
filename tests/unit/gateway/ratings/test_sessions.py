"""Which rating of a session counts, whatever the order of arrival."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ratings.sessions import (
    AMENDED,
    DOUBLE_PRESS,
    REPEAT,
    SUPERSEDED,
    Policy,
    Press,
    Settlement,
    settle,
)

SECOND_MS = 1_000
DAY_MS = 86_400_000


def press(name: str, at_ms: int, amends: str | None = None, **fields: object) -> Press:
    place = int.from_bytes(name.encode(), "big")
    target = None if amends is None else f"d:{amends}"
    plain = Press(place, f"d:{name}", "d", None, at_ms, "customer", "initial", target)
    return msgspec.structs.replace(plain, **fields)


def effective(settlement: Settlement, presses: list[Press]) -> str | None:
    by_place = {one.place: one.rating_id for one in presses}
    place = settlement.effective
    return None if place is None else by_place[place].removeprefix("d:")


def flags(settlement: Settlement, presses: list[Press]) -> dict[str, str | None]:
    return {
        one.rating_id.removeprefix("d:"): settlement.standings[one.place].flag
        or settlement.standings[one.place].replaced
        for one in presses
    }


def test_one_press_is_in_effect() -> None:
    presses = [press("a", 0)]
    assert effective(settle(presses, Policy()), presses) == "a"


def test_nothing_settles_nothing() -> None:
    assert settle([], Policy()) == Settlement({}, None)


@pytest.mark.parametrize(("multi_press", "winner"), [("first", "a"), ("last", "c")])
def test_presses_within_the_interval_are_one_answer(
    multi_press: str, winner: str
) -> None:
    presses = [press("a", 0), press("b", SECOND_MS), press("c", 5 * SECOND_MS)]
    settlement = settle(presses, Policy(multi_press=multi_press))
    assert effective(settlement, presses) == winner
    losers = [one for one in presses if one.rating_id != f"d:{winner}"]
    assert {settlement.standings[one.place].flag for one in losers} == {DOUBLE_PRESS}


def test_a_later_press_amends_and_the_next_one_is_a_repeat() -> None:
    presses = [press("a", 0), press("b", 6 * SECOND_MS), press("c", 60 * SECOND_MS)]
    settlement = settle(presses, Policy())
    assert effective(settlement, presses) == "b"
    assert flags(settlement, presses) == {"a": AMENDED, "b": None, "c": REPEAT}
    assert settlement.standings[presses[0].place].by == "d:b"


def test_an_explicit_amendment_counts_within_the_interval() -> None:
    presses = [press("a", 0), press("b", SECOND_MS, amends="a")]
    settlement = settle(presses, Policy())
    assert effective(settlement, presses) == "b"
    assert flags(settlement, presses) == {"a": AMENDED, "b": None}


def test_no_amendment_after_the_window_or_beyond_their_number() -> None:
    late = [press("a", 0), press("b", 5 * DAY_MS + 1, amends="a")]
    assert effective(settle(late, Policy()), late) == "a"
    many = [press("a", 0), press("b", 6_000, amends="a"), press("c", 7_000, amends="b")]
    assert effective(settle(many, Policy(amendments_max=2)), many) == "c"
    assert effective(settle(many, Policy(amendments_max=0)), many) == "a"


def test_an_amendment_whose_target_never_came_stands_for_itself() -> None:
    presses = [press("b", 0, amends="a")]
    assert effective(settle(presses, Policy()), presses) == "b"


def test_presses_that_amend_one_another_leave_one_in_effect() -> None:
    presses = [press("a", 0, amends="b"), press("b", 9_000, amends="a")]
    assert effective(settle(presses, Policy()), presses) == "b"


def test_a_followup_is_never_in_effect() -> None:
    presses = [press("a", 0), press("b", 60_000, round="followup")]
    assert effective(settle(presses, Policy()), presses) == "a"
    alone = [press("b", 0, round="followup")]
    assert effective(settle(alone, Policy()), alone) is None


def test_a_devices_timeout_counts_until_a_customer_rates() -> None:
    timeout = press("a", 0, origin="device_timeout")
    assert effective(settle([timeout], Policy()), [timeout]) == "a"
    both = [timeout, press("b", 60_000)]
    settlement = settle(both, Policy())
    assert effective(settlement, both) == "b"
    assert flags(settlement, both) == {"a": SUPERSEDED, "b": None}


def test_nothing_revives_in_a_voided_session() -> None:
    presses = [press("a", 0, voided=True), press("b", 60_000), press("c", 0)]
    settlement = settle(presses, Policy())
    assert settlement.effective is None
    assert not any(standing.effective for standing in settlement.standings.values())


PRESSES = st.lists(
    st.builds(
        press,
        st.sampled_from("abcdefgh"),
        st.sampled_from([0, 1, 4_000, 5_000, 6_000, 60_000, DAY_MS, 6 * DAY_MS]),
        amends=st.none() | st.sampled_from("abcdefgh"),
        origin=st.sampled_from(["customer", "device_timeout", "staff_proxy"]),
        round=st.sampled_from(["initial", "followup"]),
        voided=st.booleans(),
    ),
    max_size=7,
    unique_by=lambda one: one.rating_id,
)
POLICIES = st.builds(
    Policy,
    multi_press=st.sampled_from(["first", "last"]),
    amendments_max=st.integers(0, 3),
)


@given(PRESSES, POLICIES, st.randoms())
def test_the_order_of_arrival_never_matters(
    presses: list[Press], policy: Policy, dice: object
) -> None:
    shuffled = list(presses)
    dice.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis gives a Random
    assert settle(shuffled, policy) == settle(presses, policy)


@given(PRESSES, POLICIES)
def test_at_most_one_is_in_effect_and_it_is_an_answer(
    presses: list[Press], policy: Policy
) -> None:
    settlement = settle(presses, policy)
    chosen = [p for p in presses if settlement.standings[p.place].effective]
    assert [p.place for p in chosen] == [
        place for place in [settlement.effective] if place is not None
    ]
    assert all(p.round == "initial" for p in chosen)
    answered = any(p.round == "initial" for p in presses)
    assert bool(chosen) == (answered and not any(p.voided for p in presses))
