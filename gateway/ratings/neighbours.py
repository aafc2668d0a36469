"""Flags that a press gets from those around it: a function of the set of presses.

Source: rating rules, "Genuine ratings". Neither the order in which presses came nor
how many came at once matters: what comes late changes the flags of its neighbours.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from gateway.ratings.flags import (
    Evidence,
    Flag,
    FlagRules,
    Pressed,
    burst,
    multi_key,
    out_of_session,
    stuck_key,
)
from gateway.ratings.sessions import DOUBLE_PRESS

NEAR_MS: Final = 60_000
"""Presses further apart than this never make each other suspicious."""
KNOWN_MS: Final = 12 * 3_600_000
"""Sessions of a window are known of while one of them opened so long ago at most."""
BY_NEIGHBOURS: Final = frozenset(
    {DOUBLE_PRESS, "burst", "stuck_key", "multi_key", "out_of_session"}
)
"""What the presses of a device and the sessions of its window decide together."""

Found = Mapping[str, tuple[Flag, ...]]
"""Flags by rating_id."""


class Opened(NamedTuple):
    """A session of the window, from its opening to its end (None: not known)."""

    opened_ms: int
    ended_ms: int | None


def is_met(
    occurred_ms: int, key: int, others: Iterable[tuple[int, int]], rules: FlagRules
) -> bool:
    """Whether a press can change any flag, its own or those of `others`.

    These are the moments and keys of other presses of its device. Quick, and sometimes
    yes in vain.
    """
    close_ms = max(rules.response_interval_ms, rules.multi_key_within_ms)
    beats_ms = rules.metronome_gap_ms_max * (rules.metronome_presses - 1)
    window_ms = rules.burst_within_ms
    crowd = rules.burst_presses
    beats = rules.metronome_presses - 1
    for other_ms, other_key in others:
        apart_ms = abs(other_ms - occurred_ms)
        if apart_ms <= close_ms:
            return True
        crowd -= apart_ms <= window_ms
        beats -= other_key == key and apart_ms <= beats_ms
    return crowd <= 0 or beats <= 0


def cluster(presses: Sequence[Pressed], at_ms: int) -> Sequence[Pressed]:
    """Those of `presses`, which are in their order, that reach a moment step by step.

    No step is longer than `NEAR_MS`.
    """
    low = high = next(
        (at for at, one in enumerate(presses) if one.occurred_ms >= at_ms),
        len(presses),
    )
    edge_ms = at_ms
    while low and edge_ms - presses[low - 1].occurred_ms <= NEAR_MS:
        low -= 1
        edge_ms = presses[low].occurred_ms
    edge_ms = at_ms
    while high < len(presses) and presses[high].occurred_ms - edge_ms <= NEAR_MS:
        edge_ms = presses[high].occurred_ms
        high += 1
    return presses[low:high]


def in_order(presses: Iterable[Pressed]) -> list[Pressed]:
    """By their moments; the rating_id tells equal ones apart."""
    return sorted(presses, key=lambda one: (one.occurred_ms, one.rating_id))


def among(presses: Iterable[Pressed], rules: FlagRules) -> dict[str, tuple[Flag, ...]]:
    """`burst`, `stuck_key` by a metronome and `multi_key` of presses of one device."""
    ordered = in_order(presses)
    found: dict[str, tuple[Flag, ...]] = {}
    if len(ordered) > 1:
        for at, one in enumerate(ordered):
            others = [*ordered[:at], *ordered[at + 1 :]]
            flags = [burst(one, others, rules)]
            if one.exact:
                exact = [other for other in others if other.exact]
                flags.append(stuck_key(one, exact, None, rules))
                flags.append(_nearest(one, exact, rules))
            found[one.rating_id] = tuple(flag for flag in flags if flag is not None)
    return found


def _nearest(
    pressed: Pressed, others: Iterable[Pressed], rules: FlagRules
) -> Flag | None:
    """`multi_key` by the other key that is nearest, whatever came first."""
    nearest = sorted(
        others, key=lambda one: (abs(one.occurred_ms - pressed.occurred_ms), one.key)
    )
    return multi_key(pressed, nearest, rules)


def unnumbered(
    presses: Iterable[Pressed], sessions: Sequence[Opened], rules: FlagRules
) -> Found:
    """All flags by neighbours of presses without a session number, of one device.

    `sessions` are those of its window that opened within `KNOWN_MS` before any of
    them.
    """
    ordered = in_order(presses)
    found = among(ordered, rules)
    openings = [one.opened_ms for one in sessions]
    doubles = {
        name: flag
        for group in _groups(ordered, openings, rules)
        for name, flag in _doubles(group, rules)
    }
    for one in ordered:
        flags = list(found.get(one.rating_id, ()))
        if one.rating_id in doubles:
            flags.insert(0, doubles[one.rating_id])
        outside = out_of_session(one.occurred_ms, list(_known(one, sessions)))
        if outside is not None:
            flags.append(outside)
        found[one.rating_id] = tuple(flags)
    return found


def _known(
    pressed: Pressed, sessions: Iterable[Opened]
) -> Iterator[tuple[int, int | None]]:
    """The sessions by which a window's state at a press is known.

    One whose end nobody told lasts until the next one opens.
    """
    at_ms = pressed.occurred_ms
    before = [one for one in sessions if at_ms - KNOWN_MS <= one.opened_ms <= at_ms]
    for one in before:
        until_ms = one.ended_ms
        if until_ms is None:
            later = (other.opened_ms for other in before)
            until_ms = min((ms for ms in later if ms > one.opened_ms), default=None)
        yield one.opened_ms, until_ms


def _groups(
    ordered: Sequence[Pressed], openings: Sequence[int], rules: FlagRules
) -> Iterator[list[Pressed]]:
    """Presses within the interval of the first of them, with no opening between."""
    group: list[Pressed] = []
    for one in ordered:
        first_ms = group[0].occurred_ms if group else 0
        if group and (
            one.occurred_ms - first_ms > rules.response_interval_ms
            or any(first_ms < opened <= one.occurred_ms for opened in openings)
        ):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _doubles(group: Sequence[Pressed], rules: FlagRules) -> Iterator[tuple[str, Flag]]:
    """One press is the answer; the others of its group are not."""
    chosen = group[-1 if rules.multi_press == "last" else 0]
    for one in group:
        if one is not chosen:
            apart_ms = abs(one.occurred_ms - chosen.occurred_ms)
            evidence: Evidence = {"apart_ms": apart_ms, "counts": chosen.rating_id}
            yield one.rating_id, Flag(DOUBLE_PRESS, evidence)
