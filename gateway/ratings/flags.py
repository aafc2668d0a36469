"""Flags on ratings that may not be genuine: each with its evidence, nothing deleted.

Source: rating rules, "Genuine ratings". Each rule is a function of what is known at
the press and answers the flag or None. Which flags keep a rating out of the verified
figures is a table of the site.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import msgspec

from fleet.hours import Span
from gateway.rules import EXCLUDING_FLAGS

EXCLUDING: Final = frozenset(EXCLUDING_FLAGS)
INFORMING: Final = frozenset(
    {
        "after_departure",
        "out_of_session",
        "outside_hours",
        "late",
        "orphan",
        "repeat",
        "raised_at_counter",
        "seq_reused",
        "employee_mismatch",
        "derived_id",
        "time_uncertain",
    }
)
FLAGS: Final = EXCLUDING | INFORMING
PRESS_TEST: Final = "press_test"
OUT_OF_SESSION: Final = "out_of_session"
STUCK_KEY: Final = "stuck_key"
"""Opens a fault of the device, too."""


Evidence = Mapping[str, int | str]
"""What a flag rests on: small, and fit for JSON."""


INSTANTS: Final = frozenset(
    {
        "closed_ms",
        "deadline_ms",
        "next_opened_ms",
        "occurred_ms",
        "opens_ms",
        "received_ms",
    }
)
"""What in evidence is a moment; all else in ms is how long something took."""


class Flag(NamedTuple):
    """A flag and what it rests on."""

    name: str
    evidence: Evidence = MappingProxyType({})


class FlagRules(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of all flags."""

    response_interval_ms: int = 5_000
    multi_press: Literal["first", "last"] = "first"
    burst_presses: int = 10
    burst_within_ms: int = 60_000
    metronome_presses: int = 6
    metronome_jitter_ms: int = 50
    metronome_gap_ms_max: int = 30_000
    held_ms_max: int = 10_000
    multi_key_within_ms: int = 100
    prompt_delay_ms_min: int = 300


class Pressed(NamedTuple):
    """One press of a device; `key` is its physical key, else the level pressed.

    `exact`: its device knows the moment; else it is that of the receipt, which says
    nothing of fractions of a second.
    """

    occurred_ms: int
    key: int
    rating_id: str = ""
    exact: bool = True


def keeps_out(flags: Collection[str], excluding: AbstractSet[str]) -> bool:
    """Whether flags keep a rating out of the verified figures.

    A press of a test always is: nobody meant it as an answer.
    """
    return PRESS_TEST in flags or not excluding.isdisjoint(flags)


def table_errors(excluding: Collection[str]) -> list[str]:
    """What is wrong with a site's table, one line each; none: it can be used."""
    return [
        f"{name!r} is no flag: choose of {', '.join(sorted(FLAGS))}"
        for name in sorted(set(excluding) - FLAGS)
    ]


def burst(pressed: Pressed, others: Iterable[Pressed], rules: FlagRules) -> Flag | None:
    """More presses of one device within a minute than customers can make."""
    since_ms = pressed.occurred_ms - rules.burst_within_ms
    presses = 1 + sum(
        since_ms < one.occurred_ms <= pressed.occurred_ms for one in others
    )
    if presses <= rules.burst_presses:
        return None
    return Flag("burst", {"presses": presses, "within_ms": rules.burst_within_ms})


def stuck_key(
    pressed: Pressed,
    others: Iterable[Pressed],
    key_down_ms: int | None,
    rules: FlagRules,
) -> Flag | None:
    """A key held too long, or pressed like a metronome; opens a fault, too."""
    if key_down_ms is not None and key_down_ms > rules.held_ms_max:
        return Flag(STUCK_KEY, {"key": pressed.key, "held_ms": key_down_ms})
    same = [
        one.occurred_ms
        for one in others
        if one.key == pressed.key and one.occurred_ms < pressed.occurred_ms
    ]
    times = [*sorted(same), pressed.occurred_ms][-rules.metronome_presses :]
    if len(times) < rules.metronome_presses:
        return None
    gaps = [later - earlier for earlier, later in pairwise(times)]
    steady = max(gaps) - min(gaps) <= rules.metronome_jitter_ms
    # Presses at the same instant are no beat: their clock stands still.
    if not steady or not 0 < min(gaps) <= max(gaps) <= rules.metronome_gap_ms_max:
        return None
    return Flag(STUCK_KEY, {"key": pressed.key, "every_ms": gaps[-1]})


def multi_key(
    pressed: Pressed, others: Iterable[Pressed], rules: FlagRules
) -> Flag | None:
    """Another key of the device at the same moment: a hand on the panel."""
    for one in others:
        apart_ms = abs(pressed.occurred_ms - one.occurred_ms)
        if one.key != pressed.key and apart_ms <= rules.multi_key_within_ms:
            return Flag("multi_key", {"other_key": one.key, "apart_ms": apart_ms})
    return None


def too_fast(prompt_delay_ms: int | None, rules: FlagRules) -> Flag | None:
    """Answered sooner than anyone can read the question."""
    if prompt_delay_ms is None or prompt_delay_ms >= rules.prompt_delay_ms_min:
        return None
    return Flag("too_fast", {"prompt_delay_ms": prompt_delay_ms})


def after_departure(occurred_ms: int, next_opened_ms: int | None) -> Flag | None:
    """The next session of the window had already opened."""
    if next_opened_ms is None or occurred_ms < next_opened_ms:
        return None
    return Flag("after_departure", {"next_opened_ms": next_opened_ms})


def out_of_session(
    occurred_ms: int, sessions: Sequence[tuple[int, int | None]]
) -> Flag | None:
    """No session was open at the window; `sessions` are its half-open spans.

    A window that no session is known of is one that nobody tells us about.
    """
    open_then = any(
        since_ms <= occurred_ms and (until_ms is None or occurred_ms < until_ms)
        for since_ms, until_ms in sessions
    )
    return None if open_then or not sessions else Flag(OUT_OF_SESSION)


def outside_hours(span: Span) -> Flag | None:
    """The site was closed; `span` is that of its hours (`fleet.hours.Opening.at`)."""
    if span.is_open:
        return None
    return Flag(
        "outside_hours", {"closed_ms": span.since_ms, "opens_ms": span.until_ms}
    )
