"""The `presence` channel: birth, last will and goodbye of a terminal."""

from typing import Final

from device_protocol.fields import COMMON, Fields
from device_protocol.json_text import Element
from device_protocol.limits import BOOT_ID_CHARS_MAX, FACT_CHARS_MAX
from device_protocol.messages import Mode, Presence

STATES: Final = ("online", "offline")

_KNOWN: Final = COMMON.union(Presence.__struct_fields__) - {
    "claimed_ms",
    "claimed_local",
    "unknown_fields",
}


def judge(device_id: str, element: Element) -> Presence:
    """The presence in one element.

    Raises:
        ProtocolError: with the first rule that it breaks.
    """
    fields = Fields(element)
    fields.expect_common(device_id)
    state = fields.choice("state", STATES)
    if state is None:
        raise fields.error("state: missing")
    capabilities = fields.raw("capabilities")
    if capabilities is not None and not isinstance(capabilities, dict):
        raise fields.error("capabilities: not an object")
    claim = fields.claim()
    return Presence(
        state=state,
        conn_id=_fact(fields, "conn_id"),
        boot_id=fields.text("boot_id", BOOT_ID_CHARS_MAX) or None,
        boot_count=fields.counter("boot_count"),
        reset_reason=_fact(fields, "reset_reason"),
        model=_fact(fields, "model"),
        hw_serial=_fact(fields, "hw_serial"),
        firmware=_fact(fields, "firmware"),
        config_revision=fields.counter("config_revision"),
        capabilities=capabilities or {},
        last_seq=fields.counter("last_seq"),
        buffer_depth=fields.counter("buffer_depth"),
        reason=_fact(fields, "reason"),
        claimed_ms=claim if isinstance(claim, int) else None,
        claimed_local=claim if isinstance(claim, str) else None,
        mode=fields.mode() or Mode.LIVE.value,
        unknown_fields=fields.unknown(_KNOWN),
    )


def _fact(fields: Fields, name: str) -> str | None:
    return fields.text(name, FACT_CHARS_MAX) or None
