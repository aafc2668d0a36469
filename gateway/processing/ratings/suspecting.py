"""What makes a press suspicious: by itself, by its hour, by what is around it."""

from collections.abc import Callable
from typing import Final

from device_protocol.identity import rating_id as identity
from device_protocol.messages import Origin, Rating
from gateway.ledger.devices import Binding
from gateway.ledger.presses import Desk
from gateway.ledger.sessions import Scope
from gateway.ports import RecordFlag, RecordKind
from gateway.processing.ratings.neighbours import TIME_UNCERTAIN, Met, Neighbours
from gateway.processing.ratings.points import Timed
from gateway.processing.ratings.scopes import GATEWAY
from gateway.processing.state import State
from gateway.ratings.attribution import MISMATCH
from gateway.ratings.flags import (
    Flag,
    FlagRules,
    Pressed,
    outside_hours,
    stuck_key,
    too_fast,
)

_ELEMENT: Final = int(RecordFlag.ELEMENT)
_MESSAGE: Final = int(RecordKind.MESSAGE)


class Suspecting:
    """Looks at presses that are not plain."""

    def __init__(self, state: State, neighbours: Neighbours) -> None:
        self._state = state
        self._neighbours = neighbours

    def meet(
        self,
        one: Timed,
        flags: tuple[str, ...],
        binding: Binding,
        scope: Scope | None,
        flush: Callable[[], None],
    ) -> Met:
        """What hours, sessions and presses around a customer's press say of it.

        `flush` writes the rows of the presses before it.
        """
        place, device, rating, record, occurred_ms, quality = one
        if (
            record.kind != _MESSAGE
            or rating.level is None
            or rating.mode != "live"
            or rating.origin != Origin.CUSTOMER.value
            or TIME_UNCERTAIN in flags
        ):
            return Met()
        met = Met()
        desk = Desk.of(binding.site, binding.window, device.no)
        if rating.session_id is not None:
            numbered = scope is not None and scope[1] == rating.session_id
            if scope is not None and numbered and rating.amends is None:
                left = self._neighbours.departure(scope, desk, occurred_ms)
                met = Met() if left is None else Met((left,))
        elif (
            rating.round == "initial"
            and rating.amends is None
            # Parts of one message that nobody timed have the moment of its receipt.
            and not (quality == GATEWAY and record.flags & _ELEMENT)
        ):
            key = rating.level if rating.key is None else rating.key
            rating_id = identity(device.device_id, rating.event_id)
            exact = quality != GATEWAY
            pressed = Pressed(occurred_ms, key, rating_id, exact)
            met = self._neighbours.meet(device.no, desk, pressed, place, flush)
        closed = outside_hours(self._state.openings.of(device.site).at(occurred_ms))
        return met if closed is None else met._replace(flags=(*met.flags, closed))

    def mismatch(self, one: Timed, served: str) -> Flag:
        """Somebody else sat at the window than the rating names; `served`: its seat."""
        _, _, rating, _, occurred_ms, _ = one
        bound = self._state.attribution.at(served, occurred_ms).employee
        return Flag(MISMATCH, {"named": rating.employee_id or "", "bound": bound or ""})


def by_itself(rating: Rating, rules: FlagRules) -> list[Flag]:
    """Flags that a press calls for by itself, with their evidence."""
    if rating.level is None:
        return []
    key = rating.level if rating.key is None else rating.key
    pressed = Pressed(0, key)
    found = (
        too_fast(rating.prompt_delay_ms, rules),
        stuck_key(pressed, (), rating.key_down_ms, rules),
    )
    return [flag for flag in found if flag is not None]
