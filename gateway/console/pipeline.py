"""The accounting identity and each sink's, put together from the stores."""

from gateway.clock import Clock
from gateway.console.items import JournalState, Pipeline, Sink
from gateway.ports import SinkSince
from gateway.queries import DeliveryQueries, LedgerQueries
from gateway.queries.asking import StoreAbsentError
from gateway.queries.journal import JournalQueries
from gateway.queries.rows import OwedEvents, SinkCursor, SinkRow


class PipelineReader:
    """Reads delivery before the ledger, so that owed is never less than zero."""

    def __init__(
        self,
        ledger: LedgerQueries,
        deliveries: DeliveryQueries,
        journal: JournalQueries,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._deliveries = deliveries
        self._journal = journal
        self._clock = clock

    def read(self) -> Pipeline:
        sinks = self._sinks()
        owed = self._ledger.owed([sink.cursor for sink in sinks])
        fates = self._ledger.fates()
        extent = self._journal.extent()
        return Pipeline(
            received=fates.received,
            accepted=fates.accepted,
            duplicate=fates.duplicate,
            conflict=fates.conflict,
            quarantined=fates.quarantined,
            ignored=fates.ignored,
            deferred=fates.deferred,
            journal=JournalState(
                block=extent.block, ordinal=fates.ordinal, bytes=extent.bytes
            ),
            processed_block=fates.processed_block,
            sinks=list(map(self._sink, sinks, owed)),
        )

    def _sinks(self) -> list[SinkRow]:
        """Those that the dispatcher knows, and those it has yet to take up."""
        try:
            known = self._deliveries.sinks()
        except StoreAbsentError:
            known = []
        names = {sink.name for sink in known}
        fresh = (sink for sink in self._ledger.sinks() if sink.name not in names)
        return [*known, *map(_untouched, fresh)]

    def _sink(self, sink: SinkRow, events: OwedEvents) -> Sink:
        return Sink(
            name=sink.name,
            kind=sink.kind,
            addressed=events.addressed,
            delivered=sink.delivered,
            owed=events.owed,
            dead=sink.dead,
            expired=sink.expired,
            lag_s=self._lag_s(events),
            state=sink.state,
            last_error=sink.last_error,
        )

    def _lag_s(self, events: OwedEvents) -> float:
        """The age of the oldest owed event."""
        if events.oldest_ms is None:
            return 0.0
        return max(0, self._clock.wall_ms() - events.oldest_ms) / 1000


def _untouched(sink: SinkSince) -> SinkRow:
    """A sink of which nothing has been sent."""
    return SinkRow(
        name=sink.name,
        kind=sink.kind,
        delivered=0,
        dead=0,
        state="ok",
        last_error=None,
        cursor=SinkCursor(sink.name, sink.since_block, sink.since_index),
    )
