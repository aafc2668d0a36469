"""Gaps in `seq` are known loss until late arrivals fill them."""

import msgspec
import pytest

from fleet.sequence import LOST_MAX, RANGES_MAX, Finding, Sequence, observe


def observed(*seqs: int, boot_id: str | None = None) -> Sequence:
    state = Sequence()
    for seq in seqs:
        observe(state, seq, boot_id)
    return state


def test_the_first_seq_opens_no_gap() -> None:
    assert observed(1000).missing_count == 0


def test_a_jump_is_a_gap_that_late_arrivals_fill_from_any_side() -> None:
    state = observed(1, 7)
    assert state.missing == ((2, 6),)
    for seq, left in ((4, 4), (2, 3), (6, 2), (3, 1), (5, 0)):
        assert observe(state, seq, None) is None
        assert state.missing_count == left
    assert not state.missing


def test_a_used_seq_is_reused_and_changes_nothing() -> None:
    state = observed(1, 2, 3)
    assert observe(state, 2, None) is Finding.REUSED
    assert state == observed(1, 2, 3)


def test_counting_anew_after_a_boot_is_a_reset_and_no_loss() -> None:
    state = observed(5, 6, boot_id="b1")
    assert observe(state, 1, "b2") is Finding.RESET
    assert observe(state, 2, "b2") is None
    assert state.last == 2
    assert state.missing_count == 0


def test_a_persisted_seq_goes_on_over_a_boot() -> None:
    state = observed(5, 6, boot_id="b1")
    assert observe(state, 7, "b2") is None
    assert state.last == 7


def test_a_late_arrival_of_the_boot_before_is_reused_and_resets_nothing() -> None:
    state = observed(5, 6, boot_id="b1")
    observe(state, 1, "b2")
    assert observe(state, 6, "b1") is None  # as if 2 to 5 were lost: none is told twice
    assert observe(state, 6, "b1") is Finding.REUSED


def test_the_oldest_gap_is_given_up_beyond_the_bound_and_stays_counted() -> None:
    state = observed(*range(0, 2 * (RANGES_MAX + 10), 2))
    assert len(state.missing) == RANGES_MAX
    assert state.missing_count == RANGES_MAX + 9
    assert observe(state, 1, None) is Finding.REUSED


@pytest.mark.parametrize("jumps", [1, 3_000])
def test_absurd_jumps_never_outgrow_what_a_ledger_holds(jumps: int) -> None:
    state = Sequence()
    for number in range(jumps):
        observe(state, 0, f"b{number}")
        observe(state, LOST_MAX, f"b{number}")
    assert state.missing_count <= LOST_MAX
    assert msgspec.json.decode(msgspec.json.encode(state), type=Sequence) == state
