"""Which rating of a session counts: a function of the set of its presses.

Source: rating rules, "Session lifecycle". The order of arrival never matters.
"""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import msgspec

AMENDED: Final = "rating.amended"
SUPERSEDED: Final = "rating.superseded"
DOUBLE_PRESS: Final = "double_press"
REPEAT: Final = "repeat"


class Press(msgspec.Struct, frozen=True, gc=False):
    """One rating of a session, as far as the choice needs it; times in ms."""

    place: int
    rating_id: str
    device_id: str
    seq: int | None
    occurred_ms: int
    origin: str
    round: str
    amends: str | None
    voided: bool = False  # as the rating in effect, or an earlier version of it


class Policy(msgspec.Struct, frozen=True, gc=False):
    """The rules in force; `amend_window_ms` counts from the first rating."""

    response_interval_ms: int = 5_000
    multi_press: str = "first"
    amendments_max: int = 1
    amend_window_ms: int = 5 * 86_400_000


class Standing(NamedTuple):
    """How one press stands: `by` is the press that amends or supersedes it."""

    effective: bool
    flag: str | None = None
    replaced: str | None = None
    by: str | None = None


_IN_EFFECT: Final = Standing(effective=True)


class Settlement(NamedTuple):
    """Every press's standing by its place, and the one in effect."""

    standings: dict[int, Standing]
    effective: int | None


def order(press: Press) -> tuple[int, str, int, str]:
    """The order of ratings in a session: time, device, seq (absent first), id."""
    seq = -1 if press.seq is None else press.seq
    return press.occurred_ms, press.device_id, seq, press.rating_id


def settle(
    presses: Iterable[Press],
    policy: Policy,
    amend_until: Callable[[int], int] | None = None,
) -> Settlement:
    """Choose the rating in effect and say how every other one stands.

    `amend_until` gives the exclusive end of the window that the first rating's time
    opens; without it that is the policy's length.
    """
    ordered = sorted(presses, key=order)
    if len(ordered) == 1 and ordered[0].round == "initial" and not ordered[0].voided:
        place = ordered[0].place  # nearly all sessions: a rating alone is in effect
        return Settlement({place: _IN_EFFECT}, place)
    standings = {press.place: Standing(effective=False) for press in ordered}
    customers = [
        press
        for press in ordered
        if press.round == "initial" and press.origin != "device_timeout"
    ]
    chosen = _choose(customers, policy, standings, amend_until)
    chosen = _fall_back(ordered, chosen, standings)
    if chosen is None or any(press.voided for press in ordered):
        return Settlement(standings, None)
    standings[chosen.place] = _IN_EFFECT
    return Settlement(standings, chosen.place)


def _choose(
    customers: list[Press],
    policy: Policy,
    standings: dict[int, Standing],
    amend_until: Callable[[int], int] | None,
) -> Press | None:
    ids = {press.rating_id for press in customers}
    plain = [press for press in customers if press.amends not in ids]
    if not plain:
        plain = customers[:1]
    if not plain:
        return None
    first = chosen = plain[0]
    plain_places = {press.place for press in plain}
    amendments = 0
    until_ms = first.occurred_ms + policy.amend_window_ms + 1
    if amend_until is not None and len(customers) > 1:
        until_ms = amend_until(first.occurred_ms)
    for press in customers:
        if press is first:
            continue
        near = press.occurred_ms - first.occurred_ms <= policy.response_interval_ms
        if near and press.place in plain_places:
            chosen = _double(press, chosen, policy, standings)
        elif amendments < policy.amendments_max and press.occurred_ms < until_ms:
            standings[chosen.place] = Standing(
                effective=False, replaced=AMENDED, by=press.rating_id
            )
            chosen = press
            amendments += 1
        else:
            standings[press.place] = Standing(effective=False, flag=REPEAT)
    return chosen


def _double(
    press: Press, chosen: Press, policy: Policy, standings: dict[int, Standing]
) -> Press:
    loser, winner = (chosen, press) if policy.multi_press == "last" else (press, chosen)
    standings[loser.place] = Standing(effective=False, flag=DOUBLE_PRESS)
    return winner


def _fall_back(
    ordered: list[Press], chosen: Press | None, standings: dict[int, Standing]
) -> Press | None:
    """A device's timeout counts only while no customer has rated."""
    timeouts = [
        press
        for press in ordered
        if press.origin == "device_timeout" and press.round == "initial"
    ]
    if chosen is None:
        return timeouts[0] if timeouts else None
    for press in timeouts:
        standings[press.place] = Standing(
            effective=False, replaced=SUPERSEDED, by=chosen.rating_id
        )
    return chosen
