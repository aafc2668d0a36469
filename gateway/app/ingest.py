"""The role `ingest`, put together."""

import random
from pathlib import Path

from device_protocol.mqtt_session import ConnectOptions
from gateway.app.journal import open_own_journal
from gateway.app.paths import Paths
from gateway.app.signals import Signals
from gateway.app.wanted import wanted
from gateway.clock import SystemClock
from gateway.ingress.role import IngestOptions, run_ingest
from gateway.mqtt.link import MqttLink
from gateway.mqtt.options import LinkOptions, TlsFiles, uplink_filters
from gateway.ports import Link, LinkListener
from gateway.sealing import open_keyring
from gateway.settings import Settings
from gateway.settings.broker import Broker, Credential

DAY_S = 86_400


def link_options(
    broker: Broker, credential: Credential, receive_max: int, *, uplink: bool
) -> LinkOptions:
    """How one of our connections reaches the broker."""
    password = credential.password
    connect = ConnectOptions(
        client_id=credential.client_id,
        username=credential.username,
        password=password.get_secret_value().encode() if password else None,
        session_expiry_s=broker.session_expiry_days * DAY_S if uplink else 0,
        receive_max=receive_max,
        keep_alive_s=broker.keepalive_s,
        clean_start=not uplink,
    )
    files = TlsFiles(broker.ca_file, broker.cert_file, broker.key_file)
    return LinkOptions(
        host=broker.host,
        port=broker.port,
        connect=connect,
        filters=uplink_filters(broker.root) if uplink else (),
        tls=files if broker.tls else None,
        connect_timeout_ms=int(broker.connect_timeout_s * 1000),
        retry_delay_ms_max=int(broker.reconnect_delay_s_max * 1000),
    )


async def run(settings: Settings, _config: Path, signals: Signals) -> None:
    paths, clock = Paths(settings), SystemClock()
    keyring = open_keyring(paths.keyring)
    opened = open_own_journal(paths, keyring, clock)
    options = IngestOptions(
        run_dir=paths.run_dir,
        session_mark=paths.session_mark,
        session_name=f"{settings.broker.client_id}@{settings.broker.url}",
        settings_digest=wanted(settings).digest(),
        receive_max=settings.intake.receive_max,
        buffered_bytes_max=settings.intake.buffered_bytes_max,
        block_records_max=settings.intake.block_records_max,
        block_delay_ms_max=settings.intake.block_delay_ms_max,
    )
    broker = settings.broker
    link = link_options(broker, broker.uplink, settings.intake.receive_max, uplink=True)

    def make_link(listener: LinkListener) -> Link:
        return MqttLink(link, listener, clock, random.random)

    try:
        await run_ingest(
            options,
            opened.journal,
            make_link,
            signals.stop,
            clock=clock,
            free_reserve=opened.journal.free_reserve,
        )
    finally:
        opened.journal.close()
