"""The life of an alert as a table: what persons, time and its cause make of it.

Source: fleet health, "Alerts".
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

MINUTE_MS: Final = 60_000
TWINS_CALM_MS: Final = 24 * 60 * MINUTE_MS
"""Two devices under one id are one again when no older boot spoke for so long, and
until the close of the next day of service."""


class AlertState(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class Sign(StrEnum):
    CONFIRMED = "confirmed by a person"
    SNOOZED = "put aside until a time"
    ELAPSED = "that time has come"
    CLEARED = "its cause is gone"
    CLOSED = "resolved by a person"
    RETURNED = "its cause is back within the cooldown"
    RETURNED_KNOWN = "back within the cooldown, and it was confirmed before"


_A, _S = AlertState, Sign

TRANSITIONS: Final[Mapping[tuple[AlertState, Sign], AlertState]] = MappingProxyType(
    {
        (_A.OPEN, _S.CONFIRMED): _A.CONFIRMED,
        (_A.OPEN, _S.SNOOZED): _A.SNOOZED,
        (_A.CONFIRMED, _S.CONFIRMED): _A.CONFIRMED,
        (_A.CONFIRMED, _S.SNOOZED): _A.SNOOZED,
        (_A.SNOOZED, _S.CONFIRMED): _A.CONFIRMED,
        (_A.SNOOZED, _S.SNOOZED): _A.SNOOZED,
        (_A.SNOOZED, _S.ELAPSED): _A.OPEN,
        **{
            (state, sign): _A.RESOLVED
            for state in (_A.OPEN, _A.CONFIRMED, _A.SNOOZED)
            for sign in (_S.CLEARED, _S.CLOSED)
        },
        (_A.RESOLVED, _S.RETURNED): _A.OPEN,
        (_A.RESOLVED, _S.RETURNED_KNOWN): _A.CONFIRMED,
    }
)

ADVICE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "id_conflict": "look at `evalgate quarantine list --reason id_conflict` and"
        " mend the firmware, then resolve it",
        "events_given_up": "mend the sink; what it missed can be had from the API;"
        " then resolve it",
        "session_lost": "see that the broker keeps our session, then resolve it",
        "quarantine_full": "replay or purge what waits in quarantine, then resolve it",
        "gap": "run `evalgate verify`, find out what happened to the disk, then"
        " resolve it",
        "journal_damaged": "run `evalgate verify`, keep the damaged file for analysis,"
        " then resolve it",
        "duplicate_identity": "give one of the two devices an id of its own, then"
        " resolve it; it ends by itself after a day of service on which one of them was"
        " silent",
    }
)
"""Alerts that tell of something that happened: a person resolves them, and how."""

BY_ITSELF: Final = "it ends by itself when its cause is gone; confirm or snooze it"


def advice_for(cause: str) -> str:
    """What a person does about an alert of this cause."""
    return ADVICE.get(cause, BY_ITSELF)


def drawing() -> str:
    """The table as a Mermaid state diagram, for the page about the fleet."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (before, sign), after in TRANSITIONS.items():
        arrows.setdefault((before, after), []).append(sign.value)
    lines = ["stateDiagram-v2", f"    [*] --> {AlertState.OPEN}: its cause is seen"]
    lines += [
        f"    {before} --> {after}: {' / '.join(signs)}"
        for (before, after), signs in arrows.items()
    ]
    return "\n".join(lines)
