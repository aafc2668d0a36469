"""What a level A terminal keeps, and when it sends it again. Time is an argument."""

import random
from dataclasses import dataclass
from typing import Final

IN_FLIGHT_MAX: Final = 32
_RESEND_S: Final = 30.0
_RESEND_S_MAX: Final = 600.0
_JITTER: Final = 0.1


@dataclass
class _Kept:
    payload: bytes
    due_s: float
    delay_s: float
    sendings: int = 0


class Outbox:
    """Events from the press until the gateway's word about them.

    Sent again after `resend_s`, doubling up to ten minutes, with jitter; at most
    32 are under way; order of the press.
    """

    def __init__(self, dice: random.Random, resend_s: float = _RESEND_S) -> None:
        self._dice = dice
        self._resend_s = resend_s
        self._kept: dict[str, _Kept] = {}
        self.sendings = 0
        self.receipted = 0
        self.rejected = 0

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, event_id: str, payload: bytes) -> None:
        """Keep an event at the moment of the press."""
        self._kept[event_id] = _Kept(payload, 0.0, self._resend_s)

    def take_due(self, now_s: float) -> list[bytes]:
        """Return what is to be sent now."""
        due = []
        for kept in list(self._kept.values())[:IN_FLIGHT_MAX]:
            if kept.due_s > now_s:
                continue
            jitter = 1 + self._dice.uniform(-_JITTER, _JITTER)
            kept.due_s = now_s + kept.delay_s * jitter
            kept.delay_s = min(kept.delay_s * 2, _RESEND_S_MAX)
            kept.sendings += 1
            due.append(kept.payload)
        self.sendings += len(due)
        return due

    def settle(self, receipted: list[str], rejected: list[str]) -> None:
        """Forget what the gateway keeps, and what it will never accept."""
        for event_id in receipted:
            self.receipted += self._kept.pop(event_id, None) is not None
        for event_id in rejected:
            self.rejected += self._kept.pop(event_id, None) is not None
