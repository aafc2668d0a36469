"""The life of a command: one outcome, whatever is heard and in which order."""

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.commands.course import (
    ATTEMPTS_MAX,
    HISTORY_MAX,
    OUTCOMES,
    TRANSITIONS,
    Command,
    Happening,
    State,
    again_ms,
    ask,
    deadline_ms,
    handed_over,
    may_go_again,
    step,
)

DRAWING = Path(__file__).parents[4] / "docs" / "commands.md"
HAPPENINGS = st.lists(st.sampled_from(get_args(Happening)), max_size=60)


def asked() -> Command:
    return ask(
        Command(
            command_id="1.2.0.0",
            device_id="d-1",
            name="identify",
            args={},
            author="ann",
            asked_ms=1_000,
            expires_ms=301_000,
            reply_by_ms=371_000,
        )
    )


def after(*happenings: Happening) -> Command:
    command = asked()
    for at_ms, what in enumerate(happenings, start=2_000):
        command = step(command, what, at_ms)
    return command


@pytest.mark.parametrize(
    ("happenings", "state"),
    [
        ((), "asked"),
        (("sent",), "sent"),
        (("sent", "accepted"), "accepted"),
        (("sent", "accepted", "done"), "done"),
        (("sent", "done"), "done"),
        (("sent", "failed"), "failed"),
        (("sent", "rejected"), "refused"),
        (("sent", "expired"), "expired"),
        (("deadline",), "expired"),
        (("sent", "deadline"), "unknown_outcome"),
        (("sent", "accepted", "deadline"), "unknown_outcome"),
        (("sent", "unheard"), "asked"),
        (("sent", "unheard", "deadline"), "expired"),
        (("sent", "unheard", "withdrawn"), "expired"),
        (("sent", "withdrawn"), "sent"),
        (("sent", "sent", "unheard"), "sent"),
        (("sent", "sent", "unheard", "deadline"), "unknown_outcome"),
        (("sent", "accepted", "sent", "unheard"), "accepted"),
    ],
)
def test_what_is_heard_leads_to_a_state(
    happenings: tuple[Happening, ...], state: State
) -> None:
    assert after(*happenings).state == state


def test_a_word_that_comes_late_is_told_and_changes_nothing() -> None:
    late = after("sent", "deadline", "done", "done")
    assert (late.state, late.settled_ms) == ("unknown_outcome", 2_001)
    assert [(one.what, one.late) for one in late.history] == [
        ("asked", False),
        ("sent", False),
        ("deadline", False),
        ("done", True),
    ]


@given(HAPPENINGS)
def test_there_is_one_outcome_and_nothing_follows_it(
    happenings: list[Happening],
) -> None:
    command, settled = asked(), []
    for at_ms, what in enumerate(happenings):
        before, command = command, step(command, what, at_ms)
        if before.is_open and not command.is_open:
            settled.append(command)
        if not before.is_open:
            assert (command.state, command.settled_ms) == (
                before.state,
                before.settled_ms,
            )
    assert len(settled) <= 1
    assert [
        one for one in command.history if one.state in OUTCOMES and not one.late
    ] == [one for one in command.history if one.what == settled_by(settled)][:1]
    assert len(command.history) <= HISTORY_MAX
    assert command.history[0].by == "ann"


def settled_by(settled: list[Command]) -> str | None:
    return settled[0].history[-1].what if settled else None


@given(HAPPENINGS)
def test_what_may_have_been_heard_never_ends_as_never_sent(
    happenings: list[Happening],
) -> None:
    command = asked()
    for at_ms, what in enumerate([*happenings, "deadline"]):
        before, command = command, step(command, what, at_ms)
        if before.is_open and what == "deadline" and command.state == "expired":
            assert before.sent == before.unheard


def test_every_state_is_reached_and_every_outcome_is_the_end() -> None:
    assert set(TRANSITIONS) == set(get_args(State))
    reached = {to for moves in TRANSITIONS.values() for to in moves.values()}
    assert reached == set(TRANSITIONS)
    assert all(not TRANSITIONS[outcome] for outcome in OUTCOMES)


def test_the_drawing_is_the_table() -> None:
    drawn = DRAWING.read_text("utf-8").partition("```mermaid\n")[2].partition("```")[0]
    lines = {
        f"{start} --> {to}: {what}"
        for start, moves in TRANSITIONS.items()
        for what, to in moves.items()
        if start != to
    }
    assert {line.strip() for line in drawn.splitlines() if ": " in line} == lines


def test_it_goes_again_only_while_nothing_was_heard() -> None:
    assert not may_go_again(asked(), 2_000), "it is on its way"
    sent = after("sent")
    assert may_go_again(sent, 2_000)
    assert not may_go_again(sent, 301_000), "too late"
    assert not may_go_again(handed_over(sent), 2_000), "on its way again"
    assert not may_go_again(after("sent", "accepted"), 2_000)
    for _ in range(ATTEMPTS_MAX - 1):
        sent = step(handed_over(sent), "sent", 2_000)
    assert not may_go_again(sent, 2_000), "for ever"


def test_what_nobody_heard_is_tried_again_later_each_time() -> None:
    first = after("sent", "unheard")
    second = step(step(handed_over(first), "sent", 0), "unheard", 0)
    assert (again_ms(first, 0), again_ms(second, 0)) == (2_000, 4_000)


def test_a_reply_is_waited_for_only_if_the_broker_had_it() -> None:
    assert deadline_ms(asked()) == 301_000
    assert deadline_ms(after("sent")) == 371_000
    assert deadline_ms(after("sent", "unheard")) == 301_000
