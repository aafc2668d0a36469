"""The life of an alert: its table, and its drawing in the docs."""

from pathlib import Path

from fleet.alerts import ADVICE, TRANSITIONS, AlertState, Sign, advice_for, drawing


def test_the_page_shows_the_life_of_an_alert_as_it_is() -> None:
    page = Path(__file__).parents[3] / "docs" / "fleet.md"
    assert f"```mermaid\n{drawing()}\n```" in page.read_text("utf-8")


def test_every_state_can_be_reached_and_left_and_every_sign_has_an_effect() -> None:
    assert set(TRANSITIONS.values()) == set(AlertState)
    assert {before for before, _ in TRANSITIONS} == set(AlertState)
    assert {sign for _, sign in TRANSITIONS} == set(Sign)


def test_what_stands_always_ends_and_what_is_over_is_not_confirmed() -> None:
    for state in set(AlertState) - {AlertState.RESOLVED}:
        assert TRANSITIONS[state, Sign.CLEARED] is AlertState.RESOLVED
    assert (AlertState.RESOLVED, Sign.CONFIRMED) not in TRANSITIONS


def test_alerts_of_what_happened_say_how_a_person_resolves_them() -> None:
    assert all("resolve it" in text for text in ADVICE.values())
    assert "by itself" in advice_for("offline")
