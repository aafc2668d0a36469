"""The `presence` channel: birth, last will and goodbye of a terminal."""

from device_protocol import wire
from device_protocol.fields import Fields
from device_protocol.json_text import Element
from device_protocol.messages import Presence
from device_protocol.shapes import count_unknown


def judge(device_id: str, element: Element) -> Presence:
    """The presence in one element.

    Raises:
        ProtocolError: with the first rule that it breaks.
    """
    fields = Fields(element)
    fields.expect_common(device_id)
    claim = fields.claim()
    sent = fields.shaped(wire.Presence)
    return Presence(
        state=sent.state,
        conn_id=sent.conn_id or None,
        boot_id=sent.boot_id or None,
        boot_count=sent.boot_count,
        reset_reason=sent.reset_reason or None,
        model=sent.model or None,
        hw_serial=sent.hw_serial or None,
        firmware=sent.firmware or None,
        config_revision=sent.config_revision,
        capabilities=sent.capabilities or {},
        last_seq=sent.last_seq,
        buffer_depth=sent.buffer_depth,
        reason=sent.reason or None,
        claimed_ms=claim if isinstance(claim, int) else None,
        claimed_local=claim if isinstance(claim, str) else None,
        mode=sent.mode or "live",
        unknown_fields=count_unknown(fields, wire.Presence),
    )
