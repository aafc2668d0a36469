"""Every metric of the gateway, declared in one place; one registry for each role.

A role writes its figures to `data_dir/run/ROLE.prom` every two seconds; the console
serves them all. Figures are set at most once a block or batch,
never once a message.
"""

import errno
from pathlib import Path
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Enum,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.exposition import generate_latest, write_to_textfile

from gateway.ports import Header

FIGURES_EVERY_S: Final = 2.0
"""Writing them costs 0.4 to 1.1 ms: each second it was a third of an idle role."""

# When each counter began: a third of the text, for nobody.
disable_created_metrics()  # type: ignore[no-untyped-call] # it says no types

_APPEND_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_REQUEST_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class IngestMetrics:
    """What is received, how full the buffers are, and how the journal keeps up."""

    def __init__(self, head: Header | None) -> None:
        """`head` is the newest block: `received` goes on from it."""
        self.registry = registry = CollectorRegistry()
        self._add_link(registry)
        self.received = Counter(
            "evalgate_received",
            "Messages in the journal since its beginning; an array counts once",
            registry=registry,
        )
        self.unacknowledged = Gauge(
            "evalgate_unacknowledged_messages",
            "Received and not yet durable",
            registry=registry,
        )
        self.unacknowledged_bound = Gauge(
            "evalgate_unacknowledged_messages_max",
            "Receive Maximum as we told it to the broker",
            registry=registry,
        )
        self.buffered_bytes = Gauge(
            "evalgate_buffered_bytes", "Records not yet durable", registry=registry
        )
        self.buffered_bytes_bound = Gauge(
            "evalgate_buffered_bytes_max",
            "Above it the socket is not read",
            registry=registry,
        )
        self.blocks = Counter(
            "evalgate_blocks", "Blocks appended by this process", registry=registry
        )
        self.append_seconds = Histogram(
            "evalgate_append_seconds",
            "From a block's end to its fsync",
            buckets=_APPEND_BOUNDS_S,
            registry=registry,
        )
        self.journal_writable = Gauge(
            "evalgate_journal_writable", "0 while its disk is full", registry=registry
        )
        self.settings_gate = Gauge(
            "evalgate_settings_gate_closed",
            "1 while the link waits for the settings to be folded",
            registry=registry,
        )
        self.upkeep = UpkeepMetrics(registry)
        if head is not None:
            self.received.inc(head.first_message + head.messages)

    def _add_link(self, registry: CollectorRegistry) -> None:
        self.link_up = Gauge(
            "evalgate_link_up", "1 while the broker takes us", registry=registry
        )
        self.link_connects = Counter(
            "evalgate_link_connects", "Accepted connections", registry=registry
        )
        self.link_closed = Counter(
            "evalgate_link_closed", "Connections that ended", registry=registry
        )
        self.link_refused_filters = Gauge(
            "evalgate_link_refused_filters",
            "Subscriptions not granted as asked",
            registry=registry,
        )
        self.link_held = Gauge(
            "evalgate_link_held",
            "1 while the socket is not read, buffers being full",
            registry=registry,
        )


class UpkeepMetrics:
    """What becomes of the blocks that are folded long since."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.blocks_pruned = Counter(
            "evalgate_blocks_pruned",
            "Blocks older than the retention, deleted",
            registry=registry,
        )
        self.blocks_redacted = Counter(
            "evalgate_blocks_redacted",
            "Blocks rewritten without what was erased",
            registry=registry,
        )
        self.blocks_checked = Counter(
            "evalgate_blocks_checked",
            "Blocks whose chain and body were read again",
            registry=registry,
        )


class ProcessMetrics:
    """How far the fold is, and what it costs."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.folded_block = Gauge(
            "evalgate_folded_block", "The last block folded", registry=registry
        )
        self.lag_blocks = Gauge(
            "evalgate_fold_lag_blocks", "Durable and not yet folded", registry=registry
        )
        self.transactions = Counter(
            "evalgate_fold_transactions", "Commits of the ledger", registry=registry
        )
        self.fold_seconds = Histogram(
            "evalgate_fold_seconds",
            "One transaction, its commit included",
            buckets=_APPEND_BOUNDS_S,
            registry=registry,
        )
        self.checkpoint_block = Gauge(
            "evalgate_checkpoint_block",
            "The block of the checkpoint in force, 0 for none",
            registry=registry,
        )
        self.outbox_pruned = Counter(
            "evalgate_outbox_rows_pruned",
            "Rows of the outbox, old and settled for every sink, deleted",
            registry=registry,
        )
        self.deferred = Gauge(
            "evalgate_deferred_messages",
            "Kept back until their device's bucket refills",
            registry=registry,
        )
        self.pending_devices = Gauge(
            "evalgate_pending_devices", "Wait for approval", registry=registry
        )
        self.pending_devices_bound = Gauge(
            "evalgate_pending_devices_max",
            "Above it unknown devices are held without an entry",
            registry=registry,
        )
        self.quarantine_items = Gauge(
            "evalgate_quarantine_items",
            "Items of the quarantine, at most; counted anew when it may be full",
            registry=registry,
        )
        self.quarantine_items_bound = Gauge(
            "evalgate_quarantine_items_max",
            "Beyond it the oldest are dropped",
            registry=registry,
        )
        self.unknown_fields = Counter(
            "evalgate_unknown_fields",
            "Fields of messages that the protocol and the profile do not know: ignored",
            registry=registry,
        )
        self.open_alerts = Gauge(
            "evalgate_open_alerts", "Alerts not resolved", registry=registry
        )
        self.backup = BackupMetrics(registry)
        self.commands = CommandMetrics(registry)


class CommandMetrics:
    """What terminals are asked, and what becomes of it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.open = Gauge("evalgate_open_commands", "Not settled", registry=registry)
        text, labels = "Commands by their outcome", ["outcome"]
        self.settled = Counter("evalgate_commands", text, labels, registry=registry)


class BackupMetrics:
    """The last good backup."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.taken = Gauge(
            "evalgate_backup_taken_timestamp_seconds",
            "When the last good backup was begun, 0 for none",
            registry=registry,
        )
        self.size = Gauge("evalgate_backup_bytes", "What it takes", registry=registry)


class DeliverMetrics:
    """What each sink was given, what it answered, and in which state it is."""

    STATES = ("ok", "retrying", "open", "held", "disabled")

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._delivered = Counter(
            "evalgate_sink_delivered", "Events taken", ["sink"], registry=registry
        )
        self._dead = Counter(
            "evalgate_sink_dead", "Events refused for good", ["sink"], registry=registry
        )
        self._answers = Counter(
            "evalgate_sink_answers",
            "Requests by what their answer means",
            ["sink", "verdict"],
            registry=registry,
        )
        self._request_seconds = Histogram(
            "evalgate_sink_request_seconds",
            "From request to answer",
            ["sink"],
            buckets=_REQUEST_BOUNDS_S,
            registry=registry,
        )
        self._in_flight = Gauge(
            "evalgate_sink_in_flight", "Requests", ["sink"], registry=registry
        )
        self._read_ahead = Gauge(
            "evalgate_sink_read_ahead",
            "Events read and not yet sent; the rest waits in the ledger",
            ["sink"],
            registry=registry,
        )
        self._state = Enum(
            "evalgate_sink_state",
            "ok, retrying, open, held or disabled",
            ["sink"],
            states=list(self.STATES),
            registry=registry,
        )
        self._add_bounds(registry)

    def _add_bounds(self, registry: CollectorRegistry) -> None:
        self._expired = Counter(
            "evalgate_sink_expired",
            "Owed for too long, or too many, and given up",
            ["sink"],
            registry=registry,
        )
        self.owed_days_bound = Gauge(
            "evalgate_owed_days_max",
            "What is owed longer is given up",
            registry=registry,
        )
        self.owed_bytes_bound = Gauge(
            "evalgate_owed_bytes_max",
            "Beyond it the oldest that is owed is given up",
            registry=registry,
        )
        self.letters = Gauge(
            "evalgate_dead_letters", "Dead letters that wait", registry=registry
        )
        self.letters_bound = Gauge(
            "evalgate_dead_letters_max",
            "Above it sinks hold what they would give up",
            registry=registry,
        )

    def answered(self, sink: str, verdict: str, elapsed_ms: int) -> None:
        self._answers.labels(sink, verdict.lower()).inc()
        self._request_seconds.labels(sink).observe(elapsed_ms / 1000)

    def settled(self, sink: str, delivered: int, dead: int) -> None:
        self._delivered.labels(sink).inc(delivered)
        self._dead.labels(sink).inc(dead)

    def expired(self, sink: str, count: int) -> None:
        self._expired.labels(sink).inc(count)

    def show(self, sink: str, state: str, in_flight: int, read_ahead: int) -> None:
        self._state.labels(sink).state(state)
        self._in_flight.labels(sink).set(in_flight)
        self._read_ahead.labels(sink).set(read_ahead)


class ConsoleMetrics:
    """The stores' figures, from which the accounting identity can be read.

    `elements_received` equals the sum of `elements` over all fates; a sink's
    addressed events are those delivered, owed and dead. Gauges, though most only
    grow: replays and approvals move elements from one fate to another.
    """

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.readable = Gauge(
            "evalgate_stores_readable",
            "1 while figures can be read from the stores",
            registry=registry,
        )
        self.listeners = Gauge(
            "evalgate_live_listeners",
            "Clients that follow the live events",
            registry=registry,
        )
        self.listeners_dropped = Gauge(
            "evalgate_live_listeners_dropped",
            "Of them, those that were too slow since the console started",
            registry=registry,
        )
        self.logins = Gauge(
            "evalgate_console_log_ins",
            "Log-ins of the console that are not over",
            registry=registry,
        )
        self.passwords_refused = Gauge(
            "evalgate_console_passwords_refused",
            "Wrong passwords since the console started",
            registry=registry,
        )
        self.received = Gauge(
            "evalgate_elements_received",
            "Elements read, as counted by ingress",
            registry=registry,
        )
        self._fates = Gauge(
            "evalgate_elements",
            "Elements by their current fate",
            ["fate"],
            registry=registry,
        )
        self.journal_block = Gauge(
            "evalgate_journal_block", "The newest durable block", registry=registry
        )
        self.journal_bytes = Gauge(
            "evalgate_journal_bytes", "What the journal takes", registry=registry
        )
        self.processed_block = Gauge(
            "evalgate_processed_block", "The last block folded", registry=registry
        )
        self._events = Gauge(
            "evalgate_sink_events",
            "Events: addressed = delivered + owed + dead",
            ["sink", "state"],
            registry=registry,
        )
        self._lag_seconds = Gauge(
            "evalgate_sink_lag_seconds",
            "Age of the oldest owed event",
            ["sink"],
            registry=registry,
        )

    def show_fate(self, fate: str, elements: int) -> None:
        self._fates.labels(fate).set(elements)

    def show_sink(self, sink: str, lag_s: float, **events: int) -> None:
        """`events` by state: addressed, delivered, owed, dead."""
        self._lag_seconds.labels(sink).set(lag_s)
        for state, number in events.items():
            self._events.labels(sink, state).set(number)

    def forget_sinks(self) -> None:
        """Before the sinks of now are shown: one that was removed is gone."""
        self._events.clear()
        self._lag_seconds.clear()


def write_figures(path: Path, registry: CollectorRegistry) -> None:
    """Replace `path` by the registry's figures; a reader never sees half of them.

    On a full disk, when they matter most, they are written over the old ones.
    """
    try:
        write_to_textfile(str(path), registry)
    except OSError as error:
        if error.errno not in _NO_SPACE:
            raise
        with path.open("r+b") as file:
            file.write(generate_latest(registry))
            file.truncate()
