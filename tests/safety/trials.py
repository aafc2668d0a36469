"""The schedule of kills: a pure function of the seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import count, cycle
from typing import Final

ROLES: Final = ("ingest", "process", "deliver")
POINT_REACHED_MAX: Final = 40  # a point is reached some tens of times a second


class Kind(StrEnum):
    GROUP = "group"  # kill -9 of every process of the gateway
    ROLE = "role"  # kill -9 of one role, which its supervisor starts again
    POINT = "point"  # a role kills itself at a named point, then the group
    CUT = "cut"  # the connection to the broker breaks, nobody dies


# What a message in flight had behind it when its process died at a named point.
PHASES: Final = {
    "append.before": "received, not appended",
    "append.after": "appended, not acknowledged",
    "ack.before": "appended, not acknowledged",
    "ack.after": "acknowledged, not folded",
    "fold.before_commit": "folded, not committed",
    "fold.after_commit": "committed, not told",
    "sink.before_request": "owed, not sent",
    "sink.after_answer": "sent, cursor not moved",
    "cursor.before_commit": "sent, cursor not committed",
    "cursor.after_commit": "delivered",
    "receipt.before_publish": "committed, not receipted",
    "submit.after_append": "submitted record appended",
    "checkpoint.before_name": "checkpoint written, not named",
    "prune.before": "folded long ago, not pruned",
    "prune.after": "pruned",
    "erase.before_log": "erased, still in the ledger's log",
    "erase.after_log": "erased, still in the checkpoints",
    "erase.before_checkpoints": "erased, still in the checkpoints",
    "redact.before_commit": "to be redacted, whole in the journal",
    "redact.after_commit": "redacted, still in the journal's log",
    "redact.after_log": "redacted",
    "backup.before_name": "backup written, not named",
    "restore.before_journal": "restored, but for the journal",
    "command.before_record": "command asked for, not recorded as sent",
    "command.before_publish": "command recorded as sent, not published",
    "command.after_publish": "command published, its outcome open",
    "command.before_outcome": "command answered, its outcome not recorded",
}
# Rare ones have tests of their own: test_keeping_kill.py, test_erasure.py,
# whole/test_commands.py.
_RARE: Final = {
    "submit",
    "checkpoint",
    "prune",
    "erase",
    "redact",
    "backup",
    "restore",
    "command",
}
UNDER_LOAD: Final = tuple(
    name for name in PHASES if name.partition(".")[0] not in _RARE
)


@dataclass(frozen=True)
class Trial:
    """One kill: when (seconds of healthy delivery before it), what, and where."""

    number: int
    kind: Kind
    target: str
    after_s: float
    nth: int = 1

    @property
    def phase(self) -> str:
        return PHASES.get(self.target, "any")


def schedule(trials: int, seed: int) -> Iterator[Trial]:
    """Give kinds in turn, each with its targets in a shuffled order.

    What tells most comes first: after a point the whole group is killed, too.
    """
    dice = random.Random(seed)
    points, roles = list(UNDER_LOAD), list(ROLES)
    dice.shuffle(points)
    dice.shuffle(roles)
    targets = {
        Kind.GROUP: cycle(["all"]),
        Kind.POINT: cycle(points),
        Kind.ROLE: cycle(roles),
        Kind.CUT: cycle(["link"]),
    }
    turns = cycle([Kind.POINT, Kind.CUT, Kind.ROLE, Kind.GROUP, Kind.POINT, Kind.GROUP])
    for number, kind in zip(count(1), turns, strict=False):
        if number > trials:
            return
        yield Trial(
            number,
            kind,
            next(targets[kind]),
            after_s=dice.uniform(0.2, 1.0),
            nth=dice.randint(1, POINT_REACHED_MAX),
        )
