"""Gaps in `seq` are known loss until late arrivals fill them."""

import msgspec
import pytest

from fleet.sequence import (
    FORMER_MAX,
    LOST_MAX,
    RANGES_MAX,
    Finding,
    Observed,
    Sequence,
    observe,
)

NOTHING_ODD = Observed()


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
        assert observe(state, seq, None).filled
        assert state.missing_count == left
    assert not state.missing


def test_a_used_seq_is_reused_and_changes_nothing() -> None:
    state = observed(1, 2, 3)
    assert observe(state, 2, None).finding is Finding.REUSED
    assert state == observed(1, 2, 3)


def test_counting_anew_after_a_boot_is_a_reset_and_no_loss() -> None:
    state = observed(5, 6, boot_id="b1")
    assert observe(state, 1, "b2").finding is Finding.RESET
    assert observe(state, 2, "b2") == NOTHING_ODD
    assert state.last == 2
    assert state.missing_count == 0


def test_a_persisted_seq_goes_on_over_a_boot() -> None:
    state = observed(5, 6, boot_id="b1")
    assert observe(state, 7, "b2") == NOTHING_ODD
    assert state.last == 7


def test_a_late_number_of_a_former_epoch_is_neither_reused_nor_a_gap() -> None:
    state = observed(5, 6, boot_id="b1")
    observe(state, 1, "b2")
    assert observe(state, 7, "b1") == Observed(age=1)
    assert observe(state, 2, "b2") == NOTHING_ODD
    assert observe(state, 7, "b1").finding is Finding.REUSED  # of its own epoch
    assert (state.last, state.missing_count) == (2, 0)


def test_a_gap_of_a_former_epoch_is_filled_by_its_own_late_numbers_alone() -> None:
    state = observed(1, 4, boot_id="b1")
    observe(state, 1, "b2")
    assert observe(state, 3, "b2").opened == (2, 2)
    assert observe(state, 6, "b1").opened == (5, 5)
    assert state.missing_count == 4
    assert observe(state, 2, "b2") == Observed(filled=True)
    assert observe(state, 2, "b1") == Observed(filled=True, age=1)
    assert observe(state, 3, None) == Observed(filled=True, age=1)  # of whatever epoch
    assert [(one.last, one.missing) for one in state.former] == [(6, ((5, 5),))]


def test_numbers_before_the_first_that_came_of_an_epoch_are_not_used() -> None:
    state = observed(50, boot_id="b1")
    assert observe(state, 49, "b1") == NOTHING_ODD
    assert observe(state, 3, "b2").finding is Finding.RESET
    for seq, boot_id, age in ((1, "b2", 0), (48, "b1", 1), (2, "b2", 0)):
        assert observe(state, seq, boot_id) == Observed(age=age)
    assert observe(state, 3, "b2").finding is Finding.REUSED
    assert (state.last, state.missing_count) == (3, 0)


def test_a_boot_that_went_on_counting_is_of_its_epoch_when_that_is_over() -> None:
    state = observed(1, 2, boot_id="b1")
    for seq, boot_id in ((4, "b2"), (1, "b3"), (3, "b1")):
        last = observe(state, seq, boot_id)
    assert last == Observed(filled=True, age=1)
    assert observe(state, 5, "b2") == Observed(age=1)
    assert (state.missing_count, state.last) == (0, 1)


def test_what_the_oldest_of_many_epochs_lacked_stays_lost() -> None:
    state = observed(1, 4, boot_id="b")
    for number in range(FORMER_MAX):
        observe(state, 1, f"b{number}")
    assert observe(state, 2, "b").filled
    observe(state, 1, "another")
    assert state.missing_count == 1
    assert len(state.former) == FORMER_MAX


def test_the_oldest_gap_is_given_up_beyond_the_bound_and_stays_counted() -> None:
    state = observed(*range(0, 2 * (RANGES_MAX + 10), 2))
    assert len(state.missing) == RANGES_MAX
    assert state.missing_count == RANGES_MAX + 9
    assert observe(state, 1, None).finding is Finding.REUSED


@pytest.mark.parametrize("jumps", [1, 3_000])
def test_absurd_jumps_never_outgrow_what_a_ledger_holds(jumps: int) -> None:
    state = Sequence()
    for number in range(jumps):
        observe(state, 0, f"b{number}")
        observe(state, LOST_MAX, f"b{number}")
    assert state.missing_count <= LOST_MAX
    assert msgspec.json.decode(msgspec.json.encode(state), type=Sequence) == state
