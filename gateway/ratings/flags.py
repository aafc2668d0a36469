"""Flags on ratings that may not be genuine: each with its evidence, nothing deleted.

Source: rating rules, "Genuine ratings". Each rule is a function of what is known at
the press and answers the flag or None. Which flags keep a rating out of the verified
figures is a table of the site.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

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
OPENS_FAULT: Final = frozenset({"stuck_key"})


class Flag(NamedTuple):
    """A flag and what it rests on; the evidence is small and fit for JSON."""

    name: str
    evidence: Mapping[str, int | str] = MappingProxyType({})


class FlagRules(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of all flags, and which of them exclude."""

    response_interval_ms: int = 5_000
    burst_presses: int = 10
    burst_within_ms: int = 60_000
    metronome_presses: int = 6
    metronome_jitter_ms: int = 50
    metronome_gap_ms_max: int = 30_000
    held_ms_max: int = 10_000
    multi_key_within_ms: int = 100
    prompt_delay_ms_min: int = 300
    excluding: frozenset[str] = EXCLUDING


class Pressed(NamedTuple):
    """One press of a device; `key` is its physical key, else the level pressed."""

    occurred_ms: int
    key: int
    rating_id: str = ""


def keeps_out(flags: Iterable[str], rules: FlagRules) -> bool:
    """Whether flags keep a rating out of the verified figures."""
    return not rules.excluding.isdisjoint(flags)


def table_errors(excluding: Collection[str]) -> list[str]:
    """What is wrong with a site's table, one line each; none: it can be used."""
    return [
        f"{name!r} is no flag: choose of {', '.join(sorted(FLAGS))}"
        for name in sorted(set(excluding) - FLAGS)
    ]


def double_press(
    pressed: Pressed,
    before: Pressed | None,
    session_opened_ms: int | None,
    rules: FlagRules,
) -> Flag | None:
    """The same device again within the interval, with no new session in between.

    For presses without a session number; those of one session are chosen among by
    `multi_press`.
    """
    if before is None:
        return None
    apart_ms = pressed.occurred_ms - before.occurred_ms
    if not 0 <= apart_ms <= rules.response_interval_ms:
        return None
    opened_ms = session_opened_ms
    if opened_ms is not None and before.occurred_ms < opened_ms <= pressed.occurred_ms:
        return None
    return Flag("double_press", {"after_ms": apart_ms, "first": before.rating_id})


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
        return Flag("stuck_key", {"key": pressed.key, "held_ms": key_down_ms})
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
    if not steady or max(gaps) > rules.metronome_gap_ms_max:
        return None
    return Flag("stuck_key", {"key": pressed.key, "every_ms": gaps[-1]})


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


def press_test(
    occurred_ms: int, tests: Iterable[tuple[int, int | None]]
) -> Flag | None:
    """Pressed while somebody tested the keys; `tests` are half-open spans."""
    for since_ms, until_ms in tests:
        if since_ms <= occurred_ms and (until_ms is None or occurred_ms < until_ms):
            return Flag("press_test", {"since_ms": since_ms})
    return None


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
    return None if open_then or not sessions else Flag("out_of_session")


def outside_hours(*, is_open: bool) -> Flag | None:
    """The site was closed: `fleet.hours.Opening` says whether it was."""
    return None if is_open else Flag("outside_hours")
