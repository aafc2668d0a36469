"""The life of a session as a table of transitions, and its drawing.

    opened -ended-> awaiting -rating-> rated -amendment-> amended

The table is the only place that names what may follow what; the drawing in the
documents is made from it. Source: rating rules, "Session lifecycle".
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache, reduce
from types import MappingProxyType
from typing import Final


class State(StrEnum):
    OPENED = "opened"
    AWAITING = "awaiting"
    RATED = "rated"
    AMENDED = "amended"
    VOIDED = "voided"
    DEFAULTED = "defaulted"
    EXPIRED = "expired"
    CLOSED = "closed"


class Signal(StrEnum):
    """What moves a session on; `closing` is cancelled or not_eligible."""

    ENDED = "ended"
    RATING = "rating"
    AMENDMENT = "amendment"
    VOID = "void"
    DEFAULT = "default"
    EXPIRY = "expiry"
    CLOSING = "closing"


TRANSITIONS: Final[Mapping[tuple[State, Signal], State]] = MappingProxyType(
    {
        (State.OPENED, Signal.ENDED): State.AWAITING,
        (State.OPENED, Signal.CLOSING): State.CLOSED,
        (State.AWAITING, Signal.CLOSING): State.CLOSED,
        # A rating may come before the service has ended, and after all deadlines:
        # whether it counts is decided by the time of its press.
        (State.OPENED, Signal.RATING): State.RATED,
        (State.AWAITING, Signal.RATING): State.RATED,
        (State.DEFAULTED, Signal.RATING): State.RATED,
        (State.EXPIRED, Signal.RATING): State.RATED,
        (State.CLOSED, Signal.RATING): State.RATED,
        (State.RATED, Signal.AMENDMENT): State.AMENDED,
        (State.AMENDED, Signal.AMENDMENT): State.AMENDED,
        # A terminal's own timeout is a default, too, and needs no deadline.
        (State.OPENED, Signal.DEFAULT): State.DEFAULTED,
        (State.AWAITING, Signal.DEFAULT): State.DEFAULTED,
        (State.AWAITING, Signal.EXPIRY): State.EXPIRED,
        # Nothing leads out of voided.
        (State.RATED, Signal.VOID): State.VOIDED,
        (State.AMENDED, Signal.VOID): State.VOIDED,
        (State.DEFAULTED, Signal.VOID): State.VOIDED,
    }
)


def step(state: State, signal: Signal) -> State:
    """The state that follows."""
    following = TRANSITIONS.get((state, signal))
    assert following is not None, f"{signal} means nothing in {state}"
    return following


@lru_cache(1024)
def run(*signals: Signal) -> State:
    """The state after these signals; they are few combinations, so kept."""
    return reduce(step, signals, State.OPENED)


def drawing() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> opened"]
    lines += [
        f"    {state} --> {following}: {signal}"
        for (state, signal), following in TRANSITIONS.items()
    ]
    sources = {state for state, _ in TRANSITIONS}
    lines += [f"    {state} --> [*]" for state in State if state not in sources]
    return "\n".join(lines)
