"""The role `deliver`, put together."""

import random
from collections.abc import Iterator
from pathlib import Path

from gateway.app.links import link_options
from gateway.app.paths import Paths
from gateway.app.signals import Signals
from gateway.clock import SystemClock
from gateway.delivery.lane import LaneLimits
from gateway.delivery.pace import PaceLimits
from gateway.delivery.retention import OwedLimits
from gateway.delivery.role import run_deliver
from gateway.delivery.runner import Outlet
from gateway.delivery.store import DeliveryStore
from gateway.downlink.commands import CommandsSink
from gateway.downlink.publishing import Fanout
from gateway.downlink.receipts import ReceiptsSink
from gateway.events import CloudEvents
from gateway.events.addressing import COMMANDS, RECEIPTS
from gateway.ipc.submission import SubmissionClient
from gateway.ledger.outbox import SqliteOutbox, ledger_made
from gateway.mqtt.link import MqttLink
from gateway.ports import Outbox, Sink, Submitter
from gateway.sealing import open_keyring
from gateway.settings import Settings
from gateway.settings.recipients import Recipient
from gateway.settings.sinks import Backend, Influxdb
from gateway.sinks.addresses import AddressRule
from gateway.sinks.backend import BackendOptions, BackendSink
from gateway.sinks.influx_v1 import InfluxV1
from gateway.sinks.influxdb import InfluxdbSink, LineWriter

RECEIVE_MAX = 16  # nothing is subscribed on the downlink
RECEIPT_LIMITS = LaneLimits(
    units_max=5_000,
    enough=5_000,
    linger_ms=400,  # a terminal waits for half a second at most
    in_flight_max=1,
    pace=PaceLimits(retry_ms_max=2_000),
)
COMMAND_LIMITS = LaneLimits(
    units_max=100,
    enough=1,
    in_flight_max=1,
    pace=PaceLimits(retry_ms_max=2_000),
)


async def run(settings: Settings, _config: Path, signals: Signals) -> None:
    paths, clock = Paths(settings), SystemClock()
    store = DeliveryStore(paths.delivery)
    submitter = SubmissionClient(paths.submissions)
    terminals, link = _to_terminals(settings, submitter, clock)
    if not await ledger_made(paths.ledger, clock, signals.stop.is_set):
        store.close()
        return
    outbox = SqliteOutbox(paths.ledger, open_keyring(paths.keyring))
    try:
        await run_deliver(
            paths.run_dir,
            store,
            outbox,
            [*_outlets(settings, outbox, clock), *terminals],
            submitter=submitter,
            clock=clock,
            dice=random.random,
            stop=signals.stop,
            links=[link],
            limits=_limits(settings),
        )
    finally:
        await submitter.close()
        outbox.close()
        store.close()


def _outlets(
    settings: Settings, outbox: Outbox, clock: SystemClock
) -> Iterator[Outlet]:
    for influxdb in settings.influxdb:
        sink = InfluxdbSink(_writer(influxdb), clock, influxdb.batch_bytes_max)
        limits = LaneLimits(
            units_max=influxdb.batch_points_max,
            delay_ms=influxdb.batch_delay_ms_max,
            linger_ms=influxdb.batch_delay_ms_max,
            pace=_pace(influxdb.retry_delay_s_max),
        )
        yield Outlet(influxdb.name, sink, limits)
    events = CloudEvents(settings.gateway.id, outbox.personal)
    for backend in settings.backend:
        hook = BackendSink(_backend(backend), events, clock)
        limits = LaneLimits(
            units_max=1 if backend.mode == "single" else backend.batch_events_max,
            delay_ms=backend.batch_delay_ms_max,
            pace=_pace(backend.retry_delay_s_max),
        )
        yield Outlet(backend.name, hook, limits)
    for recipient in settings.recipients:
        if recipient.channel == "email":
            from gateway.app.mailing import mail_sink  # noqa: PLC0415 -- 2 MB for who needs it

            told: Sink = mail_sink(recipient, settings.gateway.id)
        else:
            told = BackendSink(_webhook(recipient), events, clock)
        pace = _pace(recipient.retry_delay_s_max)
        limits = LaneLimits(units_max=1, enough=1, in_flight_max=1, pace=pace)
        yield Outlet(recipient.name, told, limits)


def _limits(settings: Settings) -> OwedLimits:
    kept = settings.retention
    return OwedLimits(kept.owed_days, kept.owed_mib_max << 20)


def _to_terminals(
    settings: Settings, submitter: Submitter, clock: SystemClock
) -> tuple[list[Outlet], MqttLink]:
    """Receipts, commands and settings share one connection of their own."""
    broker = settings.broker
    receipts = ReceiptsSink(broker.root, clock)
    commands = CommandsSink(broker.root, submitter, clock)
    options = link_options(broker, broker.downlink, RECEIVE_MAX, uplink=False)
    link = MqttLink(options, Fanout(receipts, commands), clock, random.random)
    for sink in (receipts, commands):
        sink.attach(link)
    outlets = [
        Outlet(RECEIPTS, receipts, RECEIPT_LIMITS),
        Outlet(COMMANDS, commands, COMMAND_LIMITS),
    ]
    return outlets, link


def _pace(retry_delay_s_max: float) -> PaceLimits:
    return PaceLimits(retry_ms_max=int(retry_delay_s_max * 1000))


def _writer(sink: Influxdb) -> LineWriter:
    if sink.api == "v1":
        password = sink.password.get_secret_value() if sink.password else None
        return InfluxV1(
            sink.url,
            database=sink.database,
            username=sink.username,
            password=password,
            timeout_s=sink.request_timeout_s,
        )
    from gateway.sinks.influx_v2 import InfluxV2  # noqa: PLC0415 -- 20 MB for who needs it

    token = sink.token.get_secret_value() if sink.token else ""
    return InfluxV2(
        sink.url,
        org=sink.org,
        bucket=sink.bucket,
        token=token,
        timeout_s=sink.request_timeout_s,
    )


def _webhook(recipient: Recipient) -> BackendOptions:
    assert recipient.url is not None, "checked with the settings"
    rule = AddressRule(
        private=recipient.allow_private_addresses, networks=recipient.allow_addresses
    )
    return BackendOptions(
        url=recipient.url,
        secrets=tuple(one.get_secret_value() for one in recipient.signing_secrets),
        rule=rule,
        single=True,
        timeout_s=recipient.request_timeout_s,
    )


def _backend(sink: Backend) -> BackendOptions:
    rule = AddressRule(
        private=sink.allow_private_addresses, networks=sink.allow_addresses
    )
    return BackendOptions(
        url=sink.url,
        secrets=tuple(one.get_secret_value() for one in sink.signing_secrets),
        rule=rule,
        single=sink.mode == "single",
        body_bytes_max=sink.batch_bytes_max,
        timeout_s=sink.request_timeout_s,
    )
