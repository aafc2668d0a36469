"""What presses for the ghosts, put together."""

from collections.abc import Sequence

from gateway.app.links import link_options
from gateway.clock import Clock
from gateway.probing.presser import Presser, PresserOptions
from gateway.queries import LedgerQueries
from gateway.settings import Settings


def presser(settings: Settings, ledger: LedgerQueries, clock: Clock) -> Presser:
    """Presses as the account of the probe, for the ghosts that the ledger names."""
    broker = settings.broker
    link = link_options(broker, broker.probe, 1, uplink=False)
    password = broker.probe.password
    options = PresserOptions(
        host=broker.host,
        port=broker.port,
        client_id=broker.probe.client_id,
        username=broker.probe.username,
        password=password.get_secret_value() if password else None,
        root=broker.root,
        every_s=settings.canary.every_s,
        timeout_s=broker.connect_timeout_s,
        tls=link.tls.context() if link.tls else None,
    )

    def ghosts() -> Sequence[str]:
        return sorted({row.device_id for row in ledger.canaries()})

    return Presser(options, ghosts, clock)
