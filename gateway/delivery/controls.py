"""What operators and the fold want of the dispatcher, from the outbox's controls."""

from collections.abc import Iterable

import msgspec

from gateway.acts import (
    SINK_COUNTS,
    ActName,
    CountSinks,
    DeadLettersAct,
    RangeAct,
    SinkAct,
)
from gateway.delivery.ranges import RangeAsked
from gateway.delivery.store import LettersChange
from gateway.ports import Control

Wish = LettersChange | RangeAsked | SinkAct | CountSinks


def wishes(controls: Iterable[Control]) -> list[Wish]:
    """Controls as what they ask for; names of later versions are passed over."""
    found: list[Wish] = []
    for control in controls:
        match control.name:
            case ActName.DEADLETTERS_REPLAYED | ActName.DEADLETTERS_PURGED:
                act = msgspec.json.decode(control.data, type=DeadLettersAct)
                purge = control.name == ActName.DEADLETTERS_PURGED
                found.append(LettersChange(purge, act.ids, act.sink))
            case ActName.RANGE_REPLAYED:
                wanted = msgspec.json.decode(control.data, type=RangeAct)
                found.append(RangeAsked(wanted.sink, wanted.from_ms, wanted.to_ms))
            case ActName.SINK_ENABLED:
                found.append(msgspec.json.decode(control.data, type=SinkAct))
            case name if name == SINK_COUNTS:
                found.append(msgspec.json.decode(control.data, type=CountSinks))
            case _:
                continue
    return found
