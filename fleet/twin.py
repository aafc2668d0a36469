"""Desired settings of a terminal, against those that it says it has.

Settings have a revision that only grows (device protocol v1, "config"): a terminal
takes the highest one it hears of and reports it as `config_revision`.
"""

from typing import Any, Final, Literal

import msgspec

from fleet.presence import Known
from fleet.vitals import Vitals

SETTLE_MS: Final = 15 * 60_000
"""A terminal that is there has taken new settings by then, and said so."""

State = Literal["unset", "unknown", "pending", "applied", "drifted"]


class Twin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wanted of a terminal; `desired` None: its own settings hold."""

    device_id: str
    revision: int
    desired: dict[str, Any] | None
    author: str | None
    at_ms: int


def reported_by(known: Known, vitals: Vitals | None) -> int | None:
    """The revision that a terminal says it has: by its last birth or heartbeat.

    What its will or goodbye said tells nothing of it.
    """
    beat = None if vitals is None else vitals.config_revision
    if beat is None or vitals is None:
        return known.config_revision
    reborn = known.state == "online" and known.received_ms > vitals.received_ms
    return known.config_revision if reborn else beat


def next_revision(known: Twin | None, reported: int | None) -> int:
    """Above all that the terminal may know of, so that it takes the new ones.

    It may have been told by another gateway, or before this one was restored.
    """
    return max(0 if known is None else known.revision, reported or 0) + 1


def state_of(twin: Twin | None, reported: int | None, now_ms: int) -> State:
    """How a terminal stands to what is wanted of it.

    `unknown`: it never said which revision it has. `pending`: it may still be on its
    way to the newest one.
    """
    if twin is None or twin.desired is None:
        return "unset"
    if reported is None:
        return "unknown"
    if reported == twin.revision:
        return "applied"
    fresh = reported < twin.revision and now_ms < twin.at_ms + SETTLE_MS
    return "pending" if fresh else "drifted"
