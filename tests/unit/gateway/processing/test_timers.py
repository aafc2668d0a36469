"""Timers on the journal's time."""

from gateway.processing.timers import LOOKED_AT_MAX, TIMERS_MAX, Timers
from tests.support.folding import FoldedLedger


def test_what_is_due_is_handled_once_the_earliest_first() -> None:
    state = FoldedLedger().state
    fired: list[str] = []
    timers = Timers(state, {"ring": fired.append})
    for due_ms, subject in ((30, "late"), (10, "early"), (99, "not yet")):
        state.set_timer(due_ms, "ring", subject)
    state.now_ms = 30
    timers.fire()
    timers.fire()
    assert fired == ["early", "late"]
    assert state.next_due == 99


def test_a_kind_that_nothing_handles_is_taken_out_without_effect() -> None:
    state = FoldedLedger().state
    state.set_timer(10, "unheard of", "x")
    state.now_ms = 10
    Timers(state, {}).fire()
    assert state.next_due is None


def test_nothing_fires_while_the_clock_is_suspect() -> None:
    state = FoldedLedger().state
    fired: list[str] = []
    state.set_timer(10, "ring", "x")
    state.now_ms, state.suspect = 10, True
    Timers(state, {"ring": fired.append}).fire()
    assert fired == []


def test_one_block_fires_so_many_and_leaves_the_rest_to_the_next() -> None:
    state = FoldedLedger().state
    fired: list[str] = []
    timers = Timers(state, {"ring": fired.append})
    for number in range(TIMERS_MAX + 1):
        state.set_timer(10, "ring", f"{number:05d}")
    state.now_ms = 10
    timers.fire()
    assert (len(fired), state.next_due) == (TIMERS_MAX, 10)
    timers.fire()  # after an act of the same block
    assert len(fired) == TIMERS_MAX
    state.block += 1
    timers.fire()
    assert len(fired) == TIMERS_MAX + 1


def test_long_work_has_a_share_of_each_block_whatever_else_is_due() -> None:
    state = FoldedLedger().state
    fired: list[str] = []

    def look(subject: str) -> int:
        fired.append(subject)
        return LOOKED_AT_MAX // 2

    timers = Timers(state, {"ring": lambda _: None}, {"look": look})
    for number in range(TIMERS_MAX + 1):
        state.set_timer(5, "ring", f"{number:05d}")
    for subject in ("first", "second", "third"):
        state.set_timer(10, "look", subject)
    state.now_ms = 10
    timers.fire()
    timers.fire()  # after an act of the same block
    assert fired == ["first", "second"]
    assert timers.effort == TIMERS_MAX + LOOKED_AT_MAX
    state.block += 1
    timers.fire()
    assert (fired, state.next_due) == (["first", "second", "third"], None)
