"""The `heartbeat` channel: health figures of a terminal, one object a message.

`judge` has every rule; `plain` reads what breaks none of them in one compiled step.
"""

from typing import Final

from device_protocol import wire
from device_protocol.fields import Fields
from device_protocol.json_text import Element
from device_protocol.messages import Heartbeat
from device_protocol.plain import PlainReader, plain_claim
from device_protocol.shapes import Claim, count_unknown


class _Plain(wire.Heartbeat, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A heartbeat in which nothing is unknown."""

    # Nobody reads it: what else it may hold has to be looked at by hand.
    event_id: str | None = None


def judge(device_id: str, element: Element) -> Heartbeat:
    """The heartbeat in one element.

    Raises:
        ProtocolError: with the first rule that it breaks.
    """
    fields = Fields(element)
    fields.expect_common(device_id)
    claim = fields.claim()
    sent = fields.shaped(wire.Heartbeat)
    return _kept(sent, claim, count_unknown(fields, wire.Heartbeat))


def _from_plain(sent: _Plain) -> Heartbeat:
    return _kept(sent, plain_claim(sent.occurred_at), 0)


def _kept(sent: wire.Heartbeat, claim: Claim, unknown: int) -> Heartbeat:
    return Heartbeat(
        conn_id=sent.conn_id or None,
        boot_id=sent.boot_id or None,
        claimed_ms=claim if isinstance(claim, int) else None,
        claimed_local=claim if isinstance(claim, str) else None,
        mode=sent.mode or "live",
        uptime_s=sent.uptime_s,
        last_seq=sent.last_seq,
        key_counts=sent.key_counts or (),
        buffer_depth=sent.buffer_depth,
        buffer_oldest_s=sent.buffer_oldest_s,
        battery_pct=sent.battery_pct,
        battery_mv=sent.battery_mv,
        power=sent.power,
        rssi_dbm=_without_negative_zero(sent.rssi_dbm),
        storage_free_pct=sent.storage_free_pct,
        temperature_c=_without_negative_zero(sent.temperature_c),
        clock_synced=sent.clock_synced,
        firmware=sent.firmware or None,
        config_revision=sent.config_revision,
        faults=sent.faults or (),
        unknown_fields=unknown,
    )


# The compiled reader and the one by hand disagree about the sign of a zero.
def _without_negative_zero(figure: float | None) -> float | None:
    return figure or (None if figure is None else 0.0)


plain: Final = PlainReader(_Plain, _from_plain)
