"""The table of transitions, and the drawing that is made from it."""

import re
from pathlib import Path

import pytest

from gateway.ratings.lifecycle import TRANSITIONS, Signal, State, drawing, run

DOCUMENT = Path(__file__).parents[4] / "docs" / "rating-rules.md"


def test_the_drawing_in_the_documents_is_the_tables() -> None:
    found = re.search(r"```mermaid\n(.*?)\n```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert found is not None
    assert found.group(1) == drawing()


def test_every_state_is_reached() -> None:
    assert set(TRANSITIONS.values()) | {State.OPENED} == set(State)


def test_nothing_leads_out_of_voided() -> None:
    assert not [state for state, _ in TRANSITIONS if state == State.VOIDED]


@pytest.mark.parametrize(
    ("signals", "state"),
    [
        ([], State.OPENED),
        ([Signal.ENDED], State.AWAITING),
        ([Signal.ENDED, Signal.RATING, Signal.AMENDMENT], State.AMENDED),
        ([Signal.ENDED, Signal.DEFAULT, Signal.RATING], State.RATED),
        ([Signal.ENDED, Signal.EXPIRY], State.EXPIRED),
        ([Signal.CLOSING], State.CLOSED),
        ([Signal.RATING, Signal.VOID], State.VOIDED),
    ],
)
def test_signals_lead_where_the_table_says(signals: list[Signal], state: State) -> None:
    assert run(*signals) == state


def test_what_the_table_does_not_name_is_our_own_fault() -> None:
    with pytest.raises(AssertionError, match="amendment means nothing in awaiting"):
        run(Signal.ENDED, Signal.AMENDMENT)
