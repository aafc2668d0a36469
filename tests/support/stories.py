"""What may happen to one session, drawn by dice: facts that come in any order.

Each fact can come at its own moment at the earliest: on the day of the service, three
days later, or when the deadline has passed.
"""

import random
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from gateway.ports import Record
from tests.support.folding import DAY_MS, act, message

MINUTE_MS: Final = 60_000
MOMENTS: Final = (12 * 3_600_000, 3 * DAY_MS, 12 * DAY_MS)
"""When the three moments are, after the service began."""

Made = Callable[[str, int], Record]
"""The record of a site's terminal, received at a time."""


class Fact(NamedTuple):
    """`earliest` is the first moment that it can come at; `after` what must be known.

    An act is a decision about what stands: it needs what it is about.
    """

    name: str
    earliest: int
    made: Made
    after: str | None = None


def story(dice: random.Random, began_ms: int) -> list[Fact]:
    """Some of all facts; always an end or a rating."""
    facts = [*_service(began_ms), *_presses(dice, began_ms)]
    if dice.random() < 0.3:
        facts += _reused(began_ms + DAY_MS)
    kept = [one for one in facts if dice.random() < 0.7 or one.name == "ended"]
    names = {one.name for one in kept}
    if "rating" in names and (decided := dice.choice((None, _void, _dispute))):
        kept += decided(dice)
    return kept


def _service(began_ms: int) -> list[Fact]:
    def told(action: str, minutes: int, **fields: object) -> Fact:
        body = {"session_id": "A1", "action": action, **fields}
        return _event(action, "session", began_ms + minutes * MINUTE_MS, body)

    return [
        told("opened", 0),
        told("invited", 8),
        told("ended", 10, employee_id="0042", service_code="tax"),
    ]


def _presses(dice: random.Random, began_ms: int) -> list[Fact]:
    level = dice.choice((1, 2, 4, 5))
    ended_ms = began_ms + 10 * MINUTE_MS
    items = [{"code": "speed", "level": 4}]

    def press(name: str, after_ms: int, level: object, **fields: object) -> Fact:
        body = {"session_id": "A1", "level": level, **fields}
        return _event(name, "rating", ended_ms + after_ms, body)

    return [
        press("rating", 30_000, level, reasons=["slow"], items=items),
        press("double", 33_000, 3),
        press("further", 5 * MINUTE_MS, dice.randint(1, 5)),
        press("amendment", DAY_MS, dice.randint(1, 5), amends="rating-0001"),
        press("second", 2 * DAY_MS, 5, amends="amendment-0001"),
        press("timeout", 2 * MINUTE_MS, 3, origin="device_timeout"),
        press("opinion", 2 * DAY_MS + 1, 5, round="followup"),
        press("late", 11 * DAY_MS, 5),
        press("comment", 40_000, ..., comment_for="rating-0001", comment="quick"),
        _event("complaint", "complaint", ended_ms, {"session_id": "A1"}),
    ]


def _reused(began_ms: int) -> list[Fact]:
    """The number comes back on the next day."""
    pressed = {"session_id": "A1", "level": 4}
    opened = {"session_id": "A1", "action": "opened"}
    ended = {"session_id": "A1", "action": "ended"}
    return [
        _event("opened2", "session", began_ms, opened),
        _event("ended2", "session", began_ms + MINUTE_MS, ended),
        _event("rating2", "rating", began_ms + 2 * MINUTE_MS, pressed),
    ]


def _event(name: str, channel: str, at_ms: int, body: dict[str, Any]) -> Fact:
    told = {"v": 1, "event_id": f"{name}-0001", "occurred_at": at_ms, **body}
    if told.get("level") is ...:
        del told["level"], told["session_id"]

    def made(site: str, now_ms: int) -> Record:
        return message(f"t-{site}", told, now_ms, channel)

    earliest = {"amendment": 1, "second": 1, "opinion": 1, "late": 2}.get(name, 0)
    return Fact(name, 1 if name.endswith("2") else earliest, made)


def _decision(name: str, by: str, after: str, **fields: object) -> Fact:
    def made(site: str, now_ms: int) -> Record:
        rating_id = f"t-{site}:rating-0001"
        told = {"author": by, "rating_id": rating_id, "reason": "asked", **fields}
        return act(name, told, now_ms)

    return Fact(name, 0, made, after)


def _void(_dice: random.Random) -> list[Fact]:
    return [_decision("rating_voided", "anna", "rating")]


def _dispute(dice: random.Random) -> list[Fact]:
    outcome = dice.choice(("kept", "voided"))
    return [
        _decision("rating_disputed", "bob", "rating"),
        _decision("dispute_decided", "anna", "rating_disputed", outcome=outcome),
    ]


class Batch(NamedTuple):
    """Facts that come in one block, at a moment."""

    moment: int
    facts: list[Fact]


def arranged(dice: random.Random, facts: list[Fact]) -> list[Batch]:
    """The same facts in some order, at some moments, in some grouping."""
    left, moments = list(facts), dict[str, int]()
    dice.shuffle(left)
    ordered: list[Fact] = []
    while left:
        ready = next(
            one
            for one in left
            if one.after is None or one.after in {each.name for each in ordered}
        )
        left.remove(ready)
        ordered.append(ready)
        known = moments.get(ready.after or "", 0)
        moments[ready.name] = dice.randint(max(ready.earliest, known), 2)
    batches: list[Batch] = []
    for moment in range(len(MOMENTS)):
        for one in ordered:
            if moments[one.name] != moment:
                continue
            if not batches or batches[-1].moment != moment or dice.random() < 0.5:
                batches.append(Batch(moment, []))
            batches[-1].facts.append(one)
    return batches
