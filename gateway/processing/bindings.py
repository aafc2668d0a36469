"""Where a rating counts: the binding in force at its event."""

from typing import Annotated, Final

import msgspec

from device_protocol.codec import Uplink, decode
from device_protocol.errors import ProtocolError, Reason
from device_protocol.topics import Channel
from gateway.ledger.devices import Binding, Device
from gateway.ports import Record, RecordKind
from gateway.processing.state import State

TERMINAL: Final = "terminal"


Name = Annotated[str, msgspec.Meta(max_length=64)]


class OverHttp(msgspec.Struct, frozen=True, gc=False):
    """What an element over HTTP says beside the message's own fields."""

    site: Name | None = None
    window: Name | None = None
    medium: Name = "web"


_OVER_HTTP: Final = msgspec.json.Decoder(OverHttp)


def read_over_http(device_id: str, payload: bytes) -> Uplink:
    """A rating over HTTP: comes alone, with fields of its own.

    Raises:
        ProtocolError: as any rating, or `schema` for those fields.
    """
    message = decode(Channel.RATING, device_id, payload)
    if isinstance(message, list):
        raise ProtocolError(Reason.SCHEMA, "an array: over HTTP a rating comes alone")
    try:
        _OVER_HTTP.decode(payload)
    except msgspec.MsgspecError as error:
        raise ProtocolError(Reason.SCHEMA, str(error)) from None
    return message


def site_of(state: State, record: Record) -> str | None:
    """The site of a rating over HTTP: its own, or that of its window."""
    extra = _OVER_HTTP.decode(record.payload)
    window = state.windows.get(extra.window or "", {})
    return extra.site or window.get("site")


def binding_of(state: State, device: Device, record: Record) -> Binding:
    """The binding of a rating: its device's, or what came with it over HTTP."""
    if record.kind == RecordKind.HTTP:
        extra = _OVER_HTTP.decode(record.payload)
        window = state.windows.get(extra.window or "", {})
        site = site_of(state, record)
        return state.bind(site, window.get("department"), extra.window, extra.medium)
    if device.binding is None:
        scale = state.profiles.scale(device.profile)
        device.binding = state.bind(
            device.site, device.department, device.window, TERMINAL, scale
        )
    return device.binding
