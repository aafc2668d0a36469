"""What became of all that was addressed to each sink up to the end of a day.

Each lane counts what it settles; how much was addressed is the ledger's count. So a
lane that passed over an event, or settled one twice, is found out.
"""

from gateway.acts import CountSinks, SinkCount, SinkCountsAct
from gateway.delivery.store import DeliveryStore
from gateway.ports import Outbox


def count_sinks(
    asked: CountSinks, store: DeliveryStore, outbox: Outbox
) -> SinkCountsAct:
    """The counts of every sink that has a lane, by name."""
    found = []
    for name, addressed in sorted(asked.addressed.items()):
        known = store.find(name)
        if known is not None:
            before = outbox.addressed_before(name, *known.cursor)
            # What was given up ended, too, as little as what was refused.
            counts = known.delivered, known.dead + known.expired, addressed - before
            found.append(_as_of_then(name, *counts))
    return SinkCountsAct(asked.day, found)


def _as_of_then(name: str, delivered: int, dead: int, owed: int) -> SinkCount:
    """Without what was settled since: it was delivered, as far as that goes."""
    since = max(0, -owed)
    later = min(since, delivered)
    return SinkCount(name, delivered - later, dead - (since - later), max(0, owed))
