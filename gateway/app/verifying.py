"""Proof from the data that the journal holds together and the counts agree.

May run beside a living gateway: every read is a short transaction, and stores are
read against the data path, so that what moves meanwhile is never counted as missing.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import Final

from gateway.app.paths import Paths
from gateway.delivery.queries import SqliteDeliveryQueries
from gateway.errors import PermanentError
from gateway.journal.queries import SqliteJournalQueries
from gateway.journal.verifying import Verification
from gateway.ledger.queries import SqliteLedgerQueries
from gateway.observability.health import Finding
from gateway.queries import DeliveryQueries, JournalQueries, LedgerQueries
from gateway.queries.asking import QueryDeadlineError
from gateway.queries.rows import OwedEvents, SinkRow
from gateway.reading import Reader

_COUNTINGS_MAX: Final = 200
"""Answers that counting a backlog may take: some hundred million events."""


def verify(paths: Paths) -> Iterator[Finding]:
    """Findings as they are made; a failed one says what differs.

    Raises PermanentError or TransientError when a store cannot be read at all.
    """
    if not paths.journal.exists():
        raise PermanentError(f"{paths.journal} does not exist: nothing was ever kept")
    yield from check_chain(paths)
    with (
        closing(Reader(paths.journal)) as journal,
        closing(Reader(paths.ledger)) as ledger,
        closing(Reader(paths.delivery)) as delivery,
    ):
        ledger_queries = SqliteLedgerQueries(ledger)
        yield check_fates(SqliteJournalQueries(journal, paths.journal), ledger_queries)
        yield from check_sinks(ledger_queries, SqliteDeliveryQueries(delivery))


def check_chain(paths: Paths) -> Iterator[Finding]:
    """Every header follows the one before, every body is what its header promised."""
    sound = True
    with closing(Verification.open(paths.journal)) as verification:
        while not verification.done:
            for kind, first, last in verification.step():
                sound = False
                yield Finding(
                    "chain", ok=False, detail=f"blocks {first}-{last}: {kind}"
                )
        if sound:
            text = f"{verification.blocks} blocks, headers and bodies"
            yield Finding("chain", ok=True, detail=text)


def check_fates(journal: JournalQueries, ledger: LedgerQueries) -> Finding:
    """What ingress counted into the headers against what the fold made of it."""
    fates = ledger.fates()
    received = journal.received(fates.processed_block) + fates.extra
    total = fates.total()
    text = (
        f"received {received}, sum of fates {total}, at block {fates.processed_block}"
    )
    return Finding("fates", ok=received == total, detail=text)


def check_sinks(
    ledger: LedgerQueries, deliveries: DeliveryQueries
) -> Iterator[Finding]:
    """For each sink: addressed = delivered + owed + dead, owed counted one by one."""
    sinks = deliveries.sinks()
    for sink, events in zip(sinks, _owed(ledger, sinks), strict=True):
        settled = sink.delivered + sink.dead
        text = (
            f"addressed {events.addressed}, delivered {sink.delivered},"
            f" owed {events.owed}, dead {sink.dead}"
        )
        agrees = events.addressed == settled + events.owed
        yield Finding(f"sink {sink.name}", ok=agrees, detail=text)


def _owed(ledger: LedgerQueries, sinks: list[SinkRow]) -> list[OwedEvents]:
    """A long backlog is counted in several answers, each going on from the last."""
    cursors = [sink.cursor for sink in sinks]
    for _ in range(_COUNTINGS_MAX):
        try:
            return ledger.owed(cursors)
        except QueryDeadlineError:
            continue
    return ledger.owed(cursors)
