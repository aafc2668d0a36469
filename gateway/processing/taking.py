"""Hop 5 for events that are not ratings: what takes each of them.

To add an event message: one class with `take`, and one line in `Taking`.
"""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from device_protocol.messages import (
    Complaint,
    Reply,
    SelfTest,
    Session,
)
from gateway.processing.fleet.canaries import Canaries, Press
from gateway.processing.fleet.device_reports import Replies, SelfTests
from gateway.processing.memory.daybook import OTHER
from gateway.processing.ratings.activity import observe_event
from gateway.processing.ratings.changing import Changing
from gateway.processing.ratings.complaints import Complaints
from gateway.processing.ratings.neighbours import Neighbours
from gateway.processing.ratings.services import Services
from gateway.processing.state import State
from gateway.processing.timed import Timed


class Taker(Protocol):
    """Folds one kind of event message; its identity is new."""

    def take(self, timed: Timed) -> str | None:
        """Answers the rule that ignores it, if any."""


class Taking:
    """Gives each event message to what folds it, and accounts for it."""

    def __init__(
        self,
        state: State,
        changing: Changing,
        neighbours: Neighbours,
        canaries: Canaries,
    ) -> None:
        self._state = state
        self._neighbours = neighbours
        self._takers: Mapping[type[msgspec.Struct], Taker] = {
            Press: canaries,
            SelfTest: SelfTests(state),
            Reply: Replies(state),
            Session: Services(state, changing),
            Complaint: Complaints(state),
        }

    def take(self, timed: Timed) -> None:
        """Fold an event; ratings have a way of their own."""
        state = self._state
        _, device, message, _, occurred_ms, _ = timed
        state.ordinal += 1
        observe_event(state, device, message)
        rule = self._takers[type(message)].take(timed)
        state.daybook.count(device, OTHER, occurred_ms)
        self._neighbours.take_moved()
        if device.receipts:
            state.emission.keep(device.device_id, message.event_id)
        state.fates["ignored" if rule else "accepted", rule or ""] += 1
