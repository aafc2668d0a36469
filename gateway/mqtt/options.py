"""What a link needs to know: where the broker is, who we are, what we want."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mqtt5 import QoS, RetainHandling, TopicFilter

from device_protocol.mqtt_session import ConnectOptions
from device_protocol.topics import UPLINK, Channel, uplink_filter


@dataclass(frozen=True)
class TlsFiles:
    """PEM files: whom we trust (None: the system's), and who we are (mutual TLS)."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def context(self) -> ssl.SSLContext:
        """A client's context that checks the broker's certificate and name.

        Raises:
            OSError: a file cannot be read, or is not what it should be.

        """
        context = ssl.create_default_context(cafile=self.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.cert_file is not None:
            context.load_cert_chain(self.cert_file, self.key_file)
        return context


@dataclass(frozen=True)
class LinkOptions:
    """`tls` None means plain TCP. Times in milliseconds."""

    host: str
    port: int
    connect: ConnectOptions
    filters: Sequence[TopicFilter] = ()
    tls: TlsFiles | None = None
    connect_timeout_ms: int = 10_000
    retry_delay_ms: int = 250
    retry_delay_ms_max: int = 30_000
    taken_over_delay_ms: int = 60_000
    resubscribe_delay_ms: int = 60_000
    tick_ms: int = 1000


def uplink_filters(root: str) -> list[TopicFilter]:
    """A subscription for each uplink channel of every device below `root`.

    Only what is new comes without RETAIN. Retained presence comes at every
    subscription: it says how things stand after an absence.
    """
    return [
        TopicFilter(
            uplink_filter(root, channel),
            max_qos=QoS.AT_LEAST_ONCE,
            retain_as_published=False,
            retain_handling=RetainHandling.SEND_ALWAYS
            if channel is Channel.PRESENCE
            else RetainHandling.SEND_NEVER,
        )
        for channel in UPLINK
    ]
